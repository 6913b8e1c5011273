//! `untied`: the program. It reads arguments, starts workers, shows progress and answers with an exit code; what it
//! runs lies in the other crates.

mod allocator;
mod arguments;
mod bundled;
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

use std::ffi::OsString;
use std::process::ExitCode;

use clap::{CommandFactory, Parser};

use crate::verbs::Verb;

/// A laboratory for convolution biases: trains small CNNs from a config, varies bias and normalization, and reports
/// which part of a bias still does work.
#[derive(Debug, Parser)]
#[command(name = "untied", version, after_help = exit::HELP, max_term_width = 100, disable_help_subcommand = true)]
struct Arguments {
    #[command(subcommand)]
    verb: Option<Verb>,
}

fn main() -> ExitCode {
    allocator::keep_memory();
    exit::report_panics_in_one_line();
    interrupt::hear_of_file_sizes();
    let arguments = Arguments::parse_from(with_help_as_option(std::env::args_os().collect()));
    exit::code(verbs::run(arguments.verb.as_ref(), Arguments::command))
}

/// `untied help run` as `untied run --help`: a verb of that name would stand in every list of verbs.
fn with_help_as_option(mut words: Vec<OsString>) -> Vec<OsString> {
    if words.get(1).is_some_and(|word| word == "help") {
        words.remove(1);
        words.push("--help".into());
    }
    words
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    #[test]
    fn the_command_line_is_consistent() {
        super::Arguments::command().debug_assert();
    }
}
