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
    /// Several files or folders in it are at fault: what is wrong with each.
    Several(Vec<String>),
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

    /// One error for all of some, which lie in a folder: the only one itself.
    pub(super) fn all(folder: impl Display, mut faults: Vec<Self>) -> Option<Self> {
        let said = |fault: &Self| match &fault.problem {
            DataProblem::Read(cause) => format!("{fault}: {cause}"),
            _ => fault.to_string(),
        };
        match faults.len() {
            0 | 1 => faults.pop(),
            _ => Some(Self::new(folder, DataProblem::Several(faults.iter().map(said).collect()))),
        }
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
            DataProblem::Several(faults) => {
                let listed = faults.iter().take(LISTED).map(|fault| short(fault)).collect::<Vec<_>>().join("; ");
                let more =
                    if faults.len() > LISTED { format!("; and {} more", faults.len() - LISTED) } else { String::new() };
                format!("{file}: {} faults: {listed}{more}", faults.len())
            }
            DataProblem::Invalid { expected, found: None } => format!("{file}: expected {expected}"),
            DataProblem::Invalid { expected, found: Some(found) } => {
                format!("{file}: expected {expected}, found {}", short(found))
            }
        };
        // What was found may be a piece of the file, which may hold anything.
        f.write_str(&printable(&said))
    }
}

/// Faults that an error lists.
const LISTED: usize = 20;

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
