//! The error of a config, with its location and the expected value.

use std::fmt;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use crate::{printable, printable_path};

/// Largest config file that is read or written, in bytes: one that lists 100,000 seeds has 2.2 MB.
pub const MOST_CONFIG: u64 = 1 << 24;

/// Longest piece of a line or of an option that a message quotes, in characters.
const MAX_QUOTE: usize = 120;

/// The error of a study that cannot be loaded. Every message names the file or the `--set` option, and says all there is to say:
/// the causes are part of the text, not of [`std::error::Error::source`].
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ConfigError {
    /// The file cannot be read.
    #[error("cannot read the config {}: {cause}", printable_path(path))]
    Read {
        /// The config file.
        path: PathBuf,
        /// The system's error.
        cause: io::Error,
    },
    /// The path is a folder.
    #[error("{} is a folder, not a config file{}", printable_path(path), in_folder(path))]
    Folder {
        /// The folder.
        path: PathBuf,
    },
    /// The file is far too large for a config.
    #[error("{} is larger than {MOST_CONFIG} bytes: not a config", printable_path(path))]
    TooLarge {
        /// The config file.
        path: PathBuf,
    },
    /// The file is not text.
    #[error("{} is not a text file: line {line} is not UTF-8", printable_path(path))]
    NotUtf8 {
        /// The config file.
        path: PathBuf,
        /// Line of the first wrong byte, from 1.
        line: usize,
    },
    /// The text, a key or a value is wrong.
    #[error(transparent)]
    Invalid(Box<InvalidConfig>),
}

/// A wrong key or value, and where it stands.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub struct InvalidConfig {
    /// The file or option that holds it.
    pub place: Place,
    /// The full key, such as `train.epochs` or `vary."model.bias"`.
    pub key: Option<String>,
    /// The found and the expected value.
    pub message: String,
}

/// The location of a wrong key or value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Place {
    /// A piece of one line of the config file.
    Line {
        /// The config file.
        path: PathBuf,
        /// From 1.
        line: usize,
        /// From 1, in characters.
        column: usize,
        /// Characters from there to the end of what is wrong, at least 1.
        width: usize,
        /// The whole line.
        text: String,
    },
    /// The config file as a whole.
    File {
        /// The config file.
        path: PathBuf,
    },
    /// A `--set` option.
    Set {
        /// The option as given, `key=value`.
        option: String,
    },
}

impl From<InvalidConfig> for ConfigError {
    fn from(invalid: InvalidConfig) -> Self {
        Self::Invalid(Box::new(invalid))
    }
}

impl fmt::Display for InvalidConfig {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.place {
            Place::Line { path, line, column, .. } => write!(f, "{}:{line}:{column}: ", printable_path(path))?,
            Place::File { path } => write!(f, "{}: ", printable_path(path))?,
            Place::Set { option } => write!(f, "--set {}: ", shorten(option))?,
        }
        if let Some(key) = &self.key {
            write!(f, "`{}`: ", printable(key))?;
        }
        write!(f, "{}", printable(&self.message))?;
        self.place.write_line(f)
    }
}

impl Place {
    /// The line, with carets under what is wrong.
    fn write_line(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self::Line { line, column, width, text, .. } = self else { return Ok(()) };
        let text: Vec<char> = printable(text).chars().collect();
        let start = if text.len() <= MAX_QUOTE { 0 } else { (column - 1).saturating_sub(MAX_QUOTE / 2) };
        let shown: String = text.iter().skip(start).take(MAX_QUOTE).collect();
        let offset = column - 1 - start;
        let carets = (*width).min(shown.chars().count().saturating_sub(offset)).max(1);
        let gutter = " ".repeat(line.to_string().len());
        write!(f, "\n{gutter} |\n{line} | {shown}\n{gutter} | {}{}", " ".repeat(offset), "^".repeat(carets))
    }
}

fn shorten(text: &str) -> String {
    let text = printable(text);
    match text.char_indices().nth(MAX_QUOTE) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text,
    }
}

/// What to name in place of a folder.
fn in_folder(folder: &Path) -> String {
    let config = folder.join("config.toml");
    if config.is_file() {
        return format!("; that of its study is {}", printable_path(&config));
    }
    let is_empty = fs::read_dir(folder).map_or(true, |mut entries| entries.next().is_none());
    if is_empty {
        return String::new();
    }
    format!("; for images in it, `untied init FILE.toml --from {}` writes one", printable_path(folder))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(text: &str, column: usize, width: usize) -> String {
        let place = Place::Line { path: "c.toml".into(), line: 7, column, width, text: text.to_owned() };
        InvalidConfig { place, key: Some("a.b".into()), message: "wrong".into() }.to_string()
    }

    #[test]
    fn carets_stand_under_the_value() {
        assert_eq!(shown("b = 12", 5, 2), "c.toml:7:5: `a.b`: wrong\n  |\n7 | b = 12\n  |     ^^");
    }

    #[test]
    fn carets_end_with_the_line() {
        assert!(shown("b = [", 5, 40).ends_with("\n  |     ^"));
        assert!(shown("", 1, 0).ends_with("\n7 | \n  | ^"));
    }

    #[test]
    fn long_lines_are_cut_around_the_value() {
        let text = format!("{}x{}", "a".repeat(5000), "b".repeat(5000));
        let message = shown(&text, 5001, 1);
        assert!(message.len() < 400, "{}", message.len());
        let lines: Vec<_> = message.lines().rev().take(2).collect();
        assert_eq!(lines[0].chars().position(|c| c == '^'), lines[1].chars().position(|c| c == 'x'));
    }

    #[test]
    fn no_control_character_reaches_the_terminal() {
        assert!(!shown("\u{1b}[31m = 1", 1, 3).contains('\u{1b}'));
        let set = InvalidConfig {
            place: Place::Set { option: "\u{1b}a=1".into() },
            key: Some("\u{7}".into()),
            message: "\u{1b}".into(),
        };
        assert!(!set.to_string().contains(|c: char| c.is_control()));
    }

    #[test]
    fn long_options_are_cut() {
        let set = InvalidConfig { place: Place::Set { option: "é".repeat(900) }, key: None, message: "wrong".into() };
        assert_eq!(set.to_string().chars().filter(|c| *c == 'é').count(), 120);
    }
}
