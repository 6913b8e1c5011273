//! The command line.

use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};
use std::time::Duration;

use clap::builder::PossibleValuesParser;
use clap::{Args, Parser, Subcommand};
use untied_study::{Device, Study};

use crate::verbs::rewrite::RewriteArguments;
use crate::verbs::slurm::SlurmArguments;
use crate::workers::runner::Limits;

/// Every device that a config may name, compiled in or not.
const DEVICES: [Device; 4] = [Device::Flex, Device::Ndarray, Device::Wgpu, Device::Cuda];

const EXIT_CODES: &str = "\
Exit codes:
  0    done; a run that diverged is a result, counted on the last line
  1    some cell failed or is missing
  2    bad input: a config, an option, data, a model or a folder
  130  interrupted; whatever was finished is kept";

/// A laboratory for convolution biases: trains small CNNs from a config, varies bias and normalization, and reports
/// which part of a bias still does work.
#[derive(Debug, Parser)]
#[command(name = "untied", version, after_help = EXIT_CODES, max_term_width = 100, disable_help_subcommand = true)]
pub(crate) struct Arguments {
    #[command(subcommand)]
    pub(crate) verb: Verb,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Verb {
    /// Expand the grid of a config, train the cells that are not finished, write the report
    #[command(after_help = EXIT_CODES)]
    Run(RunArguments),
    /// Train one cell of the grid, in this process: a task of a job array
    #[command(after_help = EXIT_CODES)]
    Cell(CellArguments),
    /// Write the report of a study's folder again; lists missing cells and exits with 1 if there are any
    #[command(after_help = EXIT_CODES)]
    Report(ReportArguments),
    /// Write the cells that are not finished as Slurm job arrays, with the report after them; --submit submits them
    #[command(after_help = EXIT_CODES)]
    Slurm(SlurmArguments),
    /// Show which part of each bias the normalization removes, by theory; trains nothing
    #[command(after_help = EXIT_CODES)]
    Explain(ExplainArguments),
    /// Remove from a trained model what its normalization removes of its biases anyway, and check that it stays the same
    #[command(after_help = EXIT_CODES)]
    Strip(RewriteArguments),
    /// Fold the batch norm of a trained model into its convolutions, and check that it stays the same
    #[command(after_help = EXIT_CODES)]
    Fold(RewriteArguments),
}

#[derive(Debug, Args)]
pub(crate) struct ConfigArguments {
    /// The config of the study, a TOML file
    config: PathBuf,
    /// Change a value of the config, by its dotted key: --set train.epochs=2 --set vary.seeds=3
    #[arg(long = "set", value_name = "KEY=VALUE")]
    set: Vec<String>,
}

impl ConfigArguments {
    /// The device comes last, so that it wins.
    pub(crate) fn load(&self, device: Option<&str>) -> anyhow::Result<Study> {
        let device = device.map(|device| format!("train.device={device}"));
        let options: Vec<String> = self.set.iter().cloned().chain(device).collect();
        Ok(Study::load(&self.config, &options)?)
    }

    pub(crate) fn path(&self) -> &Path {
        &self.config
    }
}

#[derive(Debug, Args)]
pub(crate) struct DeviceArgument {
    /// The device to train on, short for --set train.device=…
    #[arg(long, value_parser = PossibleValuesParser::new(DEVICES.map(|device| device.to_string())))]
    device: Option<String>,
}

impl DeviceArgument {
    pub(crate) fn get(&self) -> Option<&str> {
        self.device.as_deref()
    }
}

#[derive(Debug, Args)]
pub(crate) struct OutArgument {
    /// The folder of the results [default: experiments/<name of the study>]
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
}

impl OutArgument {
    pub(crate) fn folder(&self, study: &Study) -> PathBuf {
        self.out.clone().unwrap_or_else(|| PathBuf::from("experiments").join(&study.name))
    }
}

#[derive(Debug, Args)]
pub(crate) struct CheckpointArgument {
    /// Least time between two checkpoints of a cell, from which it goes on after a crash; 0: after every step
    #[arg(long, value_name = "SECONDS", default_value = "10", value_parser = seconds, allow_negative_numbers = true)]
    checkpoint: Duration,
}

impl CheckpointArgument {
    pub(crate) fn every(&self) -> Duration {
        self.checkpoint
    }
}

#[derive(Debug, Args)]
pub(crate) struct RunArguments {
    #[command(flatten)]
    pub(crate) config: ConfigArguments,
    #[command(flatten)]
    pub(crate) device: DeviceArgument,
    #[command(flatten)]
    pub(crate) out: OutArgument,
    /// Cells trained at a time, each by a worker process [default: one a core; on a GPU: 1]
    #[arg(long, value_name = "N", value_parser = count, allow_negative_numbers = true)]
    pub(crate) jobs: Option<NonZeroUsize>,
    /// Threads of each worker [default: cores divided by jobs]
    #[arg(long, value_name = "N", value_parser = count, allow_negative_numbers = true)]
    pub(crate) threads: Option<NonZeroUsize>,
    /// Check everything and show what would run; train and write nothing
    #[arg(long)]
    pub(crate) dry_run: bool,
    /// Move old results aside, to <DIR>.old-<n>, and train every cell
    #[arg(long)]
    pub(crate) fresh: bool,
    /// Wait while another process runs a study in the folder
    #[arg(long, conflicts_with = "dry_run")]
    pub(crate) wait: bool,
    #[command(flatten)]
    pub(crate) checkpoint: CheckpointArgument,
    #[command(flatten)]
    pub(crate) limits: LimitArguments,
    #[command(flatten)]
    pub(crate) verbosity: Verbosity,
}

#[derive(Debug, Args)]
pub(crate) struct LimitArguments {
    /// Kill a worker that says nothing for so long, and try its cell once more; 0: never
    #[arg(long, value_name = "SECONDS", default_value = "600", value_parser = seconds, allow_negative_numbers = true)]
    timeout: Duration,
    /// Stop at the first cell that fails, and do not try it again
    #[arg(long)]
    fail_fast: bool,
}

impl LimitArguments {
    pub(crate) fn get(&self) -> Limits {
        Limits { timeout: Some(self.timeout).filter(|timeout| !timeout.is_zero()), fail_fast: self.fail_fast }
    }
}

#[derive(Debug, Clone, Copy, Args)]
pub(crate) struct Verbosity {
    /// Print errors and the last line only
    #[arg(short, long, conflicts_with = "verbose")]
    pub(crate) quiet: bool,
    /// Print a line for every epoch
    #[arg(short, long)]
    pub(crate) verbose: bool,
}

#[derive(Debug, Args)]
pub(crate) struct CellArguments {
    #[command(flatten)]
    pub(crate) config: ConfigArguments,
    #[command(flatten)]
    pub(crate) device: DeviceArgument,
    /// Which cell, from 0; `untied run CONFIG --dry-run` lists them
    #[arg(long, value_name = "I", value_parser = index, allow_negative_numbers = true)]
    pub(crate) index: usize,
    #[command(flatten)]
    pub(crate) out: OutArgument,
    /// Threads to compute with [default: one a core]
    #[arg(long, value_name = "N", value_parser = count, allow_negative_numbers = true)]
    pub(crate) threads: Option<NonZeroUsize>,
    #[command(flatten)]
    pub(crate) checkpoint: CheckpointArgument,
    /// For `run`: write events to stdout, one JSON object a line, and end when stdin does
    #[arg(long, hide = true)]
    pub(crate) events: bool,
}

#[derive(Debug, Args)]
pub(crate) struct ReportArguments {
    /// The folder of a study's results: it holds config.toml, and cells/ or results.json
    #[arg(value_name = "DIR")]
    pub(crate) folder: PathBuf,
}

#[derive(Debug, Args)]
pub(crate) struct ExplainArguments {
    #[command(flatten)]
    pub(crate) config: ConfigArguments,
}

pub(crate) fn count(text: &str) -> Result<NonZeroUsize, &'static str> {
    text.parse().map_err(|_| "expected a whole number, 1 or more")
}

fn index(text: &str) -> Result<usize, &'static str> {
    text.parse().map_err(|_| "expected a whole number, 0 or more")
}

/// Up to a century: what is added to a clock must not overflow it.
fn seconds(text: &str) -> Result<Duration, &'static str> {
    let seconds = text.parse().ok().filter(|seconds| (0.0..=3.2e9).contains(seconds));
    seconds.map(Duration::from_secs_f64).ok_or("expected a number of seconds, 0 or more")
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;

    #[test]
    fn the_command_line_is_consistent() {
        Arguments::command().debug_assert();
    }

    #[test]
    fn times_are_seconds() {
        assert_eq!(seconds("1.5"), Ok(Duration::from_millis(1500)));
        assert_eq!(seconds("0"), Ok(Duration::ZERO));
        for text in ["-1", "", "NaN", "inf", "1e300", "10s"] {
            assert!(seconds(text).is_err(), "{text}");
        }
    }

    #[test]
    fn counts_start_at_one() {
        assert_eq!(count("12").unwrap().get(), 12);
        for text in ["0", "-1", "", "1.5", "x", "99999999999999999999999"] {
            assert!(count(text).is_err(), "{text}");
        }
    }
}
