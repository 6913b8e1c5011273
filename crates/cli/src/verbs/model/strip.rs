//! `untied strip`: a trained model without the redundant part of its biases.

use anyhow::Context;
use untied_study::ModelConfig;
use untied_trainer::{StrippedLayer, TrainedModel};

use super::rewrite::{RewriteArguments, conclusion};
use crate::exit::Exit;
use crate::table::Table;

pub(crate) fn strip(arguments: &RewriteArguments) -> anyhow::Result<Exit> {
    let model = arguments.load()?;
    let stripped = untied_trainer::strip(&model).with_context(|| arguments.name())?;
    let text = [
        heading(&model, &stripped.model, &stripped.layers),
        table(&stripped.layers),
        conclusion(&model, &stripped.model, &stripped.agreement),
    ];
    arguments.write(&stripped.model, "stripped", &text.concat())?;
    Ok(Exit::Done)
}

fn heading(before: &TrainedModel, after: &TrainedModel, layers: &[StrippedLayer]) -> String {
    let [ModelConfig { bias, norm, .. }, ModelConfig { bias: left, .. }] =
        [before, after].map(|model| &model.config().model);
    let (bias, left) = (bias.to_string(), left.to_string());
    if layers.iter().all(|layer| layer.redundant == 0) {
        return format!("bias {bias}, norm {norm}: nothing is redundant, the model stays as it is\n");
    }
    let became = if bias == left { "keeps what is not redundant".to_owned() } else { format!("becomes {left}") };
    let follows = norm.spec().is_some_and(|spec| spec.follows());
    let into = if follows { "; the running mean takes over what it loses" } else { "" };
    format!("bias {bias}, norm {norm}: the bias {became}{into}\n")
}

fn table(layers: &[StrippedLayer]) -> String {
    let header = ["layer", "bias parameters", "redundant", "after", "‖removed‖", "‖rest‖"];
    let mut table = Table::new(header).align_right(&[1, 2, 3, 4, 5]);
    for layer in layers {
        let [before, after] = layer.bias_numbers;
        table.push([
            layer.layer.clone(),
            before.to_string(),
            layer.redundant.to_string(),
            after.to_string(),
            format!("{:.2e}", layer.removed_norm),
            format!("{:.2e}", layer.rest_norm),
        ]);
    }
    table.text()
}
