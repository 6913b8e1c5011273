//! What biases look like that differ between locations.

use crate::document::{Block, Section};
use crate::results::View;
use crate::topics::bias_maps::plot;

/// None where no such bias was kept.
pub(crate) fn section(view: &View<'_>) -> Option<Section> {
    let figure = plot::plot(view)?;
    Some(Section { id: "bias-maps", title: "What untied biases learn", blocks: vec![Block::Figure(figure)] })
}
