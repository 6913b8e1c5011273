use std::io;
use std::path::PathBuf;

use untied_study::{ConfigError, StoreError};

/// The error of studies that the page cannot show. The cause is part of the text.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum PageError {
    /// The index cannot be read.
    #[error("cannot read the index of the studies, {}: {cause}", path.display())]
    Index {
        /// The index.
        path: PathBuf,
        /// The system's error.
        cause: io::Error,
    },
    /// The index lists no study.
    #[error("{} lists no study: expected lines such as `## THEME` and `### [STUDY](STUDY/report.md)`", path.display())]
    NoStudies {
        /// The index.
        path: PathBuf,
    },
    /// A study of the index has a config that cannot be read.
    #[error(transparent)]
    Config(#[from] ConfigError),
    /// A study of the index has results that cannot be read.
    #[error(transparent)]
    Results(#[from] StoreError),
    /// A study of the index has no results.
    #[error("{} is not there, though the index lists its study", path.display())]
    NoResults {
        /// Where they were expected.
        path: PathBuf,
    },
    /// The index shows no plot of a study.
    #[error("{} shows no plot of {study}: expected `![…]({study}/plots/…)` below its heading", path.display())]
    NoPlot {
        /// The index.
        path: PathBuf,
        /// The study.
        study: String,
    },
    /// The index shows a plot that a study's report does not have.
    #[error("{} shows {study}/plots/{file}, expected a plot of its report: {found}", path.display())]
    OtherPlot {
        /// The index.
        path: PathBuf,
        /// The study.
        study: String,
        /// The plot of the index.
        file: String,
        /// The plots of the report.
        found: String,
    },
}
