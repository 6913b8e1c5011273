//! `untied explain`: what theory says of the configured models, before anything trains.

use std::collections::HashSet;
use std::fmt::Write;

use clap::Args;
use untied_redundancy::RedundancyTable;
use untied_study::{Cell, CellConfig, Factors, Study};
use untied_trainer::{BiasSummary, FrozenSummary, ModelSummary, OperationSummary, Planner, StartTensor};

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

#[derive(Debug, Args)]
pub(crate) struct ExplainArguments {
    #[command(flatten)]
    config: ConfigArguments,
}

pub(crate) fn explain(arguments: &ExplainArguments) -> anyhow::Result<Exit> {
    let study = arguments.config.load(None)?;
    let (mut text, mut planner, mut refusal) = (String::new(), Planner::default(), None);
    for cell in distinct_models(&study) {
        let name = variant_name(&study, &model_factors(cell));
        let summary = in_variant(&study, cell, arguments.config.path(), planner.explain(&cell.config))?;
        text += &block(if name.is_empty() { &study.name } else { &name }, &summary);
        if cell.config.model.init_from.is_some() {
            let (tensors, fits) = in_variant(&study, cell, arguments.config.path(), planner.start(&cell.config))?;
            text = format!("{text}\n{}", start(&tensors));
            // Behind the table, which shows what the file holds.
            refusal = refusal.or(in_variant(&study, cell, arguments.config.path(), fits).err());
        }
        text.push('\n');
    }
    if let Some(bounds) = bounds(&study) {
        let _ = writeln!(text, "{bounds}\n");
    }
    let table = RedundancyTable::new().to_string().trim_end().replace('\n', "\n  ");
    print(&format!("{text}{RULE}\n  {table}\n{REMARK}"))?;
    refusal.map_or(Ok(Exit::Done), Err)
}

/// The first cell of each data set, model, and end of batch norm: seeds and other training rules do not matter here.
fn distinct_models(study: &Study) -> Vec<&Cell> {
    let mut seen = HashSet::new();
    let new = |cell: &&Cell| {
        let CellConfig { data, model, train, .. } = &cell.config;
        seen.insert(format!("{data:?} {model:?} {:?}", train.freeze_norm))
    };
    study.cells.iter().filter(new).collect()
}

fn model_factors(cell: &Cell) -> Factors {
    let matters = ["data", "model", "train.freeze_norm"];
    let factors = cell.factors.iter().filter(|(key, _)| matters.iter().any(|matters| key.starts_with(matters)));
    factors.map(|(key, value)| (key.clone(), value.clone())).collect()
}

fn block(name: &str, model: &ModelSummary) -> String {
    let mut text = format!("{name}\n");
    let input = sizes(model.input);
    let names = model.class_names.as_ref().map(|names| format!(" ({})", names.join(", "))).unwrap_or_default();
    let (parameters, multiply_adds) = (model.parameters.total, model.multiply_adds);
    let counts = format!("{parameters} parameters, {multiply_adds} multiply-adds an image");
    let _ = writeln!(text, "input {input}, {} classes{names}, {counts}", model.classes);
    text += &operations(&model.operations);
    text.push('\n');
    text += &biases(&model.biases, &model.shared);
    if let Some(FrozenSummary { after, biases: frozen, shared }) = &model.frozen {
        let _ = writeln!(text, "\nonce batch norm is frozen, after epoch {after}, its β with it");
        text += &biases(frozen, shared);
    }
    text
}

/// Which tensor of the file that a model starts from becomes which of the model's.
fn start(tensors: &[StartTensor]) -> String {
    let mut table = Table::new(["tensor", "shape", "in the file", "shape there", ""]);
    for StartTensor { model, file, fits } in tensors {
        let [[name, shape], [of_file, shape_there]] = [model, file].map(|side| match side {
            Some((name, shape)) => [name.clone(), format!("{shape:?}")],
            None => ["–", ""].map(str::to_owned),
        });
        let said = match (model, file) {
            (_, None) => "missing in the file",
            (None, _) => "left over in the file",
            _ if *fits => "",
            _ => "of another shape",
        };
        table.push([name, shape, of_file, shape_there, said.to_owned()]);
    }
    table.text()
}

fn operations(operations: &[OperationSummary]) -> String {
    let header = ["operation", "", "output", "parameters", "multiply-adds"];
    let mut table = Table::new(header).align_right(&[3, 4]);
    let count = |count: usize| if count == 0 { String::new() } else { count.to_string() };
    for OperationSummary { name, operation, output, parameters, multiply_adds } in operations {
        table.push([name.clone(), operation.clone(), sizes(*output), count(*parameters), count(*multiply_adds)]);
    }
    table.text()
}

fn biases(biases: &[BiasSummary], shared: &[String]) -> String {
    let mut table = Table::new(["bias", "parameters", "redundant", "at work", ""]).align_right(&[1, 2, 3]);
    for BiasSummary { name, parameters, redundant, path } in biases {
        let at_work = parameters.saturating_sub(*redundant);
        let [parameters, redundant, at_work] = [*parameters, *redundant, at_work].map(|count| count.to_string());
        table.push([name.clone(), parameters, redundant, at_work, path.clone()]);
    }
    let sentences = shared.iter().map(|sentence| format!("  {sentence}\n"));
    table.text() + &sentences.collect::<String>()
}

fn sizes(sizes: [usize; 3]) -> String {
    sizes.map(|size| size.to_string()).join("×")
}
