//! One image file, PNG or JPEG.

use std::path::Path;

use zune_jpeg::JpegDecoder;
use zune_png::PngDecoder;
use zune_png::zune_core::bit_depth::BitDepth;
use zune_png::zune_core::bytestream::ZCursor;
use zune_png::zune_core::colorspace::ColorSpace;
use zune_png::zune_core::options::DecoderOptions;

use crate::data::file::read_file;
use crate::data::{DataError, DataProblem};

/// The most bytes of one image file.
const MOST_FILE_BYTES: u64 = 1 << 28;

/// Channels, height and width.
pub(in crate::data) type Shape = [usize; 3];

/// An image file whose header is read.
pub(in crate::data) struct Picture {
    pub(in crate::data) file: String,
    pub(in crate::data) shape: Shape,
    bytes: Vec<u8>,
    format: Format,
}

/// Told by the first bytes, whatever the name says.
#[derive(Clone, Copy)]
enum Format {
    Png,
    Jpeg,
}

/// What a header says: width, height and colours; `None` where the decoder found no header.
type Header = (Option<(usize, usize)>, Option<ColorSpace>, BitDepth);

impl Picture {
    /// Reads the file, and decodes no more than its header.
    pub(in crate::data) fn open(path: &Path) -> Result<Self, DataError> {
        let ending = path.extension().and_then(|ending| ending.to_str()).unwrap_or_default().to_ascii_lowercase();
        if !["png", "jpg", "jpeg"].contains(&ending.as_str()) {
            return Err(DataError::unlike(path.display(), "an image, with a name that ends in .png, .jpg or .jpeg"));
        }
        let (file, bytes) = read_file(path, MOST_FILE_BYTES)?;
        let format = match bytes.as_slice() {
            [0x89, b'P', b'N', b'G', ..] => Format::Png,
            [0xff, 0xd8, ..] => Format::Jpeg,
            other => {
                let found = format!("{:02x?}", &other[..other.len().min(4)]);
                return Err(DataError::invalid(file, "a PNG or a JPEG image", found));
            }
        };
        let header = match format {
            Format::Png => png_header(&bytes),
            Format::Jpeg => jpeg_header(&bytes),
        };
        let shape = match header.map_err(|error| failed(&file, &error))? {
            (Some((width, height)), Some(colours), depth) => [channels(&file, colours, depth)?, height, width],
            _ => return Err(failed(&file, &"no header")),
        };
        Ok(Self { file, shape, bytes, format })
    }

    /// The pixels `[channels, height, width]`; files hold `[height, width, channels]`.
    pub(in crate::data) fn planes(self) -> Result<Vec<u8>, DataError> {
        let Self { file, shape, bytes, format } = self;
        let channels = shape[0];
        let pixels = match format {
            Format::Png => {
                PngDecoder::new_with_options(ZCursor::new(&bytes), options()).decode_raw().map_err(|error| text(&error))
            }
            Format::Jpeg => {
                let colours = if channels == 1 { ColorSpace::Luma } else { ColorSpace::RGB };
                let options = options().jpeg_set_out_colorspace(colours);
                JpegDecoder::new_with_options(ZCursor::new(&bytes), options).decode().map_err(|error| text(&error))
            }
        };
        let pixels = pixels.map_err(|error| failed(&file, &error))?;
        if pixels.len() != shape.iter().product::<usize>() {
            return Err(failed(&file, &format!("{} bytes of pixels", pixels.len())));
        }
        let plane = |channel: usize| pixels.iter().copied().skip(channel).step_by(channels);
        Ok((0..channels).flat_map(plane).collect())
    }
}

/// Damaged files are errors, and only the first image of an animation counts.
fn options() -> DecoderOptions {
    let checked = DecoderOptions::default().set_strict_mode(true).png_set_confirm_crc(true);
    checked.inflate_set_confirm_adler(true).png_set_decode_animated(false)
}

fn png_header(bytes: &[u8]) -> Result<Header, String> {
    let mut decoder = PngDecoder::new_with_options(ZCursor::new(bytes), options());
    decoder.decode_headers().map_err(|error| text(&error))?;
    Ok((decoder.dimensions(), decoder.colorspace(), decoder.depth().unwrap_or_default()))
}

fn jpeg_header(bytes: &[u8]) -> Result<Header, String> {
    let mut decoder = JpegDecoder::new_with_options(ZCursor::new(bytes), options());
    decoder.decode_headers().map_err(|error| text(&error))?;
    Ok((decoder.dimensions(), decoder.input_colorspace(), BitDepth::Eight))
}

fn channels(file: &str, colours: ColorSpace, depth: BitDepth) -> Result<usize, DataError> {
    match (colours, depth) {
        (ColorSpace::Luma, BitDepth::Eight) => Ok(1),
        (ColorSpace::RGB | ColorSpace::YCbCr, BitDepth::Eight) => Ok(3),
        _ => {
            let bits = if depth == BitDepth::Sixteen { 16 } else { 8 };
            Err(DataError::invalid(file, "an image of 8-bit grey or 8-bit RGB", format!("{colours:?}, {bits} bits")))
        }
    }
}

/// The decoders' messages end in a line break and quote themselves.
fn text(error: &impl ToString) -> String {
    error.to_string().trim().trim_matches('"').to_owned()
}

fn failed(file: &str, reason: &impl ToString) -> DataError {
    DataError::new(file, DataProblem::Decode(reason.to_string()))
}
