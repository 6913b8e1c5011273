//! `untied lint`: which biases of an ONNX model do nothing, and the model without them.

use std::path::{Path, PathBuf};

use anyhow::{Context, bail};
use clap::{Args, ValueEnum};
use untied_lint::{Agreement, Finding, Findings, Folded, InputShapes, Model, NotUnderstood, Stripped};
use untied_study::{models_in, printable, printable_path, write_bytes};

use super::outputs::Outputs;
use crate::exit::Exit;
use crate::table::Table;
use crate::terminal::print;
use crate::wording::plural;

#[derive(Debug, Args)]
pub(crate) struct LintArguments {
    /// An ONNX model
    model: PathBuf,
    /// Write the model without the redundant part of its biases; running means take it over
    #[arg(long, value_name = "OUT.onnx")]
    strip: Option<PathBuf>,
    /// Write the model with its batch norms folded into the convolutions and linear maps before them
    #[arg(long, value_name = "OUT.onnx")]
    fold: Option<PathBuf>,
    /// How the findings are printed
    #[arg(long, value_enum, default_value_t = Format::Text)]
    format: Format,
    /// The shape of an input whose sizes the model leaves open, such as x=1,3,224,224; an open number of images is 2
    #[arg(long, value_name = "INPUT=SIZES", value_parser = shape)]
    shape: Vec<(String, Vec<usize>)>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Format {
    /// A table
    Text,
    /// One JSON object
    Json,
    /// A SARIF 2.1.0 log
    Sarif,
}

/// The ONNX models in a folder, or else this program's own, which `export` writes as such.
fn folder(path: &Path) -> String {
    let is_onnx = |path: &PathBuf| path.extension().is_some_and(|ending| ending == "onnx");
    let entries = std::fs::read_dir(path).map(|entries| entries.flatten().map(|entry| entry.path()));
    let mut found: Vec<PathBuf> = entries.into_iter().flatten().filter(is_onnx).collect();
    found.sort();
    match found.first() {
        Some(first) => format!("it is a folder, in which lies {}", printable_path(first)),
        None => format!("{}: untied export MODEL --onnx model.onnx", models_in(path)),
    }
}

/// A name and sizes.
fn shape(text: &str) -> Result<(String, Vec<usize>), String> {
    let (name, sizes) = text.split_once('=').ok_or("expected INPUT=SIZES, such as x=1,3,224,224")?;
    let sizes: Result<Vec<usize>, _> = sizes.split(',').map(|size| size.trim().parse()).collect();
    let sizes = sizes.map_err(|_| "expected whole numbers between commas, such as x=1,3,224,224")?;
    Ok((name.to_owned(), sizes))
}

pub(crate) fn lint(arguments: &LintArguments) -> anyhow::Result<Exit> {
    let name = arguments.model.display().to_string();
    Outputs::of(&arguments.model)
        .and("--strip", arguments.strip.as_deref())?
        .and("--fold", arguments.fold.as_deref())?;
    if arguments.model.is_dir() {
        bail!("{name}: expected an ONNX file; {}", folder(&arguments.model));
    }
    let shapes: InputShapes = arguments.shape.iter().cloned().collect();
    let model = Model::read(&arguments.model)?;
    let findings = untied_lint::lint(&model, &shapes).with_context(|| name.clone())?;
    let mut text = match arguments.format {
        Format::Text => heading(&name, &model) + &table(&findings) + &reasons(&findings) + &summary(&findings),
        Format::Json => format!("{:#}\n", untied_lint::json(&name, &findings)),
        Format::Sarif => format!("{:#}\n", untied_lint::sarif(&name, &findings)),
    };
    let mut said = String::new();
    if let Some(path) = &arguments.strip {
        let stripped = untied_lint::strip(&model, &shapes).with_context(|| name.clone())?;
        write_bytes(path, &[&stripped.to_bytes()])?;
        let (parts, agreement) = (strips(&stripped.parts), agreement(&stripped.agreement));
        said = format!("\n{parts}{agreement}{}\n", printable_path(path));
    }
    if let Some(path) = &arguments.fold {
        let folded = untied_lint::fold(&model, &shapes).with_context(|| name.clone())?;
        write_bytes(path, &[&folded.to_bytes()])?;
        let (parts, agreement) = (folds(&folded.parts), agreement(&folded.agreement));
        said = format!("{said}\n{parts}{agreement}{}\n", printable_path(path));
    }
    if arguments.format == Format::Text {
        text += &said;
    }
    print(&text)?;
    Ok(Exit::Done)
}

fn heading(name: &str, model: &Model) -> String {
    format!("{}: opset {}\n", printable(name), model.opset())
}

fn table(findings: &Findings) -> String {
    let header = ["", "bias", "what", "shape", "parameters", "redundant in training", "in inference", "by --fold"];
    let mut table = Table::new(header).align_right(&[0, 4, 5, 6]);
    for (index, finding) in findings.biases.iter().enumerate() {
        let sizes: Vec<String> = finding.shape.iter().map(ToString::to_string).collect();
        table.push([
            (index + 1).to_string(),
            finding.name.clone(),
            format!("{} {}, {}", finding.sharing, finding.role, finding.operator),
            sizes.join("×"),
            finding.parameters().to_string(),
            count(finding.training.redundant, finding.training.unknown),
            count(finding.evaluation.redundant, finding.evaluation.unknown),
            finding.folding.to_string(),
        ]);
    }
    table.text()
}

/// `4`, or where operations that are not understood decide over more, `4, 12 unknown`.
fn count(redundant: usize, unknown: usize) -> String {
    match (redundant, unknown) {
        (redundant, 0) => redundant.to_string(),
        (0, unknown) => format!("{unknown} unknown"),
        (redundant, unknown) => format!("{redundant}, {unknown} unknown"),
    }
}

/// The way of each bias with a redundant or an unknown part, and the operations that are not understood.
fn reasons(findings: &Findings) -> String {
    let mut lines = Vec::new();
    for (index, finding) in findings.biases.iter().enumerate() {
        let share = &finding.training;
        if share.redundant > 0 {
            lines.push(format!("{}: {}", index + 1, share.path));
        }
        if share.unknown > 0 {
            let nodes = if share.unknown_at.is_empty() { finding.node.clone() } else { share.unknown_at.join(", ") };
            lines.push(format!("{}: unknown, behind {nodes}", index + 1));
        }
    }
    let (behind, causes): (Vec<_>, Vec<_>) = findings.not_understood.iter().partition(|of| of.is_behind_another());
    let cause = |of: &NotUnderstood| format!("not understood: {} ({}): {}", of.node, of.operator, of.reason);
    lines.extend(causes.into_iter().map(cause));
    if !behind.is_empty() {
        let operations = plural(behind.len(), "operation");
        lines.push(format!("not understood either: {operations} behind those, as the shapes there are not known"));
    }
    lines.iter().fold(String::new(), |text, line| text + "  " + &printable(line) + "\n")
}

fn summary(findings: &Findings) -> String {
    let (all, [training, evaluation]) = (findings.parameters(), findings.redundant());
    let biases = plural(findings.biases.len(), "bias").replace("biass", "biases");
    let share = if all == 0 { 0.0 } else { 100.0 * training as f64 / all as f64 };
    let whole = |finding: &&Finding| finding.training.redundant == finding.parameters();
    let whole: Vec<&Finding> = findings.biases.iter().filter(whole).collect();
    let parameters: usize = whole.iter().map(|finding| finding.parameters()).sum();
    let unknown = match findings.unknown() {
        0 => String::new(),
        unknown => format!(", {unknown} unknown"),
    };
    format!(
        "{biases} of {}: {training} redundant in training ({share:.0} %), {evaluation} in inference too{unknown}\n\
         stripping saves training {} redundant as a whole, {} together\n",
        plural(all, "parameter"),
        plural(whole.len(), "bias").replace("biass", "biases"),
        plural(parameters, "parameter"),
    )
}

fn strips(parts: &[Stripped]) -> String {
    let mut table = Table::new(["stripped", "parameters", "redundant", "‖removed‖", ""]).align_right(&[1, 2, 3]);
    for part in parts.iter().filter(|part| part.redundant > 0) {
        let becomes = match (&part.kept_for, part.deleted) {
            (Some(reason), _) => format!("kept: {reason}"),
            (None, true) => "deleted".to_owned(),
            (None, false) if part.redundant == part.parameters => "zeros".to_owned(),
            (None, false) => "keeps the rest".to_owned(),
        };
        let [parameters, redundant] = [part.parameters, part.redundant].map(|count| count.to_string());
        table.push([part.name.clone(), parameters, redundant, format!("{:.2e}", part.removed_norm), becomes]);
    }
    table.text()
}

fn folds(parts: &[Folded]) -> String {
    let mut table = Table::new(["folded", "into", ""]);
    for part in parts {
        let across = if part.across.is_empty() { String::new() } else { format!("across {}", part.across.join(", ")) };
        let said = part.kept_for.as_ref().map_or(across, |reason| format!("kept: {reason}"));
        table.push([part.norm.clone(), part.into.clone().unwrap_or_else(|| "–".to_owned()), said]);
    }
    table.text()
}

fn agreement(agreement: &Agreement) -> String {
    let Agreement { inputs, difference, rounding, largest } = agreement;
    format!(
        "on {} outputs differ by {difference:.1e} at most, of {largest:.1e}; one rounding of the parameters makes {rounding:.1e}\n",
        plural(*inputs, "random input")
    )
}
