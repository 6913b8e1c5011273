//! A data set as its source has it, before any image file is decoded.

use super::decode::{Header, ImageFiles};
use super::{Checksums, DataError, Split};

/// Images with their labels, for training and, where the source has them, for testing.
pub(super) struct Collection {
    pub(super) train: Images,
    pub(super) test: Option<Images>,
    pub(super) classes: usize,
    pub(super) class_names: Option<Vec<String>>,
    /// Of the source's files; where there are none, of the pixels and labels that are loaded.
    pub(super) checksums: Option<Checksums>,
    /// What was passed over, a line each.
    pub(super) notes: Vec<String>,
    /// What is wrong with it, as far as it did not keep the rest from being looked at.
    pub(super) faults: Vec<DataError>,
}

/// Images of one split.
pub(super) enum Images {
    /// Pixels that the source holds as such.
    Pixels(Split),
    /// Files that are still to be decoded.
    Files(ImageFiles),
}

impl Images {
    pub(super) fn labels(&self) -> &[u8] {
        match self {
            Self::Pixels(split) => &split.labels,
            Self::Files(files) => &files.labels,
        }
    }

    /// The headers of its files.
    pub(super) fn headers(&self) -> Result<Vec<Header>, DataError> {
        match self {
            Self::Pixels(_) => Ok(Vec::new()),
            Self::Files(files) => files.headers(),
        }
    }

    /// What is wrong with each file that cannot be read, its pixels included where they are asked for.
    pub(super) fn faults(&self, pixels: bool) -> Vec<DataError> {
        match self {
            Self::Pixels(_) => Vec::new(),
            Self::Files(files) => files.faults(pixels),
        }
    }

    /// The names of its files; none where they hold more than an image each.
    pub(super) fn files(&self) -> Vec<String> {
        match self {
            Self::Pixels(_) => Vec::new(),
            Self::Files(files) => files.paths.iter().map(|path| path.display().to_string()).collect(),
        }
    }

    /// The images of these indices, in their order.
    pub(super) fn subset(&self, indices: &[usize]) -> Self {
        match self {
            Self::Pixels(split) => Self::Pixels(split.subset(indices)),
            Self::Files(ImageFiles { paths, labels }) => Self::Files(ImageFiles {
                paths: indices.iter().map(|&index| paths[index].clone()).collect(),
                labels: indices.iter().map(|&index| labels[index]).collect(),
            }),
        }
    }
}

impl Collection {
    /// Two splits of pixels that fit each other.
    pub(super) fn of_splits(
        train: Split,
        test: Option<Split>,
        classes: usize,
        class_names: Option<Vec<String>>,
    ) -> Self {
        Self {
            train: Images::Pixels(train),
            test: test.map(Images::Pixels),
            classes,
            class_names,
            checksums: None,
            notes: Vec::new(),
            faults: Vec::new(),
        }
    }
}
