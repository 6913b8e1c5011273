//! The size and the colours that every image of a data set gets.

use image::imageops::{self, FilterType};
use image::{DynamicImage, GrayImage, RgbImage, Rgba};

use crate::data::Split;

/// Channels, height and width.
pub(crate) type Shape = [usize; 3];

/// What every image becomes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Form {
    /// One channel: grey; three: red, green and blue.
    pub(crate) shape: Shape,
    /// The colour behind transparent pixels.
    pub(crate) background: [u8; 3],
}

impl Form {
    /// The pixels `[c, h, w]` of an image in this form: over the background, in grey (weights of Rec. 709) or RGB with 8 bits
    /// a channel, its middle cut to the ratio of the sides and resized by a triangle filter that covers the pixels it averages.
    pub(super) fn planes(&self, image: DynamicImage) -> Vec<u8> {
        let [channels, height, width] = self.shape;
        let image = if image.color().has_alpha() { over(image, self.background) } else { image };
        let image = if channels == 1 {
            DynamicImage::ImageLuma8(image.into_luma8())
        } else {
            DynamicImage::ImageRgb8(image.into_rgb8())
        };
        planes(resized(image, height as u32, width as u32).as_bytes(), channels)
    }
}

/// `[h, w, c]` to `[c, h, w]`.
fn planes(pixels: &[u8], channels: usize) -> Vec<u8> {
    let plane = |channel: usize| pixels.iter().copied().skip(channel).step_by(channels);
    (0..channels).flat_map(plane).collect()
}

/// Images of a split in another form.
pub(crate) fn reshaped(split: Split, form: Form) -> Split {
    let [channels, height, width] = form.shape;
    if form.shape == [split.channels, split.height, split.width] {
        return split;
    }
    let images = (0..split.count).flat_map(|index| form.planes(dynamic(&split, index))).collect();
    Split { images, channels, height, width, ..split }
}

fn dynamic(split: &Split, index: usize) -> DynamicImage {
    let (pixels, plane) = (split.image(index), split.height * split.width);
    let (width, height) = (split.width as u32, split.height as u32);
    let image = if split.channels == 1 {
        GrayImage::from_raw(width, height, pixels.to_vec()).map(DynamicImage::ImageLuma8)
    } else {
        let interleaved = (0..plane).flat_map(|at| (0..3).map(move |channel| pixels[channel * plane + at])).collect();
        RgbImage::from_raw(width, height, interleaved).map(DynamicImage::ImageRgb8)
    };
    image.expect("a split has as many pixels as its shape says")
}

/// Lays an image over a colour: (α·p + (255 − α)·background)/255, rounded.
fn over(image: DynamicImage, background: [u8; 3]) -> DynamicImage {
    let image = image.into_rgba8();
    let mut opaque = RgbImage::new(image.width(), image.height());
    for (to, Rgba([red, green, blue, alpha])) in opaque.pixels_mut().zip(image.pixels()) {
        let alpha = u32::from(*alpha);
        for ((to, above), below) in to.0.iter_mut().zip([red, green, blue]).zip(background) {
            *to = ((alpha * u32::from(*above) + (255 - alpha) * u32::from(below) + 127) / 255) as u8;
        }
    }
    DynamicImage::ImageRgb8(opaque)
}

/// The middle of an image, as large as the ratio of height to width allows, in this size.
fn resized(image: DynamicImage, height: u32, width: u32) -> DynamicImage {
    let [top, left, rows, columns] = middle([image.height(), image.width()], [height, width]);
    if [rows, columns] == [height, width] && [rows, columns] == [image.height(), image.width()] {
        return image;
    }
    // Cut first: a long strip of an image would become far longer when it is resized.
    let cut = image.crop_imm(left, top, columns, rows);
    if [rows, columns] == [height, width] {
        return cut;
    }
    match cut {
        DynamicImage::ImageLuma8(cut) => imageops::resize(&cut, width, height, FilterType::Triangle).into(),
        cut => imageops::resize(&cut.into_rgb8(), width, height, FilterType::Triangle).into(),
    }
}

/// Top, left, height and width of the largest middle part with the ratio of `to`, to the nearest pixel.
fn middle([height, width]: [u32; 2], to: [u32; 2]) -> [u32; 4] {
    let [to_height, to_width] = to.map(u64::from);
    let (h, w) = (u64::from(height), u64::from(width));
    let nearest = |product: u64, by: u64| ((product + by / 2) / by).max(1);
    let (rows, columns) = if h * to_width > w * to_height {
        (nearest(w * to_height, to_width).min(h), w)
    } else {
        (h, nearest(h * to_width, to_height).min(w))
    };
    [(h - rows) / 2, (w - columns) / 2, rows, columns].map(|size| size as u32)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_middle_has_the_ratio_of_the_sides() {
        assert_eq!(middle([480, 640], [32, 32]), [0, 80, 480, 480]);
        assert_eq!(middle([640, 480], [32, 32]), [80, 0, 480, 480]);
        assert_eq!(middle([100, 100], [20, 40]), [25, 0, 50, 100]);
        assert_eq!(middle([1, 65_535], [32, 32]), [0, 32_767, 1, 1]);
        assert_eq!(middle([7, 7], [7, 7]), [0, 0, 7, 7]);
    }

    #[test]
    fn halving_averages_and_keeps_what_is_constant() {
        let form = Form { shape: [1, 2, 2], background: [0; 3] };
        let constant = GrayImage::from_pixel(6, 4, image::Luma([77]));
        assert_eq!(form.planes(constant.into()), [77; 4]);
        // A step between the middle columns stays one, symmetric about the middle.
        let step = GrayImage::from_fn(4, 4, |x, _| image::Luma([if x < 2 { 0 } else { 200 }]));
        let halved = form.planes(step.into());
        assert_eq!(halved[0] + halved[1], 200);
        assert!(halved[0] < 60 && halved[0] == halved[2] && halved[1] == halved[3], "{halved:?}");
    }

    #[test]
    fn transparent_pixels_show_the_background() {
        let image = image::RgbaImage::from_raw(3, 1, vec![10, 20, 30, 255, 10, 20, 30, 0, 200, 100, 0, 51]).unwrap();
        let form = Form { shape: [3, 1, 3], background: [100, 0, 50] };
        // 51 of 255 is a fifth: 200/5 + 4·100/5 = 120.
        assert_eq!(form.planes(image.into()), [10, 100, 120, 20, 0, 20, 30, 50, 40]);
    }

    #[test]
    fn a_split_turns_grey_and_back() {
        let split = Split { images: vec![7, 250], labels: vec![0], count: 1, channels: 1, height: 1, width: 2 };
        let form = Form { shape: [3, 1, 2], background: [0; 3] };
        let rgb = reshaped(split.clone(), form);
        assert_eq!(rgb.images, [7, 250, 7, 250, 7, 250]);
        assert_eq!(reshaped(rgb, Form { shape: [1, 1, 2], ..form }), split);
    }
}
