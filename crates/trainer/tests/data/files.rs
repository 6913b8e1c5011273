//! Files and configs that several tests make.

use std::fs;
use std::io::Write as _;
use std::path::Path;

use flate2::Compression;
use flate2::write::ZlibEncoder;
use image::DynamicImage;
use tempfile::TempDir;
use untied_study::DataConfig;
use untied_trainer::data::{DataError, Dataset, load_config};

/// Writes a file, and the folders that it lies in.
pub(crate) fn write(folder: &TempDir, name: impl AsRef<Path>, content: &[u8]) {
    let path = folder.path().join(name);
    fs::create_dir_all(path.parent().unwrap()).expect("a temporary folder");
    fs::write(path, content).expect("a temporary file");
}

/// `[data]` of a config, in JSON, with `DIR` for the folder; every string below `source` is a path.
pub(crate) fn config(folder: &TempDir, data: &str) -> DataConfig {
    let text = data.replace("DIR", folder.path().to_str().unwrap());
    serde_json::from_str(&text).expect("a config of the schema")
}

pub(crate) fn load(folder: &TempDir, data: &str) -> Result<Dataset, DataError> {
    load_config(&config(folder, data))
}

/// The message of a data set that is refused, with `DIR` for the folder.
pub(crate) fn refusal(folder: &TempDir, data: &str) -> String {
    let message = load(folder, data).expect_err("a fault").to_string();
    message.replace(folder.path().to_str().unwrap(), "DIR")
}

/// A PNG of any depth and colour type, row by row as packed in the file.
pub(crate) fn png(
    width: u32,
    height: u32,
    [depth, colours]: [u8; 2],
    chunks: &[(&[u8], &[u8])],
    rows: &[Vec<u8>],
) -> Vec<u8> {
    let chunk = |name: &[u8], content: &[u8]| {
        let body = [name, content].concat();
        let mut crc = flate2::Crc::new();
        crc.update(&body);
        [&(content.len() as u32).to_be_bytes()[..], &body, &crc.sum().to_be_bytes()].concat()
    };
    let header = [&width.to_be_bytes()[..], &height.to_be_bytes(), &[depth, colours, 0, 0, 0]].concat();
    let mut packed = ZlibEncoder::new(Vec::new(), Compression::default());
    for row in rows {
        packed.write_all(&[&[0][..], row].concat()).unwrap();
    }
    let mut bytes = [b"\x89PNG\r\n\x1a\n".to_vec(), chunk(b"IHDR", &header)].concat();
    for (name, content) in chunks {
        bytes.extend(chunk(name, content));
    }
    bytes.extend(chunk(b"IDAT", &packed.finish().unwrap()));
    bytes.extend(chunk(b"IEND", b""));
    bytes
}

/// An image as PNG, in its own depth and colours.
pub(crate) fn png_of(image: impl Into<DynamicImage>) -> Vec<u8> {
    let image = image.into();
    let colour = image.color();
    let kind = match (colour.has_color(), colour.has_alpha()) {
        (false, false) => 0,
        (true, false) => 2,
        (false, true) => 4,
        (true, true) => 6,
    };
    let depth = 8 * colour.bytes_per_pixel() / colour.channel_count();
    // The highest byte comes first in the file.
    let samples: Vec<u8> = if depth == 16 {
        image.as_bytes().chunks_exact(2).flat_map(|pair| u16::from_ne_bytes([pair[0], pair[1]]).to_be_bytes()).collect()
    } else {
        image.as_bytes().to_vec()
    };
    let row = usize::from(colour.bytes_per_pixel()) * image.width() as usize;
    let rows: Vec<Vec<u8>> = samples.chunks_exact(row).map(<[u8]>::to_vec).collect();
    png(image.width(), image.height(), [depth, kind], &[], &rows)
}
