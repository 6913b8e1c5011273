//! The data and the plan of a cell, checked against each other.

mod labels;

use std::collections::BTreeMap;

use untied_study::{CanvasConfig, CellConfig, DataConfig};

use crate::data::{Dataset, Split, Standardisation};
use crate::measure::{self, Sizes};
use crate::model::plan::{Plan, Shape};
use crate::model::tensors::HostTensors;
use crate::optimization::schedule::LearningRates;
use crate::start::{self, Start};
use crate::{TrainerError, data};

/// Data and sizes of a cell, checked against each other.
pub(crate) struct Prepared {
    pub(crate) dataset: Dataset,
    pub(crate) standardisation: Standardisation,
    pub(crate) plan: Plan,
    /// The plan from where the config has batch norm frozen; none where it never is, or there is none.
    pub(crate) frozen: Option<Plan>,
    /// What the model starts from, as far as a file gives it.
    pub(crate) start: HostTensors,
    /// What is odd about the data or the file, though they can be trained on.
    pub(crate) warnings: Vec<String>,
    /// Of what is trained on and from, by name.
    pub(crate) checksums: BTreeMap<String, String>,
}

pub(crate) fn prepare(config: &CellConfig) -> Result<Prepared, TrainerError> {
    config.check()?;
    let (dataset, standardisation, size) = load(config)?;
    let plan = fit(config, &size)?;
    let Start { tensors: start, warning } = start::read(&config.model, &plan)?;
    let warnings = labels::warnings(&dataset, &config.data).into_iter().chain(warning).collect();
    let frozen = config.train.freeze_norm.after().and_then(|_| plan.frozen());
    Ok(Prepared { plan, frozen, start, dataset, standardisation, warnings, checksums: size.checksums })
}

/// Images and classes that a model must fit.
#[derive(Debug, Clone)]
pub(crate) struct DataSize {
    pub(crate) shape: Shape,
    pub(crate) classes: usize,
    pub(crate) class_names: Option<Vec<String>>,
    pub(crate) train_images: usize,
    /// Those held out of the training images.
    pub(crate) validation_images: usize,
    /// What was passed over, a line each.
    pub(crate) notes: Vec<String>,
    /// What was loaded, by name; known once images are decoded.
    pub(crate) checksums: BTreeMap<String, String>,
}

pub(crate) fn load(config: &CellConfig) -> Result<(Dataset, Standardisation, DataSize), TrainerError> {
    let dataset = labelled(data::load_config(&config.data)?, &config.data)?;
    let standardisation = Standardisation::of(&dataset.train, config.data.standardise)?;
    let mut size = size(&dataset);
    if let Some(path) = &config.model.init_from {
        size.checksums.insert("init_from".to_owned(), start::checksum(path)?);
    }
    Ok((dataset, standardisation, size))
}

/// What [`load`] says of images and classes, with no image file decoded.
pub(crate) fn survey(config: &CellConfig) -> Result<DataSize, TrainerError> {
    labelled(data::survey(&config.data)?, &config.data).map(|dataset| size(&dataset))
}

/// A data set, with or without its pixels, with the labels and on the canvas that the config asks for.
fn labelled(dataset: Dataset, config: &DataConfig) -> Result<Dataset, TrainerError> {
    let mut dataset = labels::count_from_zero(dataset, config)?;
    if let Some(canvas) = config.canvas {
        check_canvas([dataset.train.height, dataset.train.width], canvas)?;
        dataset = data::on_canvas(dataset, canvas);
    }
    labels::check_classes(&dataset, config)?;
    Ok(dataset)
}

fn size(dataset: &Dataset) -> DataSize {
    let Split { channels, height, width, .. } = dataset.train;
    DataSize {
        shape: [channels, height, width],
        classes: dataset.classes,
        class_names: dataset.class_names.clone(),
        train_images: dataset.train.count,
        validation_images: dataset.validation.as_ref().map_or(0, |split| split.count),
        notes: dataset.notes.clone(),
        checksums: dataset.checksums.entries(),
    }
}

fn check_canvas([height, width]: [usize; 2], canvas: CanvasConfig) -> Result<(), TrainerError> {
    let size = canvas.size;
    if size < height.max(width) { Err(TrainerError::Canvas { height, width, size }) } else { Ok(()) }
}

pub(crate) fn fit(config: &CellConfig, data: &DataSize) -> Result<Plan, TrainerError> {
    let plan = Plan::new(&config.model, data.shape, data.classes)?;
    LearningRates::new(&config.train, steps_per_epoch(config, data)?)?;
    measure::check(&config.measure, &Sizes { image: data.shape, train_images: data.train_images, plan: &plan })?;
    Ok(plan)
}

/// The last incomplete batch is dropped.
fn steps_per_epoch(config: &CellConfig, data: &DataSize) -> Result<usize, TrainerError> {
    let (batch_size, train_images) = (config.train.batch_size, data.train_images);
    if batch_size > train_images {
        return Err(TrainerError::BatchSize { train_images, batch_size, why: taken_away(&config.data, data) });
    }
    Ok(train_images / batch_size)
}

/// Which keys have left fewer images to train on than the source has, in parentheses; nothing where none has.
fn taken_away(config: &DataConfig, data: &DataSize) -> String {
    let test = config.test.map(|share| format!("data.test = {share} sets others aside to test on"));
    let limit = config.limit.and_then(|limit| limit.train);
    let limit = limit.map(|most| format!("data.limit takes {most} at most"));
    let held_out = data.validation_images;
    let validation = config.validation.map(|share| format!("data.validation = {share} holds out {held_out}"));
    let said: Vec<String> = [test, limit, validation].into_iter().flatten().collect();
    if said.is_empty() { String::new() } else { format!(" ({})", said.join(", ")) }
}
