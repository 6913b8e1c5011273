//! The verbs of the command line, each with its arguments.

mod cell;
mod explain;
mod model;
mod page;
mod report;
mod run;
mod schema;
mod slurm;
mod worker;

use clap::Subcommand;

use crate::exit::{self, Exit};
use model::{fold, lint, rewrite, strip};

#[derive(Debug, Subcommand)]
pub(crate) enum Verb {
    /// Expand the grid of a config, train the cells that are not finished, write the report
    #[command(after_help = exit::HELP)]
    Run(run::RunArguments),
    /// Train one cell of the grid, in this process: a task of a job array
    #[command(after_help = exit::HELP)]
    Cell(cell::CellArguments),
    /// Write the report of a study's folder again; lists missing cells and exits with 1 if there are any
    #[command(after_help = exit::HELP)]
    Report(report::ReportArguments),
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
    /// Show which biases of an ONNX model do nothing, and why; write it without them, and check that it stays the same
    #[command(after_help = exit::HELP)]
    Lint(lint::LintArguments),
    /// Write the page that teaches what a bias does before a normalization, with the answers of the studies
    #[command(after_help = exit::HELP)]
    Page(page::PageArguments),
    /// Print the JSON Schema of configs, for editors that complete and check them
    #[command(after_help = exit::HELP)]
    Schema,
    /// For `run`: train one cell of its folder
    #[command(hide = true)]
    Worker(worker::WorkerArguments),
}

impl Verb {
    pub(crate) fn run(&self) -> anyhow::Result<Exit> {
        match self {
            Self::Run(arguments) => run::run(arguments),
            Self::Cell(arguments) => cell::cell(arguments),
            Self::Report(arguments) => report::report(arguments),
            Self::Slurm(arguments) => slurm::slurm(arguments),
            Self::Explain(arguments) => explain::explain(arguments),
            Self::Strip(arguments) => strip::strip(arguments),
            Self::Fold(arguments) => fold::fold(arguments),
            Self::Lint(arguments) => lint::lint(arguments),
            Self::Page(arguments) => page::write(arguments),
            Self::Schema => schema::schema(),
            Self::Worker(arguments) => worker::worker(arguments),
        }
    }
}
