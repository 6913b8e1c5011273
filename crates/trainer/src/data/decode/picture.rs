//! One image file of any of the formats that are read.

use std::ffi::OsStr;
use std::io::Cursor;
use std::path::Path;

use image::metadata::Orientation;
use image::{DynamicImage, ImageDecoder, ImageFormat, ImageReader, ImageResult, Limits};

use super::sketch::{MOST_PIXEL_BYTES, Sketch, text};
use super::{png, tiff};
use crate::data::file::{read_file, resembles};
use crate::data::{DataError, DataProblem};

/// The most bytes of one image file.
const MOST_FILE_BYTES: u64 = 1 << 28;

/// Endings of names by which a file is taken for an image; its content tells the format.
pub(crate) const ENDINGS: [&str; 14] =
    ["png", "jpg", "jpeg", "jpe", "jfif", "webp", "bmp", "gif", "tif", "tiff", "pgm", "ppm", "pbm", "pnm"];

const FORMATS: &str = "a PNG, JPEG, WebP, BMP, GIF, TIFF or PNM image";

/// An image file whose header is read.
pub(super) struct Picture {
    pub(super) file: String,
    pub(super) sketch: Sketch,
    pub(super) content: Vec<u8>,
    format: ImageFormat,
}

/// Whether a file's name is that of an image.
pub(crate) fn is_image_name(path: &Path) -> bool {
    let ending = path.extension().and_then(OsStr::to_str).unwrap_or_default().to_ascii_lowercase();
    ENDINGS.contains(&ending.as_str())
}

impl Picture {
    /// Reads the file, and decodes no more than its header.
    pub(super) fn open(path: &Path) -> Result<Self, DataError> {
        let (file, content) = read_file(path, MOST_FILE_BYTES)?;
        let format = format(&content).ok_or_else(|| DataError::invalid(&file, FORMATS, resembles(&content)))?;
        let sketch = match format {
            ImageFormat::Png => png::sketch(&content),
            ImageFormat::Tiff => tiff::sketch(&content),
            _ => sketch(&content, format).map_err(|error| text(&error)),
        };
        let sketch = sketch.map_err(|reason| failed(&file, &reason))?;
        let Sketch { width, height, bytes, .. } = sketch;
        if width == 0 || height == 0 {
            return Err(DataError::invalid(file, "an image with pixels", format!("{height}x{width}")));
        }
        if bytes > MOST_PIXEL_BYTES {
            let expected = format!("at most {MOST_PIXEL_BYTES} bytes of pixels in one image");
            let found = format!("a header that claims {height}x{width} pixels, {bytes} bytes");
            return Err(DataError::invalid(file, expected, found));
        }
        Ok(Self { file, sketch, content, format })
    }

    /// Height and width as the image is meant to be seen.
    pub(super) fn size(&self) -> [usize; 2] {
        let Sketch { width, height, .. } = self.sketch;
        let lies = matches!(
            self.sketch.orientation,
            Orientation::Rotate90 | Orientation::Rotate270 | Orientation::Rotate90FlipH | Orientation::Rotate270FlipH
        );
        if lies { [width as usize, height as usize] } else { [height as usize, width as usize] }
    }

    /// The pixels, turned as they are meant to be seen; the first image of an animation.
    pub(super) fn decode(&self) -> Result<DynamicImage, DataError> {
        if self.format == ImageFormat::Jpeg && !ends(&self.content) {
            return Err(failed(&self.file, &"the file ends before the image does"));
        }
        let image = match self.format {
            ImageFormat::Png => png::decode(&self.content),
            ImageFormat::Tiff => tiff::decode(&self.content),
            format => decode(&self.content, format).map_err(|error| text(&error)),
        };
        let mut image = image.map_err(|reason| failed(&self.file, &reason))?;
        image.apply_orientation(self.sketch.orientation);
        Ok(image)
    }
}

/// Told by the first bytes, whatever the name says.
fn format(content: &[u8]) -> Option<ImageFormat> {
    use ImageFormat::{Bmp, Gif, Jpeg, Png, Pnm, Tiff, WebP};
    let format = image::guess_format(content).ok().or_else(|| content.starts_with(&[0xff, 0xd8]).then_some(Jpeg));
    format.filter(|format| [Png, Jpeg, WebP, Bmp, Gif, Tiff, Pnm].contains(format))
}

/// As strict as other readers: bytes between the headers of a JPEG and damage within its scan are stepped over.
fn decoder(content: &[u8], format: ImageFormat) -> ImageResult<impl ImageDecoder + '_> {
    let mut reader = ImageReader::with_format(Cursor::new(content), format);
    let mut limits = Limits::no_limits();
    // Of pixels and of what a decoder needs besides.
    limits.max_alloc = Some(2 * MOST_PIXEL_BYTES);
    reader.limits(limits);
    reader.into_decoder()
}

fn sketch(content: &[u8], format: ImageFormat) -> ImageResult<Sketch> {
    let mut decoder = decoder(content, format)?;
    let (width, height) = decoder.dimensions();
    let (coloured, bytes) = (decoder.color_type().has_color(), decoder.total_bytes());
    let orientation = decoder.orientation().unwrap_or(Orientation::NoTransforms);
    Ok(Sketch { width, height, coloured, bytes, orientation })
}

fn decode(content: &[u8], format: ImageFormat) -> ImageResult<DynamicImage> {
    DynamicImage::from_decoder(decoder(content, format)?)
}

/// Whether the end of a JPEG is there: a decoder would paint what is missing grey.
fn ends(content: &[u8]) -> bool {
    content.windows(2).rev().take(content.len() / 2).any(|pair| pair == [0xff, 0xd9])
}

fn failed(file: &str, reason: &impl ToString) -> DataError {
    DataError::new(file, DataProblem::Decode(reason.to_string()))
}
