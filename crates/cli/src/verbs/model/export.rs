//! `untied export`: a trained model in files of other programs.

use std::path::{Path, PathBuf};

use anyhow::{Context, bail};
use clap::Args;
use untied_study::{printable_path, read_text, write_bytes, write_text};
use untied_trainer::{TorchModel, TrainedModel};

use super::outputs::Outputs;
use crate::exit::Exit;
use crate::terminal::print;

#[derive(Debug, Args)]
pub(crate) struct ExportArguments {
    /// A trained model, `model.safetensors` of a cell with `train.save_model = true`
    model: PathBuf,
    /// Write an ONNX file of standard operators, in f32, for any number of images
    #[arg(long, value_name = "FILE")]
    onnx: Option<PathBuf>,
    /// Write a state dict as safetensors, and beside it a small PyTorch module that takes it, with the ending .py
    #[arg(long, value_name = "FILE")]
    torch: Option<PathBuf>,
}

/// How every module that is written here begins: how it is used.
const MODULES_BEGIN: &str = "# net = Net()\n";
/// No module is longer.
const LONGEST_MODULE: u64 = 1 << 24;

pub(crate) fn export(arguments: &ExportArguments) -> anyhow::Result<Exit> {
    let name = || arguments.model.display().to_string();
    let onnx = with_ending(arguments.onnx.as_deref(), "--onnx", "onnx")?;
    let torch = with_ending(arguments.torch.as_deref(), "--torch", "safetensors")?;
    if onnx.is_none() && torch.is_none() {
        bail!("{}: expected a file to write: --onnx FILE, --torch FILE, or both", name());
    }
    let module = torch.map(|path| path.with_extension("py"));
    Outputs::of(&arguments.model).and("--onnx", onnx)?.and("--torch", torch)?.and("--torch", module.as_deref())?;
    if let Some(module) = module.as_deref().filter(|module| module.exists() && !is_exported(module)) {
        bail!("{}: expected no file, or the module of an earlier export, found another one", module.display());
    }
    let model = TrainedModel::load(&arguments.model).with_context(name)?;
    if let Some(path) = onnx {
        write_bytes(path, &[&model.to_onnx().with_context(name)?])?;
        print(&format!("{}\n", printable_path(path)))?;
    }
    if let (Some(path), Some(module)) = (torch, module) {
        let TorchModel { state_dict, module: text } = model.to_torch().with_context(name)?;
        let file = path.file_name().unwrap_or_default().to_string_lossy();
        write_bytes(path, &[&state_dict])?;
        write_text(&module, &text.replace("\"FILE\"", &format!("{file:?}")))?;
        print(&format!("{}\n{}\n", printable_path(path), printable_path(&module)))?;
    }
    Ok(Exit::Done)
}

/// The file of an option, whose ending says what it holds.
fn with_ending<'p>(path: Option<&'p Path>, option: &str, ending: &str) -> anyhow::Result<Option<&'p Path>> {
    if let Some(path) = path.filter(|path| !path.extension().is_some_and(|found| found.eq_ignore_ascii_case(ending))) {
        bail!("{option} {}: expected a name that ends in .{ending}", path.display());
    }
    Ok(path)
}

fn is_exported(module: &Path) -> bool {
    matches!(read_text(module, LONGEST_MODULE), Ok(Some(text)) if text.starts_with(MODULES_BEGIN))
}
