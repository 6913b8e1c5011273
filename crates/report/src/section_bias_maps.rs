//! What biases look like that differ between locations.

use crate::document::{Block, Section};
use crate::plot_bias_maps;
use crate::view::View;

/// None where no such bias was kept.
pub(crate) fn section(view: &View<'_>) -> Option<Section> {
    let figure = plot_bias_maps::plot(view)?;
    Some(Section { id: "bias-maps", title: "What untied biases learn", blocks: vec![Block::Figure(figure)] })
}
