//! The end of the program: exit codes, the one message of an error, the one line of a panic.

use std::panic::PanicHookInfo;
use std::process::ExitCode;

use untied_study::{ConfigError, printable};

use crate::terminal;

/// The end of every help text.
pub(crate) const HELP: &str = "\
Exit codes:
  0    done; a run that diverged is a result, counted on the last line
  1    some cell failed or is missing, or some image cannot be read
  2    bad input: a config, an option, data, a model or a folder
  130  interrupted; whatever was finished is kept";

/// The documented ways to end; an error is bad input.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Exit {
    Done,
    /// Some cell failed or is missing, or some image cannot be read.
    Incomplete,
    Interrupted,
}

const BAD_INPUT: u8 = 2;
/// The code that shells report of a process that Ctrl-C ended.
pub(crate) const INTERRUPTED: u8 = 130;

/// Prints the error, if any.
pub(crate) fn code(outcome: anyhow::Result<Exit>) -> ExitCode {
    ExitCode::from(match outcome {
        Ok(Exit::Done) => 0,
        Ok(Exit::Incomplete) => 1,
        Ok(Exit::Interrupted) => INTERRUPTED,
        Err(error) => {
            terminal::say(&format!("error: {}", message(&error)));
            BAD_INPUT
        }
    })
}

/// The error and its causes, apart from those that the text before already ends with: in one line, whatever names hold,
/// but for the line of a config that is shown with carets under what is wrong.
pub(crate) fn message(error: &anyhow::Error) -> String {
    let is_config = error.downcast_ref::<ConfigError>().is_some();
    let shown = |text: String| if is_config { text } else { printable(&text) };
    let mut text = shown(error.to_string());
    for cause in error.chain().skip(1).map(|cause| shown(cause.to_string())) {
        if !text.ends_with(&cause) {
            text = format!("{text}: {cause}");
        }
    }
    text
}

/// Instead of the default hook's three lines, and no backtrace; the exit code stays 101.
pub(crate) fn report_panics_in_one_line() {
    std::panic::set_hook(Box::new(|panic| terminal::say(&panic_line(panic))));
}

fn panic_line(panic: &PanicHookInfo<'_>) -> String {
    let message = panic.payload_as_str().unwrap_or("no message");
    let message = message.split_whitespace().collect::<Vec<_>>().join(" ");
    let place = panic.location().map(|at| format!(" at {}:{}", at.file(), at.line())).unwrap_or_default();
    format!("the program panicked: {message}{place}")
}

#[cfg(test)]
mod tests {
    use anyhow::anyhow;

    use super::*;

    #[test]
    fn every_cause_is_said_once() {
        let error = anyhow!("denied").context("cannot write /x: denied").context("the report");
        assert_eq!(message(&error), "the report: cannot write /x: denied");
        assert_eq!(message(&anyhow!("b").context("a")), "a: b");
    }
}
