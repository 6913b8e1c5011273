//! The verbs of the command line, each with its arguments.

mod cell;
mod compare;
mod explain;
mod model;
mod page;
mod report;
mod run;
mod slurm;
mod start;
mod worker;

use clap::{Command, Subcommand};
use untied_trainer::registers;

use self::model::{evaluate, export, fold, lint, predict, rewrite, strip};
use self::start::{doctor, first, init, manual, schema};
use crate::exit::{self, Exit};

/// The environment variable that caps the registers of kernels.
const CAP: &str = "UNTIED_SIMD";

#[derive(Debug, Subcommand)]
pub(crate) enum Verb {
    /// Expand the grid of a config, train the cells that are not finished, write the report
    #[command(after_help = exit::HELP)]
    Run(run::RunArguments),
    /// Write a config with every key in it, for bundled digits or for images of your own
    #[command(after_help = exit::HELP)]
    Init(init::InitArguments),
    /// Train one cell of the grid, in this process: a task of a job array
    #[command(after_help = exit::HELP)]
    Cell(cell::CellArguments),
    /// Write the report of a study's folder again; lists missing cells and exits with 1 if there are any
    #[command(after_help = exit::HELP)]
    Report(report::ReportArguments),
    /// Set two runs of a study side by side: settings, cells, means and verdicts
    #[command(after_help = exit::HELP)]
    Compare(compare::CompareArguments),
    /// Write the cells that are not finished as Slurm job arrays, with the report after them; --submit submits them
    #[command(after_help = exit::HELP)]
    Slurm(slurm::SlurmArguments),
    /// Show which part of each bias the normalization removes, by theory; trains nothing
    #[command(after_help = exit::HELP)]
    Explain(explain::ExplainArguments),
    /// Remove from a trained model what its normalization removes of its biases anyway, and check that it stays the same
    #[command(after_help = exit::HELP)]
    Strip(rewrite::RewriteArguments),
    /// Fold the batch norm of a trained model into its convolutions, and check that it stays the same
    #[command(after_help = exit::HELP)]
    Fold(rewrite::RewriteArguments),
    /// Test a trained model: accuracy, each class, the confusion matrix, and the worst images on a page
    #[command(after_help = exit::HELP)]
    Evaluate(evaluate::EvaluateArguments),
    /// Classify image files with a trained model
    #[command(after_help = exit::HELP)]
    Predict(predict::PredictArguments),
    /// Write a trained model as an ONNX file, or for PyTorch
    #[command(after_help = exit::HELP)]
    Export(export::ExportArguments),
    /// Show which biases of an ONNX model do nothing, and why; write it without them, and check that it stays the same
    #[command(after_help = exit::HELP)]
    Lint(lint::LintArguments),
    /// Write the page that teaches what a bias does before a normalization, with the answers of the studies
    #[command(after_help = exit::HELP)]
    Page(page::PageArguments),
    /// Print the JSON Schema of configs, for editors that complete and check them
    #[command(after_help = exit::HELP)]
    Schema,
    /// Show what the program and this machine have: devices, cores, registers, folders
    #[command(after_help = exit::HELP)]
    Doctor,
    /// Print a script that completes the program's commands and options in a shell
    #[command(after_help = exit::HELP)]
    Completions(manual::CompletionsArguments),
    /// Print the program's manual page, or write one for every command
    #[command(after_help = exit::HELP)]
    Man(manual::ManArguments),
    /// For `run`: train one cell of its folder
    #[command(hide = true)]
    Worker(worker::WorkerArguments),
}

/// What was asked for; without a verb, what one would do first.
///
/// `command` is the whole command line, for what is made from it.
pub(crate) fn run(verb: Option<&Verb>, command: fn() -> Command) -> anyhow::Result<Exit> {
    if std::env::var_os(CAP).is_some() {
        registers().map_err(anyhow::Error::msg)?;
    }
    verb.map_or_else(first::first, |verb| verb.run(command))
}

impl Verb {
    fn run(&self, command: fn() -> Command) -> anyhow::Result<Exit> {
        match self {
            Self::Run(arguments) => run::run(arguments),
            Self::Cell(arguments) => cell::cell(arguments),
            Self::Report(arguments) => report::report(arguments),
            Self::Slurm(arguments) => slurm::slurm(arguments),
            Self::Explain(arguments) => explain::explain(arguments),
            Self::Strip(arguments) => strip::strip(arguments),
            Self::Fold(arguments) => fold::fold(arguments),
            Self::Evaluate(arguments) => evaluate::evaluate(arguments),
            Self::Predict(arguments) => predict::predict(arguments),
            Self::Export(arguments) => export::export(arguments),
            Self::Lint(arguments) => lint::lint(arguments),
            Self::Page(arguments) => page::write(arguments),
            Self::Init(arguments) => init::init(arguments),
            Self::Compare(arguments) => compare::compare(arguments),
            Self::Schema => schema::schema(),
            Self::Doctor => doctor::doctor(),
            Self::Completions(arguments) => manual::completions(arguments, command()),
            Self::Man(arguments) => manual::man(arguments, command()),
            Self::Worker(arguments) => worker::worker(arguments),
        }
    }
}
