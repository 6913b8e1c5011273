//! Measured against predicted redundancy.

mod answer;
mod layers;
mod plot;
mod table;

use crate::document::{Block, Section, Text};
use crate::results::View;
use crate::topics::Topic;
use crate::topics::certificate::layers::{LayerCertificate, certificates};

/// The certificates of every variant's layers.
pub(crate) struct Certificate(Vec<(String, LayerCertificate)>);

impl Certificate {
    pub(crate) fn new(view: &View<'_>) -> Self {
        Self(view.layers(certificates))
    }
}

impl Topic for Certificate {
    fn answer(&self) -> Vec<Block> {
        answer::answer(&self.0).map(Block::Paragraph).into_iter().collect()
    }

    /// None where no finished run has a bias.
    fn section(&self) -> Option<Section> {
        let blocks = vec![
            Block::Paragraph(introduction()),
            Block::Figure(plot::plot(&self.0)?),
            Block::Table(table::findings(&self.0)),
            Block::Paragraph(table::findings_explained(&self.0)),
            Block::Table(table::norms(&self.0)),
            Block::Paragraph(table::norms_explained(&self.0)),
        ];
        Some(Section { id: "redundancy", title: "Redundancy, measured against predicted", blocks })
    }
}

fn introduction() -> Text {
    "A normalization that centres its input subtracts part of the bias before it, and theory says how many of the \
     bias's parameters that concerns. Along those the gradient is zero, and all that a computer can measure is rounding."
        .into()
}
