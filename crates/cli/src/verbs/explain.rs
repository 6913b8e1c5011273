//! `untied explain`: what theory says of the configured models, before anything trains.

use std::collections::HashSet;
use std::fmt::Write;

use clap::Args;
use untied_redundancy::RedundancyTable;
use untied_study::{Cell, Factors, Parametrization, Study};
use untied_trainer::{LayerSummary, ModelSummary, Planner};

use crate::arguments::ConfigArguments;
use crate::check::in_variant;
use crate::exit::Exit;
use crate::plan::looks::bounds;
use crate::table::Table;
use crate::terminal::print;
use crate::wording::variant_name;

const RULE: &str = "\
The rule: a normalization removes the part of a bias that its centring subtracts again. Of the parameters
of a bias before it, this many dimensions are redundant (C channels, G groups):
";

const REMARK: &str = "
Affine parameters, ε and zero padding change none of this, since the centring comes first.
";

const BIAS_AFTER: &str =
    "  β of the norm has one parameter per activation: it is itself an untied bias, after the norm.\n";

#[derive(Debug, Args)]
pub(crate) struct ExplainArguments {
    #[command(flatten)]
    config: ConfigArguments,
}

pub(crate) fn explain(arguments: &ExplainArguments) -> anyhow::Result<Exit> {
    let study = arguments.config.load(None)?;
    let (mut text, mut planner) = (String::new(), Planner::default());
    for cell in distinct_models(&study) {
        let name = variant_name(&study, &model_factors(cell));
        let summary = in_variant(&study, cell, arguments.config.path(), planner.explain(&cell.config))?;
        text += &block(if name.is_empty() { &study.name } else { &name }, &summary);
        if cell.config.model.norm.spec().is_some_and(|spec| spec.per_activation()) {
            text += BIAS_AFTER;
        }
        text.push('\n');
    }
    if let Some(bounds) = bounds(&study) {
        let _ = writeln!(text, "{bounds}\n");
    }
    let table = RedundancyTable::new().to_string().trim_end().replace('\n', "\n  ");
    print(&format!("{text}{RULE}\n  {table}\n{REMARK}"))?;
    Ok(Exit::Done)
}

/// The first cell of each data set and model: seeds and training rules do not matter here.
fn distinct_models(study: &Study) -> Vec<&Cell> {
    let mut seen = HashSet::new();
    let new = |cell: &&Cell| seen.insert(format!("{:?} {:?}", cell.config.data, cell.config.model));
    study.cells.iter().filter(new).collect()
}

fn model_factors(cell: &Cell) -> Factors {
    let factors = cell.factors.iter().filter(|(key, _)| key.starts_with("data") || key.starts_with("model"));
    factors.map(|(key, value)| (key.clone(), value.clone())).collect()
}

fn block(name: &str, model: &ModelSummary) -> String {
    let mut text = format!("{name}\n");
    let input = sizes(model.input);
    let names = model.class_names.as_ref().map(|names| format!(" ({})", names.join(", "))).unwrap_or_default();
    let _ = writeln!(text, "input {input}, {} classes{names}, {} parameters", model.classes, model.parameters.total);
    let header = ["layer", "output", "weights", "norm", "bias", "bias parameters", "redundant", "at work"];
    let mut table = Table::new(header).align_right(&[2, 5, 6, 7]);
    for layer in &model.layers {
        let parameters = layer.bias_parameters;
        let count = |count: usize| if parameters == 0 { "–".to_owned() } else { count.to_string() };
        table.push([
            layer.layer.clone(),
            sizes(layer.output),
            weights(layer),
            layer.norm.clone(),
            layer.bias.clone(),
            parameters.to_string(),
            count(layer.redundant),
            count(parameters.saturating_sub(layer.redundant)),
        ]);
    }
    text + &table.text()
}

fn weights(layer: &LayerSummary) -> String {
    let parametrization = layer.parametrization;
    let is_plain = parametrization == Parametrization::Plain;
    if is_plain { layer.weights.to_string() } else { format!("{} {parametrization}", layer.weights) }
}

fn sizes(sizes: [usize; 3]) -> String {
    sizes.map(|size| size.to_string()).join("×")
}
