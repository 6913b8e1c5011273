//! A trained model on images with known classes.

use std::path::PathBuf;

use image::ExtendedColorType;
use image::codecs::webp::WebPEncoder;
use untied_study::{
    Assessment, CellConfig, ClassAssessment, Colour, Confusion, DataConfig, DataSource, Misjudged, ModelConfig,
    TopShare,
};

use super::error::ClassifyError;
use super::{Classifier, probabilities, ranked};
use crate::data::{Split, decode_file, read_known};
use crate::optimization::loss::cross_entropy_of;
use crate::prepare::load;

/// The images that a model is tested on.
#[derive(Debug, Clone, PartialEq)]
pub enum TestData {
    /// The test images of its own study.
    Own,
    /// All images of a folder, or of the folder `test` in it, which lie in folders named after the model's classes.
    Folder(PathBuf),
    /// The test images of a source of data.
    Source(DataSource),
}

/// Images with what messages call them.
struct Images {
    data: String,
    split: Split,
    names: Vec<String>,
}

/// Tests a model: accuracy, loss, the share of images whose class is among the `top` most probable ones, each class, the
/// confusion matrix, and the `worst` images with the largest loss.
///
/// # Errors
/// If the data cannot be read, or have other shapes or classes than the model's.
pub fn assess(classifier: &Classifier, data: &TestData, top: usize, worst: usize) -> Result<Assessment, ClassifyError> {
    let images = read(classifier, data)?;
    let (split, scores) = (&images.split, classifier.scores_of(&images.split));
    let classes = classifier.model().classes;
    let k = top.clamp(1, classes);
    let (mut confusion, mut losses, mut among) = (Confusion::new(classes), Vec::new(), 0);
    for (scores, &label) in scores.iter().zip(&split.labels) {
        let (label, order) = (usize::from(label), ranked(scores));
        confusion.count(label, order[0]);
        among += usize::from(order[..k].contains(&label));
        losses.push(cross_entropy_of(scores, label));
    }
    let right: u64 = (0..classes).map(|class| u64::from(confusion.rows()[class][class])).sum();
    let count = split.count.max(1) as f64;
    let mut order: Vec<usize> = (0..split.count).collect();
    order.sort_by(|&a, &b| losses[b].total_cmp(&losses[a]));
    let worst = order.into_iter().take(worst);
    Ok(Assessment {
        model: String::new(),
        images: split.count,
        accuracy: right as f64 / count,
        loss: losses.iter().sum::<f64>() / count,
        top: TopShare { k, share: among as f64 / count },
        classes: (0..classes).map(|class| of_class(classifier, &confusion, class)).collect(),
        worst: worst.map(|index| misjudged(classifier, &images, index, &scores[index], losses[index])).collect(),
        confusion,
        data: images.data,
    })
}

fn of_class(classifier: &Classifier, confusion: &Confusion, class: usize) -> ClassAssessment {
    ClassAssessment {
        name: classifier.model().class_name(class),
        images: confusion.images(class),
        precision: confusion.precision(class),
        recall: confusion.recall(class),
    }
}

fn misjudged(classifier: &Classifier, images: &Images, index: usize, scores: &[f64], loss: f64) -> Misjudged {
    let (probabilities, answer) = (probabilities(scores), ranked(scores)[0]);
    let class = usize::from(images.split.labels[index]);
    let name = |class| classifier.model().class_name(class);
    Misjudged {
        image: images.names.get(index).cloned().unwrap_or_else(|| index.to_string()),
        class: name(class),
        answer: name(answer),
        class_probability: probabilities[class],
        answer_probability: probabilities[answer],
        loss,
        picture: webp(&images.split, index),
    }
}

/// An image as a WebP file, without loss.
fn webp(split: &Split, index: usize) -> Vec<u8> {
    let (planes, plane) = (split.image(index), split.height * split.width);
    let pixels: Vec<u8> =
        (0..plane).flat_map(|at| (0..split.channels).map(move |channel| planes[channel * plane + at])).collect();
    let colours = if split.channels == 1 { ExtendedColorType::L8 } else { ExtendedColorType::Rgb8 };
    let mut bytes = Vec::new();
    let encoded =
        WebPEncoder::new_lossless(&mut bytes).encode(&pixels, split.width as u32, split.height as u32, colours);
    // Images that are too large for the format are left out of the page.
    encoded.map_or_else(|_| Vec::new(), |()| bytes)
}

fn read(classifier: &Classifier, data: &TestData) -> Result<Images, ClassifyError> {
    let model = classifier.model();
    match data {
        TestData::Own => of_source(classifier, model.config().data.clone()),
        TestData::Source(source) => {
            let own = &model.config().data;
            let [channels, height, width] = model.input();
            // Without a canvas, images of any size and colour are brought into the model's.
            let fitted = own.canvas.is_none();
            let size = if fitted { Some([height, width]) } else { own.size };
            let colour = if channels == 1 { Colour::Grey } else { Colour::Rgb };
            let colour = if fitted { Some(colour) } else { own.colour };
            let source = source.clone();
            of_source(classifier, DataConfig { source, size, colour, test: None, limit: None, ..own.clone() })
        }
        TestData::Folder(folder) => {
            let known = model.class_names.as_ref().ok_or(ClassifyError::Nameless)?;
            if model.config().data.canvas.is_some() {
                return Err(ClassifyError::Canvas);
            }
            let files = read_known(folder, known)?;
            let form = classifier.form();
            let mut split = Split::empty(form.shape);
            for (path, &label) in files.paths.iter().zip(&files.labels) {
                split.push(&decode_file(path, form)?, label);
            }
            let names = files.paths.iter().map(|path| path.display().to_string()).collect();
            Ok(Images { data: folder.display().to_string(), split, names })
        }
    }
}

/// The test images of a config, if their shape and classes are the model's.
fn of_source(classifier: &Classifier, config: DataConfig) -> Result<Images, ClassifyError> {
    let model = classifier.model();
    let data = config.source.to_string();
    // What the model started from need not be there any more.
    let own = ModelConfig { init_from: None, ..model.config().model.clone() };
    let (dataset, ..) = load(&CellConfig { data: config, model: own, ..model.config().clone() })?;
    let split = dataset.test;
    let found = [split.channels, split.height, split.width];
    if found != model.input() {
        return Err(ClassifyError::Shape { data, expected: model.input(), found });
    }
    let listed = |names: &Option<Vec<String>>, count: usize| match names {
        Some(names) => names.join(", "),
        None => format!("{count} without names"),
    };
    let named = model.class_names.is_some() && dataset.class_names.is_some();
    if dataset.classes > model.classes || (named && model.class_names != dataset.class_names) {
        let expected = listed(&model.class_names, model.classes);
        return Err(ClassifyError::Classes { data, expected, found: listed(&dataset.class_names, dataset.classes) });
    }
    Ok(Images { data, split, names: dataset.test_files })
}
