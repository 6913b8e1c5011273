//! PNG files.

use image::metadata::Orientation;
use image::{DynamicImage, ImageBuffer, Luma, LumaA, Rgb, Rgba};
use zune_png::PngDecoder;
use zune_png::zune_core::bit_depth::BitDepth;
use zune_png::zune_core::bytestream::ZCursor;
use zune_png::zune_core::colorspace::ColorSpace;
use zune_png::zune_core::options::DecoderOptions;
use zune_png::zune_core::result::DecodingResult;

use super::sketch::{Sketch, text};

type Luma8 = ImageBuffer<Luma<u8>, Vec<u8>>;
type LumaA8 = ImageBuffer<LumaA<u8>, Vec<u8>>;
type Rgb8 = ImageBuffer<Rgb<u8>, Vec<u8>>;
type Rgba8 = ImageBuffer<Rgba<u8>, Vec<u8>>;
type Luma16 = ImageBuffer<Luma<u16>, Vec<u16>>;
type LumaA16 = ImageBuffer<LumaA<u16>, Vec<u16>>;
type Rgb16 = ImageBuffer<Rgb<u16>, Vec<u16>>;
type Rgba16 = ImageBuffer<Rgba<u16>, Vec<u16>>;

/// Damaged files are errors, and only the first image of an animation counts.
fn decoder(content: &[u8]) -> Result<PngDecoder<ZCursor<&[u8]>>, String> {
    let checked = DecoderOptions::default().set_strict_mode(true).png_set_confirm_crc(true);
    let options = checked.inflate_set_confirm_adler(true).png_set_decode_animated(false);
    let options = options.set_max_width(usize::MAX).set_max_height(usize::MAX);
    let mut decoder = PngDecoder::new_with_options(ZCursor::new(content), options);
    decoder.decode_headers().map_err(|error| text(&error))?;
    Ok(decoder)
}

pub(super) fn sketch(content: &[u8]) -> Result<Sketch, String> {
    let decoder = decoder(content)?;
    let (Some((width, height)), Some(colours), Some(info)) =
        (decoder.dimensions(), decoder.colorspace(), decoder.info())
    else {
        return Err("no header".to_owned());
    };
    let depth = if decoder.depth() == Some(BitDepth::Sixteen) { 2 } else { 1 };
    let orientation = info.exif.as_deref().and_then(Orientation::from_exif_chunk);
    Ok(Sketch {
        width: u32::try_from(width).map_err(|error| error.to_string())?,
        height: u32::try_from(height).map_err(|error| error.to_string())?,
        coloured: !matches!(colours, ColorSpace::Luma | ColorSpace::LumaA),
        bytes: width as u64 * height as u64 * colours.num_components() as u64 * depth,
        orientation: orientation.unwrap_or(Orientation::NoTransforms),
    })
}

pub(super) fn decode(content: &[u8]) -> Result<DynamicImage, String> {
    let mut decoder = decoder(content)?;
    let pixels = decoder.decode().map_err(|error| text(&error))?;
    let (Some((width, height)), Some(colours)) = (decoder.dimensions(), decoder.colorspace()) else {
        return Err("no header".to_owned());
    };
    let (width, height) = (width as u32, height as u32);
    let image: Option<DynamicImage> = match (colours, pixels) {
        (ColorSpace::Luma, DecodingResult::U8(p)) => Luma8::from_raw(width, height, p).map(Into::into),
        (ColorSpace::LumaA, DecodingResult::U8(p)) => LumaA8::from_raw(width, height, p).map(Into::into),
        (ColorSpace::RGB, DecodingResult::U8(p)) => Rgb8::from_raw(width, height, p).map(Into::into),
        (ColorSpace::RGBA, DecodingResult::U8(p)) => Rgba8::from_raw(width, height, p).map(Into::into),
        (ColorSpace::Luma, DecodingResult::U16(p)) => Luma16::from_raw(width, height, p).map(Into::into),
        (ColorSpace::LumaA, DecodingResult::U16(p)) => LumaA16::from_raw(width, height, p).map(Into::into),
        (ColorSpace::RGB, DecodingResult::U16(p)) => Rgb16::from_raw(width, height, p).map(Into::into),
        (ColorSpace::RGBA, DecodingResult::U16(p)) => Rgba16::from_raw(width, height, p).map(Into::into),
        (other, _) => return Err(format!("{other:?} is a kind of PNG that is not read")),
    };
    image.ok_or_else(|| "another number of pixels than its header says".to_owned())
}
