//! `untied`: the program. It reads arguments, starts workers, shows progress and answers with an exit code; what it
//! runs lies in the other crates.

mod allocator;
mod arguments;
mod check;
mod display;
mod exit;
mod folder;
mod interrupt;
mod plan;
mod summary;
mod table;
mod terminal;
mod verbs;
mod wording;
mod workers;

use std::process::ExitCode;

use clap::Parser;

use crate::arguments::{Arguments, Verb};
use crate::verbs::{cell, explain, fold, report, run, slurm, strip};

fn main() -> ExitCode {
    allocator::keep_memory();
    exit::report_panics_in_one_line();
    let outcome = match Arguments::parse().verb {
        Verb::Run(arguments) => run::run(&arguments),
        Verb::Cell(arguments) => cell::cell(&arguments),
        Verb::Report(arguments) => report::report(&arguments),
        Verb::Slurm(arguments) => slurm::slurm(&arguments),
        Verb::Explain(arguments) => explain::explain(&arguments),
        Verb::Strip(arguments) => strip::strip(&arguments),
        Verb::Fold(arguments) => fold::fold(&arguments),
    };
    exit::code(outcome)
}
