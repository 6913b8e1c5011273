use std::borrow::Cow;
use std::error::Error;
use std::fmt::{self, Display};
use std::io;

use untied_study::printable;

/// A data set that cannot be loaded.
#[derive(Debug)]
pub struct DataError {
    /// The file or folder at fault, or the part of a bundled set.
    pub file: String,
    /// What is wrong with it.
    pub problem: DataProblem,
}

/// What is wrong with a file or a folder.
#[derive(Debug)]
#[non_exhaustive]
pub enum DataProblem {
    /// There is no such folder, or none of these files in it.
    Missing(Vec<String>),
    /// The system failed to read it, or its compression is damaged.
    Read(io::Error),
    /// Its decoder failed, for this reason.
    Decode(String),
    /// It is not what it should be.
    Invalid {
        /// What it should be.
        expected: String,
        /// What it is, unless that goes without saying.
        found: Option<String>,
    },
}

impl DataError {
    pub(super) fn new(file: impl Display, problem: DataProblem) -> Self {
        Self { file: printable(&file.to_string()), problem }
    }

    pub(super) fn read(file: impl Display) -> impl Fn(io::Error) -> Self {
        let file = file.to_string();
        move |source| Self::new(&file, DataProblem::Read(source))
    }

    pub(crate) fn invalid(file: impl Display, expected: impl Display, found: impl Display) -> Self {
        let problem = DataProblem::Invalid { expected: expected.to_string(), found: Some(found.to_string()) };
        Self::new(file, problem)
    }

    /// Something else than expected, which needs no name.
    pub(crate) fn unlike(file: impl Display, expected: impl Display) -> Self {
        Self::new(file, DataProblem::Invalid { expected: expected.to_string(), found: None })
    }
}

impl Display for DataError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let file = &self.file;
        let said = match &self.problem {
            DataProblem::Missing(names) if names.is_empty() => format!("no data folder {file}"),
            DataProblem::Missing(names) => format!("no data file in {file}: expected one of {}", names.join(", ")),
            DataProblem::Read(_) => format!("failed to read {file}"),
            DataProblem::Decode(reason) => format!("failed to decode {file}: {}", short(reason)),
            DataProblem::Invalid { expected, found: None } => format!("{file}: expected {expected}"),
            DataProblem::Invalid { expected, found: Some(found) } => {
                format!("{file}: expected {expected}, found {}", short(found))
            }
        };
        // What was found may be a piece of the file, which may hold anything.
        f.write_str(&printable(&said))
    }
}

/// A text of bearable length: what was found may be as long as the file.
fn short(text: &str) -> Cow<'_, str> {
    const MOST: usize = 400;
    match text.char_indices().nth(MOST) {
        Some((end, _)) => format!("{} …", &text[..end]).into(),
        None => text.into(),
    }
}

impl Error for DataError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        match &self.problem {
            DataProblem::Read(source) => Some(source),
            _ => None,
        }
    }
}
