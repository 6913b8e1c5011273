//! Accuracy recovered by adapting the first bias to shifted images.

mod answer;
mod images_plot;
mod method;
mod panels;
mod section;
mod shares;
mod strength_plot;

use crate::document::{Block, Section};
use crate::topics::Topic;

pub(crate) use shares::Recovery;

impl Topic for Recovery<'_, '_> {
    fn answer(&self) -> Vec<Block> {
        answer::blocks(self)
    }

    fn section(&self) -> Option<Section> {
        section::section(self)
    }
}
