//! What can be told of a cell before training: whether it can run, and its redundancy by theory.

use untied_study::{CellConfig, Parameters};

use crate::architecture::{Architecture, BlockPlan, Shape};
use crate::data::{Dataset, Standardisation};
use crate::schedule::LearningRates;
use crate::{TrainerError, data, device};

/// A model's layers, by theory.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ModelSummary {
    /// Channels, height and width of the images.
    pub input: [usize; 3],
    /// Number of classes.
    pub classes: usize,
    /// Their names, where the data have names.
    pub class_names: Option<Vec<String>>,
    /// One entry per block.
    pub layers: Vec<LayerSummary>,
    /// Trainable numbers.
    pub parameters: Parameters,
}

/// One block's convolution and what its normalization removes of its bias.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LayerSummary {
    /// `block1`, …
    pub layer: String,
    /// Channels, height and width of the convolution's output.
    pub output: [usize; 3],
    /// The bias mode, as in the config.
    pub bias: String,
    /// The normalization, as in the config.
    pub norm: String,
    /// Weights of the convolution.
    pub weights: usize,
    /// Numbers of the bias.
    pub bias_parameters: usize,
    /// Dimensions of the bias that the normalization removes.
    pub redundant: usize,
}

/// Checks that a cell can be trained here, without training: data, device, sizes.
///
/// # Errors
/// See [`TrainerError`].
pub fn check(config: &CellConfig) -> Result<(), TrainerError> {
    device::check(config.train.device)?;
    prepare(config).map(|_| ())
}

/// Works out a cell's model, with nothing trained.
///
/// # Errors
/// If the data cannot be read or the model does not fit them.
pub fn explain(config: &CellConfig) -> Result<ModelSummary, TrainerError> {
    let Prepared { dataset, plan, .. } = prepare(config)?;
    Ok(ModelSummary {
        input: shape_of(&dataset),
        classes: dataset.classes,
        class_names: dataset.class_names,
        layers: plan.blocks.iter().enumerate().map(|(index, block)| layer(config, index, block)).collect(),
        parameters: plan.parameters(dataset.classes),
    })
}

fn layer(config: &CellConfig, index: usize, block: &BlockPlan) -> LayerSummary {
    LayerSummary {
        layer: BlockPlan::name(index),
        output: block.output,
        bias: config.model.bias.to_string(),
        norm: config.model.norm.to_string(),
        weights: block.weights(),
        bias_parameters: block.bias_parameters(),
        redundant: block.bias.as_ref().map_or(0, |bias| bias.redundancy.dimensions()),
    }
}

/// Data and sizes of a cell, checked against each other.
pub(crate) struct Prepared {
    pub(crate) dataset: Dataset,
    pub(crate) standardisation: Standardisation,
    pub(crate) plan: Architecture,
}

pub(crate) fn prepare(config: &CellConfig) -> Result<Prepared, TrainerError> {
    config.check()?;
    let dataset = data::load(&config.data.source)?;
    let standardisation = Standardisation::of(&dataset.train)?;
    let plan = Architecture::new(&config.model, shape_of(&dataset))?;
    let steps = steps_per_epoch(config, &dataset)?;
    LearningRates::new(&config.train, steps)?;
    Ok(Prepared { dataset, standardisation, plan })
}

/// The last incomplete batch is dropped.
fn steps_per_epoch(config: &CellConfig, dataset: &Dataset) -> Result<usize, TrainerError> {
    let (train_images, batch_size) = (dataset.train.count, config.train.batch_size);
    if batch_size > train_images {
        return Err(TrainerError::BatchSize { train_images, batch_size });
    }
    Ok(train_images / batch_size)
}

fn shape_of(dataset: &Dataset) -> Shape {
    [dataset.train.channels, dataset.train.height, dataset.train.width]
}
