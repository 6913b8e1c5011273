//! `untied init`: a config to begin with, every key in it.

use std::path::{Path, PathBuf};

use anyhow::{Context, bail};
use clap::Args;
use serde_json::{Map, Value, json};
use untied_study::{DataConfig, DataSource, EXAMPLE, Study, commented, printable_path, write_text};
use untied_trainer::Planner;
use untied_trainer::data::{Recognised, recognise};

use crate::exit::Exit;
use crate::terminal::{print, say};
use crate::wording::plural;

const HEADER: &str = "\
# A study of untied. A key behind a # has the default that stands there, or none.
#   untied run FILE        trains every variant, and reports
#   untied explain FILE    says what theory says of them; trains nothing

";

/// Behind the header, of a folder of images: to decode all of them would take as long as `run` does.
const HEADERS_ALONE: &str = "\
# Only the headers of the images have been read. Those whose rest is damaged are named by `untied run`, all at once, before
# anything trains.

";

/// Below this side, two blocks' pooling leaves nothing.
const TWO_BLOCKS: usize = 4;

#[derive(Debug, Args)]
pub(crate) struct InitArguments {
    /// The config to write
    #[arg(value_name = "FILE", default_value = "study.toml")]
    file: PathBuf,
    /// Images of your own to write it for: a folder of photographs, or MNIST's, EMNIST's, CIFAR's, NumPy's or Kaggle's files
    #[arg(long, value_name = "PATH")]
    from: Option<PathBuf>,
}

pub(crate) fn init(arguments: &InitArguments) -> anyhow::Result<Exit> {
    let InitArguments { file, from } = arguments;
    if file.is_dir() && from.is_none() {
        let folder = printable_path(file);
        bail!("{folder} is a folder; for images in it: untied init {}.toml --from {folder}", name(file));
    }
    if file.symlink_metadata().is_ok() {
        bail!("{} is there already: name another file, or move it away", file.display());
    }
    let mut config: toml::Table = toml::from_str(EXAMPLE).context("the example")?;
    // Results go to a folder of this name: not to that of the example, whose results are shipped.
    config.insert("name".into(), name(file).into());
    let (mut told, mut note, mut answer) = (String::new(), "", None);
    if let Some(path) = from {
        let found = recognise(path)?;
        found.notes.iter().for_each(|note| say(note));
        told = outline(&found);
        answer = Some(1.0 / found.test.max(1) as f64);
        if matches!(found.data.source, DataSource::Folder(_)) {
            note = HEADERS_ALONE;
        }
        adapt(&mut config, path, found)?;
    }
    let name = printable_path(file);
    let text = HEADER.replace("FILE", &name) + note + &commented(&config);
    // What was written must be read, and what was found be enough to train on.
    let study = Study::parse(&text, file, &[])?;
    if let (Some(path), Some(cell)) = (from, study.cells.first()) {
        Planner::default().explain(&cell.config).with_context(|| path.display().to_string())?;
    }
    let margin = study.compare.as_ref().map_or(f64::INFINITY, |compare| compare.margin);
    if let Some(one) = answer.filter(|&one| one > margin) {
        say(&format!(
            "note: one of the test images is {one:.3} of the accuracy, more than compare.margin = {margin}: with more of them, or a \
             larger margin, equivalence is shown more easily"
        ));
    }
    write_text(file, &text)?;
    print(&format!("{told}{name}\nnext: untied run {name}\n"))?;
    Ok(Exit::Done)
}

/// `120 images to train on, 30 to test with: 3x32x32, 4 classes`.
fn outline(found: &Recognised) -> String {
    let Recognised { data, train, test, classes, shape: [channels, height, width], .. } = found;
    let images = plural(*train, "image");
    let set_apart = if data.test.is_some() { ", drawn from each class alike" } else { "" };
    let resized = if data.size.is_some() { "; their sizes differ, so that all are cut and resized" } else { "" };
    format!(
        "{images} to train on, {test} to test with{set_apart}: {channels}x{height}x{width}, {classes} classes{resized}\n"
    )
}

/// The example's config, for other images.
fn adapt(config: &mut toml::Table, path: &Path, found: Recognised) -> anyhow::Result<()> {
    let Recognised { data, train, shape: [_, height, width], .. } = found;
    config.insert("name".into(), name(path).into());
    config.insert("data".into(), toml::Value::try_from(kept(&data)?)?);
    let mut set = |table: &str, key: &str, value: toml::Value| {
        if let Some(table) = config.get_mut(table).and_then(toml::Value::as_table_mut) {
            table.insert(key.into(), value);
        }
    };
    if height.min(width) < TWO_BLOCKS {
        set("model", "channels", vec![16_i64].into());
    }
    set("train", "epochs", 10.into());
    // Some steps an epoch, with few images too.
    set("train", "batch_size", ((train / 4).clamp(1, 64) as i64).into());
    // To classify other images with.
    set("train", "save_model", true.into());
    set("vary", "seeds", 5.into());
    Ok(())
}

/// What was chosen or found, without defaults; the path from wherever the config will lie.
fn kept(data: &DataConfig) -> anyhow::Result<Map<String, Value>> {
    let all = serde_json::to_value(data)?;
    let mut kept = Map::new();
    for key in ["source", "test", "size"] {
        let value = &all[key];
        if !value.is_null() {
            kept.insert(key.into(), value.clone());
        }
    }
    for path in kept["source"].as_object_mut().into_iter().flatten().map(|(_, path)| path) {
        let text = path.as_str().unwrap_or_default();
        let absolute = std::path::absolute(text).with_context(|| text.to_owned())?;
        let absolute =
            absolute.to_str().with_context(|| format!("{}: expected a path that is UTF-8", absolute.display()))?;
        *path = json!(absolute);
    }
    Ok(kept)
}

/// The last piece of a path, as far as a study may be called so.
fn name(path: &Path) -> String {
    let path = path.canonicalize().unwrap_or_else(|_| path.to_owned());
    let stem = path.file_stem().unwrap_or_default().to_string_lossy();
    let plain: String =
        stem.chars().map(|c| if c.is_ascii_alphanumeric() || c == '-' { c } else { '_' }).take(60).collect();
    if plain.chars().any(|c| c.is_ascii_alphanumeric()) { plain } else { "study".to_owned() }
}
