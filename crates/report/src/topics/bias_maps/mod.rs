//! Images of biases that differ between locations.

mod images;
mod plot;

use crate::document::{Block, Section};
use crate::results::View;
use crate::topics::Topic;

/// The maps that runs kept of their biases.
pub(crate) struct BiasMaps<'v, 'a>(pub(crate) &'v View<'a>);

impl Topic for BiasMaps<'_, '_> {
    /// None where no such bias was kept.
    fn section(&self) -> Option<Section> {
        let blocks = vec![Block::Figure(plot::plot(self.0)?)];
        Some(Section { id: "bias-maps", title: "What untied biases learn", blocks })
    }
}
