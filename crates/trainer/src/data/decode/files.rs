//! A split of images that lie in files of their own.

use std::path::{Path, PathBuf};
use std::sync::Mutex;

use rayon::prelude::*;

use super::cache;
use super::form::Form;
use super::picture::Picture;
use crate::data::file::sha256;
use crate::data::{DataError, Split};

/// Images whose pixels have more bytes than this are decoded one at a time, whatever the number of threads.
const LARGE: u64 = 1 << 26;

static LARGE_ONES: Mutex<()> = Mutex::new(());

/// Image files with their labels.
#[derive(Debug, Clone)]
pub(crate) struct ImageFiles {
    pub(crate) paths: Vec<PathBuf>,
    pub(crate) labels: Vec<u8>,
}

/// What is known of an image file before it is decoded.
pub(crate) struct Header {
    /// The name that errors give the file.
    pub(crate) file: String,
    /// Height and width as the image is meant to be seen.
    pub(crate) size: [usize; 2],
    /// Not grey.
    pub(crate) coloured: bool,
    /// Of the whole file.
    pub(crate) sha256: String,
}

impl ImageFiles {
    /// Reads every file, and decodes no more than its header.
    pub(crate) fn headers(&self) -> Result<Vec<Header>, DataError> {
        let header = |path: &PathBuf| {
            let picture = Picture::open(path)?;
            let (size, sha256) = (picture.size(), sha256(&picture.content));
            Ok(Header { size, coloured: picture.sketch.coloured, sha256, file: picture.file })
        };
        // Not straight into a Result: the error is to be that of the first file at fault.
        let headers: Vec<Result<Header, DataError>> = self.paths.par_iter().map(header).collect();
        headers.into_iter().collect()
    }

    /// What is wrong with each file that cannot be read, its pixels included where they are asked for.
    pub(crate) fn faults(&self, pixels: bool) -> Vec<DataError> {
        let fault = |path: &PathBuf| {
            let decoded = |picture: Picture| {
                let _alone = (picture.sketch.bytes > LARGE).then(|| LARGE_ONES.lock());
                if pixels { picture.decode().map(drop) } else { Ok(()) }
            };
            Picture::open(path).and_then(decoded).err()
        };
        self.paths.par_iter().filter_map(fault).collect()
    }

    /// All images in one form; from the cache where files of the same content were decoded before. Or what is wrong with each
    /// that cannot be decoded.
    pub(crate) fn decode(&self, headers: &[Header], form: Form) -> Result<Split, Vec<DataError>> {
        let [channels, height, width] = form.shape;
        let length = channels * height * width;
        let key = cache::key(headers.iter().map(|header| header.sha256.as_str()), form);
        let images = if let Some(images) = cache::read(&key, length * self.paths.len()) {
            images
        } else {
            let images = self.decode_files(form, length)?;
            cache::write(&key, &images);
            images
        };
        Ok(Split { images, labels: self.labels.clone(), count: self.labels.len(), channels, height, width })
    }

    fn decode_files(&self, form: Form, length: usize) -> Result<Vec<u8>, Vec<DataError>> {
        let mut images = vec![0; length * self.paths.len()];
        let decode = |(path, place): (&PathBuf, &mut [u8])| {
            decode_file(path, form).map(|pixels| place.copy_from_slice(&pixels)).err()
        };
        let faults: Vec<DataError> =
            self.paths.par_iter().zip(images.par_chunks_mut(length)).filter_map(decode).collect();
        if faults.is_empty() { Ok(images) } else { Err(faults) }
    }
}

/// The pixels of one image file in a form.
pub(crate) fn decode_file(path: &Path, form: Form) -> Result<Vec<u8>, DataError> {
    let picture = Picture::open(path)?;
    let _alone = (picture.sketch.bytes > LARGE).then(|| LARGE_ONES.lock());
    Ok(form.planes(picture.decode()?))
}
