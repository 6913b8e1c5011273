//! `untied predict`: the classes of image files.

use std::path::{Path, PathBuf};

use anyhow::Context;
use clap::Args;
use serde_json::{Value, json};
use untied_study::Device;
use untied_trainer::{Classifier, Prediction, TrainedModel, images_at};

use crate::exit::{self, Exit};
use crate::terminal::{print, say};
use crate::wording::plural;

/// Image files that are in memory at once.
const BATCH: usize = 64;

#[derive(Debug, Args)]
pub(crate) struct PredictArguments {
    /// A trained model, `model.safetensors` of a cell with `train.save_model = true`
    model: PathBuf,
    /// Image files of any size, or folders of them
    #[arg(required = true, value_name = "IMAGE|FOLDER")]
    images: Vec<PathBuf>,
    /// Print the N most probable classes of each image, one a line
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = clap::value_parser!(u64).range(1..))]
    top: u64,
    /// Print JSON instead of CSV
    #[arg(long)]
    json: bool,
    /// The device to compute on
    #[arg(long, default_value = "flex", value_parser = super::device)]
    device: Device,
}

/// A file with its most probable classes, each with its probability.
struct Row {
    file: String,
    classes: Vec<(String, f64)>,
}

pub(crate) fn predict(arguments: &PredictArguments) -> anyhow::Result<Exit> {
    let name = || arguments.model.display().to_string();
    let model = TrainedModel::load(&arguments.model).with_context(name)?;
    let classifier = Classifier::new(model, arguments.device).with_context(name)?;
    let (mut files, mut refused, mut failed) = (Vec::new(), 0, 0);
    for path in &arguments.images {
        match images_at(path) {
            Ok(found) => files.extend(found),
            Err(error) => refused += complaint(&error.into()),
        }
    }
    let mut table = Table::new(arguments.json);
    for files in files.chunks(BATCH) {
        for (file, prediction) in files.iter().zip(classifier.predict(files).with_context(name)?) {
            match prediction {
                Ok(prediction) => table.push(&row(&classifier, file, &prediction, arguments.top))?,
                Err(error) => failed += complaint(&error.into()),
            }
        }
    }
    table.end()?;
    if failed > 0 {
        say(&format!("{} could not be read", plural(failed, "image")));
    }
    Ok(if failed + refused > 0 { Exit::Incomplete } else { Exit::Done })
}

/// Says what is wrong with an image or a folder; one more of them.
fn complaint(error: &anyhow::Error) -> usize {
    say(&format!("error: {}", exit::message(error)));
    1
}

fn row(classifier: &Classifier, file: &Path, prediction: &Prediction, top: u64) -> Row {
    let named = |&(class, probability): &(usize, f64)| (classifier.model().class_name(class), probability);
    let classes = prediction.classes.iter().take(usize::try_from(top).unwrap_or(usize::MAX)).map(named);
    Row { file: file.display().to_string(), classes: classes.collect() }
}

/// Rows on their way to stdout.
enum Table {
    /// Printed as they come.
    Csv { header: bool },
    /// Printed as a whole.
    Json(Vec<Value>),
}

impl Table {
    fn new(json: bool) -> Self {
        if json { Self::Json(Vec::new()) } else { Self::Csv { header: false } }
    }

    fn push(&mut self, Row { file, classes }: &Row) -> anyhow::Result<()> {
        match self {
            Self::Csv { header } => {
                let mut writer = csv::Writer::from_writer(Vec::new());
                if !std::mem::replace(header, true) {
                    writer.write_record(["file", "class", "probability"])?;
                }
                for (class, probability) in classes {
                    writer.write_record([file, class, &format!("{probability:.6}")])?;
                }
                print(&String::from_utf8_lossy(&writer.into_inner()?))
            }
            Self::Json(rows) => {
                let class = |(class, probability): &(String, f64)| json!({"class": class, "probability": probability});
                rows.push(json!({"file": file, "classes": classes.iter().map(class).collect::<Vec<_>>()}));
                Ok(())
            }
        }
    }

    fn end(self) -> anyhow::Result<()> {
        match self {
            Self::Csv { .. } => Ok(()),
            Self::Json(rows) => print(&format!("{:#}\n", Value::Array(rows))),
        }
    }
}
