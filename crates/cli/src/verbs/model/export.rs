//! `untied export`: a trained model in files of other programs.

use std::path::PathBuf;

use anyhow::{Context, bail};
use clap::Args;
use untied_study::{printable_path, write_bytes, write_text};
use untied_trainer::{TorchModel, TrainedModel};

use crate::exit::Exit;
use crate::terminal::print;

#[derive(Debug, Args)]
pub(crate) struct ExportArguments {
    /// A trained model, `model.safetensors` of a cell with `train.save_model = true`
    model: PathBuf,
    /// Write an ONNX file of standard operators, in f32, for any number of images
    #[arg(long, value_name = "FILE", required_unless_present = "torch")]
    onnx: Option<PathBuf>,
    /// Write a state dict as safetensors, and beside it a small PyTorch module that takes it, with the ending .py
    #[arg(long, value_name = "FILE", required_unless_present = "onnx")]
    torch: Option<PathBuf>,
}

pub(crate) fn export(arguments: &ExportArguments) -> anyhow::Result<Exit> {
    let name = || arguments.model.display().to_string();
    let model = TrainedModel::load(&arguments.model).with_context(name)?;
    if let Some(path) = &arguments.onnx {
        write_bytes(path, &[&model.to_onnx().with_context(name)?])?;
        print(&format!("{}\n", printable_path(path)))?;
    }
    if let Some(path) = &arguments.torch {
        let (module, TorchModel { state_dict, module: text }) =
            (path.with_extension("py"), model.to_torch().with_context(name)?);
        if module == *path {
            bail!("{}: expected another ending than .py, which the module beside it gets", path.display());
        }
        let file = path.file_name().unwrap_or_default().to_string_lossy();
        write_bytes(path, &[&state_dict])?;
        write_text(&module, &text.replace("\"FILE\"", &format!("{file:?}")))?;
        print(&format!("{}\n{}\n", printable_path(path), printable_path(&module)))?;
    }
    Ok(Exit::Done)
}
