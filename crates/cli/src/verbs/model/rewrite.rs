//! The common part of `untied strip` and `untied fold`: a trained model in, the same function in fewer parameters out.

use std::path::PathBuf;

use anyhow::Context;
use clap::Args;
use untied_study::{Dtype, printable_path, write_bytes};
use untied_trainer::{Agreement, Deviation, TrainedModel};

use crate::terminal::print;
use crate::wording::plural;

#[derive(Debug, Args)]
pub(crate) struct RewriteArguments {
    /// A trained model, `model.safetensors` of a cell with `train.save_model = true`
    model: PathBuf,
    /// The file to write [default: MODEL with .stripped or .folded before its extension]
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
}

impl RewriteArguments {
    pub(crate) fn load(&self) -> anyhow::Result<TrainedModel> {
        TrainedModel::load(&self.model).with_context(|| self.name())
    }

    /// The path of the model, for errors.
    pub(crate) fn name(&self) -> String {
        self.model.display().to_string()
    }

    fn out(&self, suffix: &str) -> PathBuf {
        self.out.clone().unwrap_or_else(|| {
            let mut name = self.model.file_stem().unwrap_or_default().to_owned();
            name.push(format!(".{suffix}."));
            name.push(self.model.extension().unwrap_or("safetensors".as_ref()));
            self.model.with_file_name(name)
        })
    }

    /// Writes a model that was checked, then says what became of the old one.
    pub(crate) fn write(&self, model: &TrainedModel, suffix: &str, text: &str) -> anyhow::Result<()> {
        let path = self.out(suffix);
        write_bytes(&path, &[&model.to_bytes()])?;
        print(&format!("{text}{}\n", printable_path(&path)))
    }
}

/// `552 parameters before, 542 after: 10 saved`, and how nearly the models are the same.
pub(crate) fn conclusion(before: &TrainedModel, after: &TrainedModel, agreement: &Agreement) -> String {
    let [old, new] = [before, after].map(TrainedModel::numbers);
    let change = if new > old { format!("{} more", new - old) } else { format!("{} saved", old - new) };
    let Agreement { images, exact, rounded } = agreement;
    let rounded = match before.config().train.dtype {
        Dtype::F32 => format!("after rounding to f32 by {}\n", deviation(*rounded)),
        Dtype::F64 => String::new(),
    };
    format!(
        "{} before, {new} after: {change}\noutputs of {} differ by {}\n{rounded}",
        plural(old, "parameter"),
        plural(*images, "random image"),
        deviation(*exact)
    )
}

fn deviation(Deviation { largest, allowed }: Deviation) -> String {
    format!("{largest:.1e} at most, {allowed:.1e} allowed")
}
