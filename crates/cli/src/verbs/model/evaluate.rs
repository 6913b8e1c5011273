//! `untied evaluate`: how well a trained model does, class by class.

use std::path::{Path, PathBuf};

use anyhow::Context;
use clap::Args;
use untied_report::assessment_page;
use untied_study::{Assessment, ClassAssessment, DataSource, Device, write_text};
use untied_trainer::{Classifier, TestData, TrainedModel, assess};

use super::outputs::Outputs;
use crate::exit::Exit;
use crate::table::Table;
use crate::terminal::print;
use crate::wording::plural;

/// Classes of a confusion matrix that fits a terminal.
const MOST_COLUMNS: usize = 16;

#[derive(Debug, Args)]
pub(crate) struct EvaluateArguments {
    /// A trained model, `model.safetensors` of a cell with `train.save_model = true`
    model: PathBuf,
    /// Other images than the test images of its study: a folder with a folder for each class, or a source as of a config, such
    /// as '{ idx = "DIR" }'
    #[arg(long, value_name = "DIR|SOURCE", value_parser = data)]
    data: Option<TestData>,
    /// Tell in which share of the images the class is among the K most probable ones [default: 5; 2 of up to 5 classes]
    #[arg(long, value_name = "K", value_parser = clap::value_parser!(u64).range(1..))]
    top: Option<u64>,
    /// Show so many images, those with the largest loss
    #[arg(long, value_name = "N", default_value_t = 24)]
    worst: usize,
    /// Write a page with the confusion matrix and the worst images
    #[arg(long, value_name = "FILE")]
    html: Option<PathBuf>,
    /// Print JSON instead of text
    #[arg(long)]
    json: bool,
    /// The device to compute on
    #[arg(long, default_value = "flex", value_parser = super::device)]
    device: Device,
}

/// A source, the name of a bundled one, or else a folder.
fn data(text: &str) -> Result<TestData, String> {
    if text.trim_start().starts_with(['{', '"', '\'']) {
        return DataSource::parse(text).map(TestData::Source);
    }
    let bundled = DataSource::parse(&format!("\"{text}\""));
    Ok(bundled.map_or_else(|_| TestData::Folder(text.into()), TestData::Source))
}

pub(crate) fn evaluate(arguments: &EvaluateArguments) -> anyhow::Result<Exit> {
    let name = || arguments.model.display().to_string();
    Outputs::of(&arguments.model).and("--html", arguments.html.as_deref())?;
    let model = TrainedModel::load(&arguments.model).with_context(name)?;
    let classifier = Classifier::new(model, arguments.device).with_context(name)?;
    let data = arguments.data.as_ref().unwrap_or(&TestData::Own);
    let default = if classifier.model().classes() > 5 { 5 } else { 2 };
    let top = arguments.top.map_or(default, |top| usize::try_from(top).unwrap_or(usize::MAX));
    let found = assess(&classifier, data, top, arguments.worst).with_context(name)?;
    let found = Assessment { model: name(), ..found };
    if let Some(path) = &arguments.html {
        write_text(path, &assessment_page(&found))?;
    }
    if arguments.json {
        print(&format!("{:#}\n", serde_json::to_value(&found)?))?;
    } else {
        print(&text(&found, arguments.html.as_deref()))?;
    }
    Ok(Exit::Done)
}

fn text(found: &Assessment, page: Option<&Path>) -> String {
    let Assessment { model, data, images, accuracy, loss, top, .. } = found;
    let top = format!("among the {} most probable {:.4}", top.k, top.share);
    let heading =
        format!("{model}: {} of {data}\naccuracy {accuracy:.4}, loss {loss:.4}, {top}\n", plural(*images, "image"));
    let page = page.map(|page| format!("{}\n", page.display())).unwrap_or_default();
    heading + &classes(&found.classes) + &confusion(found) + &worst(found) + &page
}

fn share(share: Option<f64>) -> String {
    share.map_or_else(|| "–".to_owned(), |share| format!("{share:.4}"))
}

fn classes(classes: &[ClassAssessment]) -> String {
    let mut table = Table::new(["class", "images", "precision", "recall"]).align_right(&[1, 2, 3]);
    for ClassAssessment { name, images, precision, recall } in classes {
        table.push([name.clone(), images.to_string(), share(*precision), share(*recall)]);
    }
    table.text()
}

/// A line a class, a column an answer; of many classes, the pairs that are confused most.
fn confusion(found: &Assessment) -> String {
    let (names, rows) = (&found.classes, found.confusion.rows());
    if names.len() > MOST_COLUMNS {
        let pairs =
            |class: usize| (0..names.len()).filter(move |answer| *answer != class).map(move |answer| [class, answer]);
        let mut pairs: Vec<[usize; 2]> = (0..names.len()).flat_map(pairs).collect();
        pairs.sort_by_key(|&[class, answer]| std::cmp::Reverse(rows[class][answer]));
        let mut table = Table::new(["most confused", "taken for", "images"]).align_right(&[2]);
        for [class, answer] in pairs.into_iter().take(MOST_COLUMNS).filter(|&[class, answer]| rows[class][answer] > 0) {
            table.push([names[class].name.clone(), names[answer].name.clone(), rows[class][answer].to_string()]);
        }
        return table.text();
    }
    let columns: Vec<usize> = (1..=names.len()).collect();
    let header = std::iter::once("class \\ answer".to_owned()).chain(names.iter().map(|of| of.name.clone()));
    let mut table = Table::of(header.collect()).align_right(&columns);
    for (of, row) in names.iter().zip(rows) {
        let row: Vec<String> = std::iter::once(of.name.clone()).chain(row.iter().map(u32::to_string)).collect();
        table.push_row(&row);
    }
    table.text()
}

/// The first of the images with the largest loss.
fn worst(found: &Assessment) -> String {
    const LINES: usize = 5;
    let mut table = Table::new(["worst image", "class", "answer", "loss"]).align_right(&[3]);
    for one in found.worst.iter().take(LINES) {
        table.push([one.image.clone(), one.class.clone(), one.answer.clone(), format!("{:.2}", one.loss)]);
    }
    if found.worst.is_empty() { String::new() } else { table.text() }
}
