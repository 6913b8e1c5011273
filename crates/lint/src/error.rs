use std::path::PathBuf;

use thiserror::Error;

/// A model that cannot be read, or not rewritten.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum LintError {
    /// A file that cannot be read or written.
    #[error("{}: {error}", path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// What the system said.
        error: std::io::Error,
    },
    /// Bytes that are no ONNX model.
    #[error("{}: expected an ONNX model, found {found}", path.display())]
    NotOnnx {
        /// The file.
        path: PathBuf,
        /// What is there instead.
        found: String,
    },
    /// A part of the model that contradicts another, or ONNX's schema.
    #[error("{at}: expected {expected}, found {found}")]
    Invalid {
        /// The tensor, node or value.
        at: String,
        /// What the model must have there.
        expected: String,
        /// What it has.
        found: String,
    },
    /// A model that cannot be rewritten.
    #[error("cannot {verb} the model: {reason}")]
    Rewrite {
        /// `strip` or `fold`.
        verb: &'static str,
        /// Why not.
        reason: String,
    },
    /// A rewritten model that does not do what the original does.
    #[error(
        "the rewritten model differs by {difference:.2e} where rounding explains {rounding:.2e}: nothing was written"
    )]
    Disagrees {
        /// The largest difference of two outputs.
        difference: f64,
        /// What rounding of the parameters makes of the outputs.
        rounding: f64,
    },
}

/// The error that a part of the model is not what it must be.
pub(crate) fn invalid(at: impl Into<String>, expected: impl Into<String>, found: impl Into<String>) -> LintError {
    let [at, expected, found] = [at.into(), expected.into(), found.into()].map(|text: String| one_line(&text));
    LintError::Invalid { at, expected, found }
}

/// The error that a model cannot be rewritten.
pub(crate) fn refused(verb: &'static str, reason: impl Into<String>) -> LintError {
    LintError::Rewrite { verb, reason: one_line(&reason.into()) }
}

/// The text in one line of bearable length: names come from the file, which may be damaged.
fn one_line(text: &str) -> String {
    const MOST: usize = 200;
    let shown: String =
        text.chars().map(|letter| if letter.is_control() { '\u{fffd}' } else { letter }).take(MOST).collect();
    if shown.len() < text.len() && text.chars().count() > MOST { shown + "…" } else { shown }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_with_line_breaks_is_one_line() {
        let said = invalid("a\nb\u{1b}[2J", "one", "x".repeat(1000)).to_string();
        assert!(said.starts_with("a\u{fffd}b\u{fffd}[2J: expected one, found xxx") && said.len() < 300, "{said}");
        assert!(refused("strip", "a\nb").to_string().ends_with("a\u{fffd}b"));
    }
}
