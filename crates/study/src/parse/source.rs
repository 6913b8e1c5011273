//! The text of a config: the file first, then every `--set` option, in one line of bytes.
//!
//! A span therefore says by itself where a value came from.

use std::io::{self, Read};
use std::ops::Range;
use std::path::{Path, PathBuf};

use super::error::{MOST_CONFIG, Place};
use crate::{ConfigError, open_to_read};

/// A config file and the options that change it.
pub(crate) struct Source {
    path: PathBuf,
    text: String,
    options: Vec<String>,
}

impl Source {
    pub(crate) fn new(path: &Path, text: String, options: &[String]) -> Self {
        Self { path: path.to_owned(), text, options: options.to_vec() }
    }

    pub(crate) fn read(path: &Path, options: &[String]) -> Result<Self, ConfigError> {
        if path.is_dir() {
            return Err(ConfigError::Folder { path: path.to_owned() });
        }
        let bytes = read_bytes(path).map_err(|cause| ConfigError::Read { path: path.to_owned(), cause })?;
        if bytes.len() as u64 > MOST_CONFIG {
            return Err(ConfigError::TooLarge { path: path.to_owned() });
        }
        let text = String::from_utf8(bytes).map_err(|error| {
            let valid = &error.as_bytes()[..error.utf8_error().valid_up_to()];
            let line = valid.split(|byte| *byte == b'\n').count();
            ConfigError::NotUtf8 { path: path.to_owned(), line }
        })?;
        Ok(Self::new(path, text, options))
    }

    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    pub(crate) fn text(&self) -> &str {
        &self.text
    }

    /// The options with the offset at which each starts.
    pub(crate) fn options(&self) -> impl Iterator<Item = (usize, &str)> {
        let mut start = self.text.len() + 1;
        self.options.iter().map(move |option| {
            let at = start;
            start += option.len() + 1;
            (at, option.as_str())
        })
    }

    /// The text of a span, empty where it does not exist.
    pub(crate) fn slice(&self, span: &Range<usize>) -> &str {
        match self.option_at(span.start) {
            Some((start, option)) => option.get(span.start - start..span.end.saturating_sub(start)).unwrap_or_default(),
            None => self.text.get(span.clone()).unwrap_or_default(),
        }
    }

    pub(crate) fn place(&self, span: &Range<usize>) -> Place {
        if let Some((_, option)) = self.option_at(span.start) {
            return Place::Set { option: option.to_owned() };
        }
        let start = self.text.floor_char_boundary(span.start.min(self.text.len()));
        let end = self.text.floor_char_boundary(span.end.clamp(start, self.text.len()));
        let line_start = self.text[..start].rfind('\n').map_or(0, |at| at + 1);
        Place::Line {
            path: self.path.clone(),
            line: self.text[..line_start].matches('\n').count() + 1,
            column: self.text[line_start..start].chars().count() + 1,
            width: self.text[start..end].chars().count().max(1),
            text: self.text[line_start..].lines().next().unwrap_or_default().to_owned(),
        }
    }

    pub(crate) fn file(&self) -> Place {
        Place::File { path: self.path.clone() }
    }

    fn option_at(&self, at: usize) -> Option<(usize, &str)> {
        self.options().find(|(start, option)| (*start..=start + option.len()).contains(&at))
    }
}

/// One byte more than allowed at most.
fn read_bytes(path: &Path) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    open_to_read(path)?.take(MOST_CONFIG + 1).read_to_end(&mut bytes)?;
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_span_tells_the_file_from_each_option() {
        let source = Source::new(Path::new("c.toml"), "ab\nçd".into(), &["x=1".into(), "y=2".into()]);
        let starts: Vec<_> = source.options().collect();
        assert_eq!(starts, [(7, "x=1"), (11, "y=2")]);
        assert_eq!(source.slice(&(13..14)), "2");
        assert_eq!(source.slice(&(3..5)), "ç");
        assert_eq!(source.place(&(12..13)), Place::Set { option: "y=2".into() });
        let Place::Line { line, column, width, text, .. } = source.place(&(5..6)) else { panic!("not a line") };
        assert_eq!((line, column, width, text.as_str()), (2, 2, 1, "çd"));
    }

    #[test]
    fn the_end_of_the_text_is_a_place() {
        let source = Source::new(Path::new("c.toml"), "a =\n".into(), &[]);
        let Place::Line { line, column, text, .. } = source.place(&(4..4)) else { panic!("not a line") };
        assert_eq!((line, column, text.as_str()), (2, 1, ""));
        assert_eq!(source.slice(&(900..901)), "");
    }
}
