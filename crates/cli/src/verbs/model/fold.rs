//! `untied fold`: a trained model with its batch norm folded into its convolutions.

use anyhow::Context;
use untied_study::ModelConfig;
use untied_trainer::{Folded, FoldedLayer, TrainedModel};

use super::rewrite::{RewriteArguments, conclusion};
use crate::exit::Exit;
use crate::table::Table;
use crate::wording::plural;

pub(crate) fn fold(arguments: &RewriteArguments) -> anyhow::Result<Exit> {
    let model = arguments.load()?;
    let folded = untied_trainer::fold(&model).with_context(|| arguments.name())?;
    let text = [heading(&model, &folded), table(&folded.layers), conclusion(&model, &folded.model, &folded.agreement)];
    arguments.write(&folded.model, "folded", &text.concat())?;
    Ok(Exit::Done)
}

fn heading(before: &TrainedModel, folded: &Folded) -> String {
    let [ModelConfig { bias, norm, .. }, ModelConfig { bias: left, norm: none, .. }] =
        [before, &folded.model].map(|model| &model.config().model);
    if before.config().model.is_plain() {
        return format!("bias {bias}, norm {norm}: becomes bias {left}, norm {none}\n");
    }
    let count = plural(folded.layers.len(), "batch norm");
    let kept = match folded.kept.as_slice() {
        [] => String::new(),
        kept => format!("; others stay, since they normalize no convolution's output alone: {}", kept.join(", ")),
    };
    format!("{count} folded{kept}\n")
}

fn table(layers: &[FoldedLayer]) -> String {
    let header = ["layer", "bias parameters", "after", "all parameters", "after"];
    let mut table = Table::new(header).align_right(&[1, 2, 3, 4]);
    for FoldedLayer { layer, bias_numbers: [bias, bias_after], numbers: [numbers, numbers_after] } in layers {
        let counts = [bias, bias_after, numbers, numbers_after].map(ToString::to_string);
        let [bias, bias_after, numbers, numbers_after] = counts;
        table.push([layer.clone(), bias, bias_after, numbers, numbers_after]);
    }
    table.text()
}
