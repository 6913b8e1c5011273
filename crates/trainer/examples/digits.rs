//! Trains a small residual net with an untied stem on handwritten digits, saves and loads it, and asks what the untied bias is
//! worth: what becomes of the test images when it is tied, or removed.
//!
//! `cargo run -p untied-trainer --example digits [FOLDER]`: a folder with the four `.gz` files of MNIST or of a data set like it; by
//! default the 1,437 + 360 digits of 8×8 pixels that the repository has.

#![expect(clippy::print_stdout, reason = "an example shows what it finds")]

use std::error::Error;
use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};

use burn::module::Module;
use burn::nn::loss::CrossEntropyLossConfig;
use burn::nn::{Linear, LinearConfig};
use burn::optim::{AdamConfig, GradientsParams};
use burn::store::ModuleRecord;
use burn::tensor::activation::relu;
use burn::tensor::{Device, Int, Tensor, TensorData};
use flate2::read::GzDecoder;
use untied_batch_norm::{BatchNorm, BatchNormConfig};
use untied_conv::{Bias, Conv2d, Conv2dConfig, Side};
use untied_pool::max_pool2d;

const CLASSES: usize = 10;
const EPOCHS: usize = 5;
const BATCH: usize = 32;

/// x → ReLU(norm(conv(x)) + x), twice a convolution.
#[derive(Module, Debug)]
struct Block {
    conv1: Conv2d,
    norm1: BatchNorm,
    conv2: Conv2d,
    norm2: BatchNorm,
}

impl Block {
    fn new(channels: usize, device: &Device) -> Self {
        let conv = Conv2dConfig::new([channels; 2], [3, 3]).with_padding(Side::Same).with_bias(Bias::None);
        let norm = BatchNormConfig::new(channels);
        Self { conv1: conv.init(device), norm1: norm.init(device), conv2: conv.init(device), norm2: norm.init(device) }
    }

    fn forward(&self, x: Tensor<4>) -> Tensor<4> {
        let y = self.norm1.forward_relu(self.conv1.forward(x.clone()));
        relu(self.norm2.forward(self.conv2.forward(y)) + x)
    }
}

#[derive(Module, Debug)]
struct Net {
    stem: Conv2d,
    norm: BatchNorm,
    block: Block,
    head: Linear,
}

impl Net {
    fn new(size: [usize; 2], device: &Device) -> Self {
        let channels = 16;
        let stem = Conv2dConfig::new([1, channels], [3, 3]).with_padding(Side::Same);
        Self {
            stem: stem.with_bias(Bias::Untied).with_input_size(size).init(device),
            norm: BatchNormConfig::new(channels).init(device),
            block: Block::new(channels, device),
            head: LinearConfig::new(channels * (size[0] / 2) * (size[1] / 2), CLASSES).init(device),
        }
    }

    /// `[n, 1, h, w]` → scores `[n, 10]`.
    fn forward(&self, x: Tensor<4>) -> Tensor<2> {
        let y = self.norm.forward_relu(self.stem.forward(x));
        self.head.forward(max_pool2d(self.block.forward(y)).flatten(1, 3))
    }

    /// Share of the images whose label has the highest score.
    fn accuracy(&self, images: &Images) -> f64 {
        let scores = self.forward(images.batch(&(0..images.labels.len()).collect::<Vec<_>>()).0);
        let guesses = scores.argmax(1).into_data();
        let right = guesses.iter::<i64>().zip(&images.labels).filter(|(guess, label)| *guess == i64::from(**label));
        right.count() as f64 / images.labels.len() as f64
    }
}

/// Images of one channel, with values from 0 to 1.
struct Images {
    device: Device,
    size: [usize; 2],
    pixels: Vec<f32>,
    labels: Vec<u8>,
}

impl Images {
    /// The files `<part>-images-idx3-ubyte.gz` and `<part>-labels-idx1-ubyte.gz`.
    fn read(folder: &Path, part: &str, device: &Device) -> Result<Self, Box<dyn Error>> {
        let (sizes, pixels) = idx(&folder.join(format!("{part}-images-idx3-ubyte.gz")))?;
        let (_, labels) = idx(&folder.join(format!("{part}-labels-idx1-ubyte.gz")))?;
        let [_, height, width] = sizes[..] else { return Err("expected images of three axes".into()) };
        let largest = f32::from(pixels.iter().copied().max().unwrap_or(1));
        let pixels = pixels.into_iter().map(|pixel| f32::from(pixel) / largest).collect();
        Ok(Self { device: device.clone(), size: [height, width], pixels, labels })
    }

    /// Images `[n, 1, h, w]` and their labels `[n]`.
    fn batch(&self, indices: &[usize]) -> (Tensor<4>, Tensor<1, Int>) {
        let ([height, width], count) = (self.size, indices.len());
        let image = |&at: &usize| &self.pixels[at * height * width..][..height * width];
        let pixels = indices.iter().flat_map(image).copied().collect();
        let labels = indices.iter().map(|&at| i64::from(self.labels[at])).collect();
        (
            Tensor::from_data(TensorData::new(pixels, [count, 1, height, width]), &self.device),
            Tensor::from_data(TensorData::new::<i64, _>(labels, [count]), &self.device),
        )
    }
}

/// The sizes and bytes of a file of the IDX format: a magic number that ends with the number of axes, sizes, bytes.
fn idx(path: &Path) -> Result<(Vec<usize>, Vec<u8>), Box<dyn Error>> {
    let mut bytes = vec![];
    let file = File::open(path).map_err(|error| format!("{}: {error}", path.display()))?;
    GzDecoder::new(file).read_to_end(&mut bytes)?;
    let axes = usize::from(*bytes.get(3).ok_or("expected an IDX file")?);
    let header = bytes.get(4..4 * (axes + 1)).ok_or("expected an IDX file")?;
    let sizes = header.chunks_exact(4).map(|size| u32::from_be_bytes([size[0], size[1], size[2], size[3]]) as usize);
    Ok((sizes.collect(), bytes.split_off(4 * (axes + 1))))
}

fn train(mut net: Net, images: &Images) -> Net {
    let loss = CrossEntropyLossConfig::new().init(&images.device);
    let mut adam = AdamConfig::new().init();
    let count = images.labels.len();
    for epoch in 1..=EPOCHS {
        // Another order in every epoch: steps of a prime number.
        let order: Vec<usize> = (0..count).map(|at| (at * 7919 + epoch * 31) % count).collect();
        let mut sum = 0.0;
        for indices in order.chunks_exact(BATCH) {
            let (x, labels) = images.batch(indices);
            let loss = loss.forward(net.forward(x), labels);
            sum += f64::from(loss.clone().into_scalar::<f32>());
            let gradients = GradientsParams::from_grads(loss.backward(), &net);
            net = adam.step(1e-3, net, gradients);
        }
        println!("epoch {epoch}: mean loss {:.3}", sum / (count / BATCH) as f64);
    }
    net
}

fn main() -> Result<(), Box<dyn Error>> {
    let digits = || Path::new(env!("CARGO_MANIFEST_DIR")).join("data/digits");
    let folder = std::env::args().nth(1).map_or_else(digits, PathBuf::from);
    let (device, training) = (Device::default(), Device::default().autodiff());
    training.seed(1);
    let images = Images::read(&folder, "train", &training)?;
    let test = Images::read(&folder, "t10k", &device)?;
    // Batch norm uses the batch's statistics in training, and running ones in `valid()`.
    let net = train(Net::new(images.size, &training), &images).valid();
    let accuracy = net.accuracy(&test);
    println!("{}", net.stem);
    println!("test accuracy {accuracy:.3} of {} images", test.labels.len());

    let place = std::env::temp_dir().join(format!("untied-digits-{}.bpk", std::process::id()));
    net.clone().into_record().save(&place)?;
    let loaded = Net::new(test.size, &device).load_record(ModuleRecord::load(&place)?);
    assert_eq!(loaded.accuracy(&test), accuracy);
    // Only now: Burn reads values when they are first used.
    std::fs::remove_file(&place)?;

    let (tied, lost) = net.stem.clone().tied();
    println!("largest part of the bias that differs by location: {:.3}", largest(lost.expect("an untied bias")));
    println!("tied: {:.3}", Net { stem: tied.clone(), ..net.clone() }.accuracy(&test));
    println!("without a bias: {:.3}", Net { stem: tied.without_bias().0, ..net }.accuracy(&test));
    Ok(())
}

fn largest(values: Tensor<3>) -> f32 {
    values.abs().max().into_scalar::<f32>()
}
