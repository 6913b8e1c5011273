//! TIFF files, which `image` would decode with features that Burn does without.

use std::io::Cursor;

use image::metadata::Orientation;
use image::{DynamicImage, GrayImage, ImageBuffer, Luma, Rgb, RgbImage, Rgba, RgbaImage};
use tiff::ColorType;
use tiff::decoder::{Decoder, DecodingResult, Limits};
use tiff::tags::Tag;

use super::sketch::{MOST_PIXEL_BYTES, Sketch};

/// A decoder that has read the first image's header; reasons for failure as text.
fn open(bytes: &[u8]) -> Result<Decoder<Cursor<&[u8]>>, String> {
    let mut limits = Limits::default();
    limits.decoding_buffer_size = MOST_PIXEL_BYTES as usize;
    limits.intermediate_buffer_size = MOST_PIXEL_BYTES as usize;
    let decoder = Decoder::new(Cursor::new(bytes)).map_err(|error| error.to_string())?;
    Ok(decoder.with_limits(limits))
}

pub(super) fn sketch(bytes: &[u8]) -> Result<Sketch, String> {
    let mut decoder = open(bytes)?;
    let (width, height) = decoder.dimensions().map_err(|error| error.to_string())?;
    let colour = decoder.colortype().map_err(|error| error.to_string())?;
    let (channels, bits, coloured) = match colour {
        ColorType::Gray(bits) => (1, bits, false),
        ColorType::GrayA(bits) => (2, bits, false),
        ColorType::RGB(bits) | ColorType::YCbCr(bits) => (3, bits, true),
        ColorType::RGBA(bits) | ColorType::CMYK(bits) => (4, bits, true),
        ColorType::Palette(bits) => (1, bits, true),
    };
    let number = decoder.find_tag_unsigned(Tag::Orientation).ok().flatten();
    let orientation = number.and_then(Orientation::from_exif).unwrap_or(Orientation::NoTransforms);
    let bytes = u64::from(width) * u64::from(height) * channels * u64::from(bits).div_ceil(8);
    Ok(Sketch { width, height, coloured, bytes, orientation })
}

pub(super) fn decode(bytes: &[u8]) -> Result<DynamicImage, String> {
    let mut decoder = open(bytes)?;
    let (width, height) = decoder.dimensions().map_err(|error| error.to_string())?;
    let colour = decoder.colortype().map_err(|error| error.to_string())?;
    let pixels = decoder.read_image().map_err(|error| error.to_string())?;
    let image: Option<DynamicImage> = match (colour, pixels) {
        (ColorType::Gray(8), DecodingResult::U8(pixels)) => GrayImage::from_raw(width, height, pixels).map(Into::into),
        (ColorType::Gray(1), DecodingResult::U8(pixels)) => {
            GrayImage::from_raw(width, height, bits(&pixels, width as usize)).map(Into::into)
        }
        (ColorType::Gray(16), DecodingResult::U16(pixels)) => {
            ImageBuffer::<Luma<u16>, _>::from_raw(width, height, pixels).map(Into::into)
        }
        (ColorType::RGB(8), DecodingResult::U8(pixels)) => RgbImage::from_raw(width, height, pixels).map(Into::into),
        (ColorType::RGB(16), DecodingResult::U16(pixels)) => {
            ImageBuffer::<Rgb<u16>, _>::from_raw(width, height, pixels).map(Into::into)
        }
        (ColorType::RGBA(8), DecodingResult::U8(pixels)) => RgbaImage::from_raw(width, height, pixels).map(Into::into),
        (ColorType::RGBA(16), DecodingResult::U16(pixels)) => {
            ImageBuffer::<Rgba<u16>, _>::from_raw(width, height, pixels).map(Into::into)
        }
        (ColorType::CMYK(8), DecodingResult::U8(pixels)) => {
            RgbImage::from_raw(width, height, inks(&pixels)).map(Into::into)
        }
        (other, _) => return Err(format!("{other:?} is a kind of TIFF that is not read")),
    };
    image.ok_or_else(|| "another number of pixels than its header says".to_owned())
}

/// One bit a pixel, rows of whole bytes, to one byte a pixel.
fn bits(packed: &[u8], width: usize) -> Vec<u8> {
    let pixel = |row: &[u8], x: usize| if row[x / 8] >> (7 - x % 8) & 1 == 1 { 255 } else { 0 };
    packed.chunks_exact(width.div_ceil(8)).flat_map(|row| (0..width).map(move |x| pixel(row, x))).collect()
}

/// Cyan, magenta, yellow and black to red, green and blue: (255 − ink)·(255 − black)/255.
fn inks(pixels: &[u8]) -> Vec<u8> {
    let light = |ink: u8, black: u8| (u32::from(255 - ink) * u32::from(255 - black) + 127) / 255;
    pixels.chunks_exact(4).flat_map(|p| [0, 1, 2].map(|channel| light(p[channel], p[3]) as u8)).collect()
}
