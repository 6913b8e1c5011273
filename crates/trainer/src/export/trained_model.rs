//! A trained model on the host: what strip and fold rewrite, and files hold.

use burn::module::Module;
use burn::tensor::{DType, Device};
use untied_study::{CellConfig, Dtype, MeasureConfig, ModelConfig};

use super::error::ModelError;
use crate::measure::Subject;
use crate::model::net::Net;
use crate::model::plan::{Plan, Shape};
use crate::model::tensors::{self, HostTensor, HostTensors};

/// A trained model: the config of its cell, what it sees, and its numbers.
///
/// The numbers are kept in f64; files hold them in the model's own type.
#[derive(Debug, Clone)]
pub struct TrainedModel {
    pub(crate) config: CellConfig,
    pub(crate) plan: Plan,
    /// Of an image.
    pub(crate) input: Shape,
    pub(crate) classes: usize,
    /// Of the data, where they have names; none in files of older versions.
    pub(crate) class_names: Option<Vec<String>>,
    pub(crate) scale: PixelScale,
    pub(crate) tensors: HostTensors,
}

/// Pixels p reach the model as (p − mean)/deviation, with one of each for a channel, or one for all channels.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct PixelScale {
    pub(crate) means: Vec<f64>,
    pub(crate) deviations: Vec<f64>,
}

impl TrainedModel {
    /// The model of a run as it stands.
    pub(crate) fn of(subject: &Subject<'_>) -> Self {
        let (train, standardisation) = (&subject.dataset.train, &subject.input.standardisation);
        Self {
            config: subject.config.clone(),
            plan: subject.model.plan().clone(),
            input: [train.channels, train.height, train.width],
            classes: subject.dataset.classes,
            class_names: subject.dataset.class_names.clone(),
            scale: PixelScale { means: standardisation.means(), deviations: standardisation.deviations() },
            tensors: tensors::read(&subject.model.valid()),
        }
    }

    /// What it was trained by; its `model` is what it is.
    #[must_use]
    pub fn config(&self) -> &CellConfig {
        &self.config
    }

    /// Channels, height and width of the images that it sees.
    #[must_use]
    pub fn input(&self) -> [usize; 3] {
        self.input
    }

    /// How many classes it tells apart.
    #[must_use]
    pub fn classes(&self) -> usize {
        self.classes
    }

    /// The name of a class, or its label where the data have no names.
    #[must_use]
    pub fn class_name(&self, class: usize) -> String {
        let named = self.class_names.as_ref().and_then(|names| names.get(class).cloned());
        named.unwrap_or_else(|| (class + self.config.data.labels_from).to_string())
    }

    /// How many numbers it keeps, running statistics included.
    #[must_use]
    pub fn numbers(&self) -> usize {
        self.numbers_of("")
    }

    /// How many numbers a part of it keeps: `block1.`, `block1.convolution.bias`, …
    pub(crate) fn numbers_of(&self, prefix: &str) -> usize {
        let part = self.tensors.iter().filter(|(name, _)| name.starts_with(prefix));
        part.map(|(_, tensor)| tensor.values.len()).sum()
    }

    /// The same numbers in another model. Measurements that only the trained one could have had are left out of its
    /// config.
    pub(crate) fn with_model(&self, model: ModelConfig) -> Result<Self, ModelError> {
        let plan = Plan::new(&model, self.input, self.classes)?.trained_by(&self.config.train);
        let config = CellConfig { model, measure: MeasureConfig::default(), ..self.config.clone() };
        Ok(Self { config, plan, ..self.clone() })
    }

    /// A tensor that every such model has.
    pub(crate) fn tensor(&mut self, name: &str) -> Result<&mut HostTensor, ModelError> {
        self.tensors.get_mut(name).ok_or_else(|| ModelError::Missing { tensor: name.to_owned() })
    }

    /// The model in Burn, in evaluation mode on a device without autodiff.
    pub(crate) fn net(&self, device: &Device, dtype: DType) -> Net {
        Net::with_tensors(&self.plan, &self.tensors, device, dtype)
    }

    /// Each number rounded to the model's own type.
    pub(crate) fn rounded(mut self) -> Self {
        if self.config.train.dtype == Dtype::F32 {
            self.change_each(|value| f64::from(value as f32));
        }
        self
    }

    pub(crate) fn change_each(&mut self, mut change: impl FnMut(f64) -> f64) {
        let values = self.tensors.values_mut().flat_map(|tensor| &mut tensor.values);
        values.for_each(|value| *value = change(*value));
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use untied_study::{Bias, Normalization, Padding, Study};

    use super::*;
    use crate::random::Generator;

    pub(crate) const NORMS: [Normalization; 8] = [
        Normalization::None,
        Normalization::Batch,
        Normalization::BatchPerActivation,
        Normalization::Layer,
        Normalization::Instance,
        Normalization::Group(2),
        Normalization::Rms,
        Normalization::FilterResponse,
    ];

    pub(crate) fn every_bias() -> [Bias; 6] {
        let along = |axis| Bias::UntiedAlong(vec![axis]);
        [Bias::None, Bias::Tied, along(0), along(1), Bias::Untied, Bias::Factorised]
    }

    /// Two blocks of every norm and bias.
    pub(crate) fn every_model() -> impl Iterator<Item = ModelConfig> {
        let base = ModelConfig { padding: Padding::Valid, ..ModelConfig::new(vec![4, 6]) };
        NORMS.into_iter().flat_map(move |norm| {
            let base = base.clone();
            every_bias().map(move |bias| ModelConfig { norm, bias, ..base.clone() })
        })
    }

    /// A model of images of 1×12×14 with random numbers, those of every layer at work.
    pub(crate) fn made_up(model: ModelConfig) -> TrainedModel {
        let text =
            "name = 'a'\nquestion = 'b'\ndata = { source = 'digits' }\nmodel = { channels = [1] }\nvary = { seeds = 1 }
            train = { epochs = 1, batch_size = 32, optimizer = { sgd = { learning_rate = 0.1 } }, dtype = 'f64' }";
        let study = Study::parse(text, "made_up.toml".as_ref(), &[]).unwrap();
        let config = CellConfig { model, ..study.cells[0].config.clone() };
        let input = [1, 12, 14];
        let plan = Plan::new(&config.model, input, 3).unwrap();
        let tensors = plan.tensors().into_iter().map(|(name, shape)| {
            let (mut stream, count) = (Generator::new(9).stream(&name), shape.iter().product());
            let low = if name.ends_with("running_var") { 0.1 } else { -1.0 };
            let values = (0..count).map(|_| stream.uniform(low, 1.0)).collect();
            (name, HostTensor { shape, values })
        });
        let tensors = tensors.collect();
        TrainedModel {
            config,
            plan,
            input,
            classes: 3,
            class_names: Some(["a", "b", "c"].map(str::to_owned).into()),
            scale: PixelScale { means: vec![3.0], deviations: vec![2.5] },
            tensors,
        }
    }
}
