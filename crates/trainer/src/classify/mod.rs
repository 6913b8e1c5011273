//! Trained models at work on images.

mod assessment;
mod error;
mod prediction;

use burn::tensor::{DType, Device, Tensor, TensorData};

use crate::data::transform::batch::Input;
use crate::data::transform::shift::pattern;
use crate::data::{Split, Standardisation};
use crate::export::TrainedModel;
use crate::model::net::Net;
use crate::model::tensors::host;
use crate::optimization::evaluation::BATCH;
use crate::random::Generator;
use crate::{TrainerError, device};

pub use assessment::{TestData, assess};
pub use error::ClassifyError;
pub use prediction::{Prediction, images_at};

/// A trained model on a device, which classifies images.
#[derive(Debug)]
pub struct Classifier {
    model: TrainedModel,
    net: Net,
    input: Input,
    device: Device,
    dtype: DType,
}

impl Classifier {
    /// The model on a device, in its own type.
    ///
    /// # Errors
    /// If the device is not compiled in.
    pub fn new(model: TrainedModel, device: untied_study::Device) -> Result<Self, TrainerError> {
        let (device, config) = (device::open(device)?, model.config());
        let dtype = device::burn_dtype(config.train.dtype);
        let (generator, shape) = (Generator::new(config.seed), model.input());
        let shift = config.data.shift.map(|shift| pattern(shift.pattern, generator, 0, shift.strength, shape));
        let standardisation = Standardisation::with(&model.scale.means, &model.scale.deviations);
        let net = model.net(&device, dtype);
        Ok(Self { input: Input::new(standardisation, shift), net, model, device, dtype })
    }

    /// The model.
    #[must_use]
    pub fn model(&self) -> &TrainedModel {
        &self.model
    }

    /// The score of each class for each of some images that are standardised already.
    ///
    /// # Shapes
    /// `images` `[n, c, h, w]`, row-major; n lists of one score for each class.
    ///
    /// # Panics
    /// If these are not whole images.
    #[must_use]
    pub fn scores(&self, images: &[f64]) -> Vec<Vec<f64>> {
        let [channels, height, width] = self.model.input();
        let size = channels * height * width;
        assert!(images.len().is_multiple_of(size), "expected whole images");
        let batch = |images: &[f64]| {
            let data = TensorData::new(images.to_vec(), [images.len() / size, channels, height, width]);
            let data = if self.dtype == DType::F64 { data } else { data.convert::<f32>() };
            self.batch(Tensor::from_data(data, (&self.device, self.dtype)))
        };
        images.chunks(BATCH * size).flat_map(batch).collect()
    }

    /// The same for pixels as files have them.
    fn scores_of(&self, split: &Split) -> Vec<Vec<f64>> {
        let all: Vec<usize> = (0..split.count).collect();
        let batch = |images: &[usize]| self.batch(self.input.batch(split, images, &self.device, self.dtype));
        all.chunks(BATCH).flat_map(batch).collect()
    }

    fn batch(&self, x: Tensor<4>) -> Vec<Vec<f64>> {
        let scores = self.net.forward(x);
        let [_, classes] = scores.dims();
        host(scores).chunks(classes).map(<[f64]>::to_vec).collect()
    }
}

/// The probability of each class: the softmax of the scores.
fn probabilities(scores: &[f64]) -> Vec<f64> {
    let largest = scores.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    let powers: Vec<f64> = scores.iter().map(|score| (score - largest).exp()).collect();
    let sum: f64 = powers.iter().sum();
    powers.into_iter().map(|power| power / sum).collect()
}

/// The classes by descending score; of equal ones the first comes first.
fn ranked(scores: &[f64]) -> Vec<usize> {
    let mut classes: Vec<usize> = (0..scores.len()).collect();
    classes.sort_by(|&a, &b| scores[b].total_cmp(&scores[a]));
    classes
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn probabilities_are_a_softmax_without_overflow() {
        let found = probabilities(&[1000.0, 1000.0 + f64::ln(3.0), -1000.0]);
        assert!((found[0] - 0.25).abs() < 1e-12 && (found[1] - 0.75).abs() < 1e-12 && found[2] == 0.0, "{found:?}");
        assert_eq!(ranked(&[0.5, 2.0, 0.5, -1.0]), [1, 0, 2, 3]);
    }
}
