//! The topics of a report: each keeps its numbers, its words, its tables and its plots in a folder of its own.

pub(crate) mod bias_maps;
pub(crate) mod certificate;
pub(crate) mod classes;
pub(crate) mod disturbed;
pub(crate) mod drift;
pub(crate) mod guide;
pub(crate) mod looks;
pub(crate) mod rank;
pub(crate) mod recovery;
pub(crate) mod setup;
pub(crate) mod unfinished;
pub(crate) mod variants;
pub(crate) mod verdicts;
pub(crate) mod warnings;

use crate::document::{Block, Section};

/// A subject that a report has something to say about.
pub(crate) trait Topic {
    /// Its part of the short answer; empty where it has nothing to say.
    fn answer(&self) -> Vec<Block> {
        Vec::new()
    }

    /// Its own section, with tables and plots; None where nothing of it was measured.
    fn section(&self) -> Option<Section>;
}
