//! `untied export`: a trained model in files of other programs.

use std::path::PathBuf;

use anyhow::Context;
use clap::Args;
use untied_study::write_bytes;
use untied_trainer::TrainedModel;

use crate::exit::Exit;
use crate::terminal::print;

#[derive(Debug, Args)]
#[group(id = "to", required = true, multiple = true)]
pub(crate) struct ExportArguments {
    /// A trained model, `model.safetensors` of a cell with `train.save_model = true`
    #[arg(group = "from")]
    model: PathBuf,
    /// Write an ONNX file of standard operators, in f32, for any number of images
    #[arg(long, value_name = "FILE", group = "to")]
    onnx: Option<PathBuf>,
}

pub(crate) fn export(arguments: &ExportArguments) -> anyhow::Result<Exit> {
    let name = || arguments.model.display().to_string();
    let model = TrainedModel::load(&arguments.model).with_context(name)?;
    if let Some(path) = &arguments.onnx {
        write_bytes(path, &[&model.to_onnx().with_context(name)?])?;
        print(&format!("{}\n", path.display()))?;
    }
    Ok(Exit::Done)
}
