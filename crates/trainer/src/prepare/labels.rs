//! The labels of a data set as a network tells them apart: counted from 0, of two classes or more.

use std::collections::BTreeSet;

use untied_study::{CanvasLabel, DataConfig};

use crate::TrainerError;
use crate::data::{DataError, Dataset, Split, label_files};

/// Missing labels that a warning lists.
const LISTED: usize = 8;

/// Takes `data.labels_from` off every label.
///
/// # Errors
/// If a label lies below it.
pub(super) fn count_from_zero(mut dataset: Dataset, config: &DataConfig) -> Result<Dataset, DataError> {
    let first = config.labels_from;
    if first == 0 {
        return Ok(dataset);
    }
    let splits = [
        Some((&mut dataset.train, 0)),
        Some((&mut dataset.test, 1)),
        dataset.validation.as_mut().map(|split| (split, 0)),
    ];
    for (split, part) in splits.into_iter().flatten() {
        for (index, label) in split.labels.iter_mut().enumerate() {
            let counted = usize::from(*label).checked_sub(first).ok_or_else(|| {
                let expected = format!("labels from {first} on, as data.labels_from says");
                DataError::invalid(&label_files(&config.source)[part], expected, format!("{label} at image {index}"))
            })?;
            *label = counted as u8;
        }
    }
    dataset.classes = dataset.classes.saturating_sub(first);
    dataset.class_names = dataset.class_names.map(|names| names.into_iter().skip(first).collect());
    Ok(dataset)
}

/// Refuses training images or test images of a single class: nothing can be learnt from the ones, nothing told by the others.
pub(super) fn check_classes(dataset: &Dataset, config: &DataConfig) -> Result<(), TrainerError> {
    let splits = [(&dataset.train, "training"), (&dataset.test, "test")];
    for (part, (split, name)) in splits.into_iter().enumerate() {
        let Some(label) = only_label(split) else { continue };
        if let Some(CanvasLabel::Quadrant) = config.canvas.map(|canvas| canvas.label) {
            return Err(TrainerError::OneQuadrant { images: name });
        }
        let label = match &dataset.class_names {
            Some(names) => names[label].clone(),
            None => (label + config.labels_from).to_string(),
        };
        let file = &label_files(&config.source)[part];
        let drawn = part == 1 && config.test.is_some();
        let more = if drawn { ": more images, or a larger `data.test`" } else { "" };
        let expected = format!("labels of two classes or more{more}");
        return Err(DataError::invalid(file, expected, format!("{label} alone")).into());
    }
    Ok(())
}

fn only_label(split: &Split) -> Option<usize> {
    let first = *split.labels.first()?;
    split.labels.iter().all(|&label| label == first).then_some(usize::from(first))
}

/// What is odd about the labels, in words of the files: classes without a training image.
pub(super) fn warnings(dataset: &Dataset, config: &DataConfig) -> Vec<String> {
    let present: BTreeSet<usize> = dataset.train.labels.iter().map(|&label| usize::from(label)).collect();
    let missing: Vec<usize> = (0..dataset.classes).filter(|label| !present.contains(label)).collect();
    let Some(first) = missing.first() else { return Vec::new() };
    let from =
        if config.canvas.is_some_and(|canvas| canvas.label == CanvasLabel::Quadrant) { 0 } else { config.labels_from };
    let listed: Vec<String> = missing.iter().take(LISTED).map(|label| (label + from).to_string()).collect();
    let more = if missing.len() > LISTED { format!(" and {} more", missing.len() - LISTED) } else { String::new() };
    let (noun, each) = if missing.len() == 1 { ("label", "it") } else { ("labels", "each of them") };
    let hint = match present.first() {
        Some(least) if *first == 0 => {
            let least = least + from;
            format!("; where labels count from {least}, set data.labels_from = {least}")
        }
        _ => String::new(),
    };
    let range = format!("{from} to {}", dataset.classes + from - 1);
    vec![format!(
        "data: no training image has the {noun} {}{more}, of {range}; the model has an output for {each} all the same{hint}",
        listed.join(", ")
    )]
}
