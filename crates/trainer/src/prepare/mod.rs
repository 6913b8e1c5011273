//! The data and the plan of a cell, checked against each other.

mod labels;

use untied_study::{CanvasConfig, CellConfig};

use crate::data::{Dataset, Split, Standardisation};
use crate::measure::{self, Sizes};
use crate::model::plan::{Plan, Shape};
use crate::optimization::schedule::LearningRates;
use crate::{TrainerError, data};

/// Data and sizes of a cell, checked against each other.
pub(crate) struct Prepared {
    pub(crate) dataset: Dataset,
    pub(crate) standardisation: Standardisation,
    pub(crate) plan: Plan,
    /// What is odd about the data, though they can be trained on.
    pub(crate) warnings: Vec<String>,
}

pub(crate) fn prepare(config: &CellConfig) -> Result<Prepared, TrainerError> {
    config.check()?;
    let (dataset, standardisation, size) = load(config)?;
    let warnings = labels::warnings(&dataset, &config.data);
    Ok(Prepared { plan: fit(config, &size)?, dataset, standardisation, warnings })
}

/// Images and classes that a model must fit.
#[derive(Debug, Clone)]
pub(crate) struct DataSize {
    pub(crate) shape: Shape,
    pub(crate) classes: usize,
    pub(crate) class_names: Option<Vec<String>>,
    pub(crate) train_images: usize,
}

pub(crate) fn load(config: &CellConfig) -> Result<(Dataset, Standardisation, DataSize), TrainerError> {
    let dataset = labels::count_from_zero(data::load(&config.data.source)?, &config.data)?;
    let dataset = match config.data.canvas {
        Some(canvas) => data::on_canvas(fits_canvas(dataset, canvas)?, canvas),
        None => dataset,
    };
    labels::check_classes(&dataset, &config.data)?;
    let standardisation = Standardisation::of(&dataset.train)?;
    let Split { channels, height, width, count, .. } = dataset.train;
    let size = DataSize {
        shape: [channels, height, width],
        classes: dataset.classes,
        class_names: dataset.class_names.clone(),
        train_images: count,
    };
    Ok((dataset, standardisation, size))
}

fn fits_canvas(dataset: Dataset, canvas: CanvasConfig) -> Result<Dataset, TrainerError> {
    let Split { height, width, .. } = dataset.train;
    let size = canvas.size;
    if size < height.max(width) { Err(TrainerError::Canvas { height, width, size }) } else { Ok(dataset) }
}

pub(crate) fn fit(config: &CellConfig, data: &DataSize) -> Result<Plan, TrainerError> {
    let plan = Plan::new(&config.model, data.shape, data.classes)?;
    LearningRates::new(&config.train, steps_per_epoch(config, data.train_images)?)?;
    measure::check(&config.measure, &Sizes { image: data.shape, train_images: data.train_images, plan: &plan })?;
    Ok(plan)
}

/// The last incomplete batch is dropped.
fn steps_per_epoch(config: &CellConfig, train_images: usize) -> Result<usize, TrainerError> {
    let batch_size = config.train.batch_size;
    if batch_size > train_images {
        return Err(TrainerError::BatchSize { train_images, batch_size });
    }
    Ok(train_images / batch_size)
}
