//! Images of MNIST's format, and batches of them.

use std::error::Error;
use std::fs::File;
use std::io::Read;
use std::path::Path;

use burn::data::dataloader::batcher::Batcher;
use burn::tensor::{Device, Int, Tensor, TensorData};
use flate2::read::GzDecoder;

pub const CLASSES: usize = 10;

/// An image of one channel, with values from 0 to 1, and its class.
#[derive(Debug, Clone)]
pub struct Digit {
    /// Height and width.
    pub size: [usize; 2],
    pixels: Vec<f32>,
    label: u8,
}

/// Images `[n, 1, h, w]` and their classes `[n]`.
#[derive(Debug, Clone)]
pub struct Batch {
    pub images: Tensor<4>,
    pub labels: Tensor<1, Int>,
}

pub struct ToBatches;

impl ToBatches {
    pub fn batch_of(digits: &[Digit], device: &Device) -> Batch {
        let [height, width] = digits[0].size;
        let pixels = digits.iter().flat_map(|digit| digit.pixels.iter().copied()).collect();
        let labels = digits.iter().map(|digit| i64::from(digit.label)).collect();
        Batch {
            images: Tensor::from_data(TensorData::new(pixels, [digits.len(), 1, height, width]), device),
            labels: Tensor::from_data(TensorData::new::<i64, _>(labels, [digits.len()]), device),
        }
    }
}

impl Batcher<Digit, Batch> for ToBatches {
    fn batch(&self, digits: Vec<Digit>, device: &Device) -> Batch {
        Self::batch_of(&digits, device)
    }
}

/// The files `<part>-images-idx3-ubyte.gz` and `<part>-labels-idx1-ubyte.gz`.
pub fn read(folder: &Path, part: &str) -> Result<Vec<Digit>, Box<dyn Error>> {
    let (sizes, pixels) = idx(&folder.join(format!("{part}-images-idx3-ubyte.gz")))?;
    let (_, labels) = idx(&folder.join(format!("{part}-labels-idx1-ubyte.gz")))?;
    let [count, height, width] = sizes[..] else { return Err("expected images of three axes".into()) };
    if count != labels.len() || pixels.len() != count * height * width || pixels.is_empty() {
        return Err(format!("{part}: expected {count} images with a label each, found {}", labels.len()).into());
    }
    let largest = f32::from(pixels.iter().copied().max().unwrap_or(1).max(1));
    let digit = |(image, label): (&[u8], u8)| Digit {
        size: [height, width],
        pixels: image.iter().map(|&pixel| f32::from(pixel) / largest).collect(),
        label,
    };
    Ok(pixels.chunks_exact(height * width).zip(labels).map(digit).collect())
}

/// The sizes and bytes of a file of the IDX format: a magic number that ends with the number of axes, sizes, bytes.
fn idx(path: &Path) -> Result<(Vec<usize>, Vec<u8>), Box<dyn Error>> {
    let told = |error: &dyn std::fmt::Display| format!("{}: {error}", path.display());
    let mut bytes = vec![];
    let file = File::open(path).map_err(|error| told(&error))?;
    GzDecoder::new(file).read_to_end(&mut bytes).map_err(|error| told(&error))?;
    let axes = usize::from(*bytes.get(3).ok_or_else(|| told(&"expected an IDX file"))?);
    let header = bytes.get(4..4 * (axes + 1)).ok_or_else(|| told(&"expected an IDX file"))?;
    let sizes = header.chunks_exact(4).map(|size| u32::from_be_bytes([size[0], size[1], size[2], size[3]]) as usize);
    Ok((sizes.collect(), bytes.split_off(4 * (axes + 1))))
}
