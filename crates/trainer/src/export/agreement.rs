//! Whether two models are one function: their outputs on random images, compared in f64.

use burn::tensor::{DType, Device, Tensor, TensorData};
use untied_redundancy::CERTIFICATE_FACTOR;
use untied_study::Dtype;

use super::error::ModelError;
use super::trained_model::TrainedModel;
use crate::model::tensors::host;
use crate::random::{Generator, Stream};
use crate::{TrainerError, compiled_devices, device};

/// Most images compared.
const IMAGES: usize = 64;
/// Most numbers of a layer's output, over all images and in one image: 32 MiB and 2 GiB in f64.
const NUMBERS: usize = 1 << 22;
const NUMBERS_OF_AN_IMAGE: usize = 1 << 28;
/// Times that the yardstick is drawn.
const DRAWS: usize = 4;

/// How far a rewritten model is from the one that it was made of, on images of standard normal pixels.
///
/// The yardstick is measured: each number of the original model, and each output of its convolutions, is moved up or
/// down by one unit in its last place, at random. A difference may be [`CERTIFICATE_FACTOR`] times the largest change
/// of an output.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Agreement {
    /// Images compared.
    pub images: usize,
    /// Before the rewritten model is rounded to its type.
    pub exact: Deviation,
    /// As it is written.
    pub rounded: Deviation,
}

/// The largest difference of an output.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Deviation {
    /// Measured.
    pub largest: f64,
    /// What rounding explains.
    pub allowed: f64,
}

/// `rewritten`, rounded to its type, if it is the same function as `original` within rounding.
pub(crate) fn agreed(
    original: &TrainedModel,
    rewritten: TrainedModel,
) -> Result<(TrainedModel, Agreement), ModelError> {
    let trial = Trial::new(original)?;
    let exact = trial.compare(&rewritten, f64::EPSILON, "in f64")?;
    let rounded = rewritten.rounded();
    let (unit, stage) = match original.config.train.dtype {
        Dtype::F32 => (f64::from(f32::EPSILON), "after rounding to f32"),
        Dtype::F64 => (f64::EPSILON, "in f64"),
    };
    let agreement = Agreement { images: trial.images, exact, rounded: trial.compare(&rounded, unit, stage)? };
    Ok((rounded, agreement))
}

/// Images, and what the original model makes of them.
struct Trial<'m> {
    original: &'m TrainedModel,
    device: Device,
    images: usize,
    x: Tensor<4>,
    outputs: Vec<f64>,
}

impl<'m> Trial<'m> {
    fn new(original: &'m TrainedModel) -> Result<Self, ModelError> {
        let device = cpu()?;
        let images = images(original)?;
        let [channels, height, width] = original.input;
        let mut stream = Generator::new(0).stream("agreement/images");
        let pixels: Vec<f64> = (0..images * channels * height * width).map(|_| stream.normal()).collect();
        let data = TensorData::new(pixels, [images, channels, height, width]);
        let x = Tensor::from_data(data, (&device, DType::F64));
        let mut trial = Self { original, images, x, outputs: Vec::new(), device };
        trial.outputs = trial.outputs(original);
        Ok(trial)
    }

    fn compare(&self, model: &TrainedModel, unit: f64, stage: &'static str) -> Result<Deviation, ModelError> {
        let largest = self.difference(&self.outputs(model));
        let allowed = CERTIFICATE_FACTOR * self.yardstick(unit);
        if !(largest.is_finite() && allowed.is_finite()) {
            return Err(ModelError::NotFinite);
        }
        if largest > allowed {
            return Err(ModelError::Differs { largest, allowed, stage });
        }
        Ok(Deviation { largest, allowed })
    }

    /// The largest change of an output when all numbers move by `unit` of their size.
    fn yardstick(&self, unit: f64) -> f64 {
        let change = |draw| {
            let mut stream = Generator::new(0).stream(&format!("agreement/draw{draw}"));
            let mut moved = self.original.clone();
            moved.change_each(|value| value * factor(unit, &mut stream));
            let net = moved.net(&self.device, DType::F64);
            let scores = net.forward_with(self.x.clone(), &mut |node, z| {
                if self.original.plan.ends_convolution(node) { shaken(z, unit, &mut stream) } else { z }
            });
            self.difference(&host(scores))
        };
        largest((0..DRAWS).map(change))
    }

    fn outputs(&self, model: &TrainedModel) -> Vec<f64> {
        host(model.net(&self.device, DType::F64).forward(self.x.clone()))
    }

    fn difference(&self, outputs: &[f64]) -> f64 {
        largest(self.outputs.iter().zip(outputs).map(|(before, after)| (before - after).abs()))
    }
}

/// The largest one, NaN where there is one.
fn largest(values: impl Iterator<Item = f64>) -> f64 {
    values.fold(0.0, |largest, value| if value > largest || value.is_nan() { value } else { largest })
}

/// 1 + unit or 1 − unit.
fn factor(unit: f64, stream: &mut Stream) -> f64 {
    if stream.below(2) == 0 { 1.0 - unit } else { 1.0 + unit }
}

fn shaken(z: Tensor<4>, unit: f64, stream: &mut Stream) -> Tensor<4> {
    let (device, shape) = (z.device(), z.dims());
    let factors: Vec<f64> = (0..shape.iter().product()).map(|_| factor(unit, stream)).collect();
    z * Tensor::from_data(TensorData::new(factors, shape), (&device, DType::F64))
}

/// As many as memory is spent on.
fn images(model: &TrainedModel) -> Result<usize, ModelError> {
    let outputs = model.plan.network.nodes().map(|(_, node)| node.output.iter().product());
    let numbers: usize = outputs.max().unwrap_or(1);
    if numbers > NUMBERS_OF_AN_IMAGE {
        return Err(ModelError::TooLarge { numbers });
    }
    Ok((NUMBERS / numbers).clamp(1, IMAGES))
}

/// A device that computes in f64.
pub(super) fn cpu() -> Result<Device, TrainerError> {
    use untied_study::Device::{Flex, Ndarray};
    let compiled = compiled_devices().iter().find(|&&device| device == Flex || device == Ndarray);
    device::open(compiled.copied().unwrap_or_default())
}
