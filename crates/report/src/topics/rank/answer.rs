//! Whether theory and the ranks of the Jacobians agree, in a sentence.

use crate::document::names::clean;
use crate::document::{Block, Text};
use crate::results::View;
use crate::topics::rank::{LayerRank, agreement, ranks};

/// Exceptions that are named.
const NAMED: usize = 3;

/// Nothing where no rank was measured.
pub(crate) fn blocks(view: &View<'_>) -> Vec<Block> {
    let layers: Vec<(String, LayerRank)> = view
        .variants
        .iter()
        .flat_map(|variant| ranks(variant).into_iter().map(|layer| (view.variant_label(variant.factors), layer)))
        .collect();
    let [agree, all] = agreement(layers.iter().map(|(_, layer)| layer));
    if all == 0 {
        return Vec::new();
    }
    let text = Text::from("Predicted and measured redundant dimensions of the biases agree in ")
        .strong(format!("{agree} of {all}"))
        .plain(" cases, each a layer of a variant with one seed.");
    vec![Block::Paragraph(text.plain(exceptions(&layers)))]
}

/// ` They differ in bias untied · norm batch, block1 (63 instead of 64); …`
fn exceptions(layers: &[(String, LayerRank)]) -> String {
    let differing: Vec<&(String, LayerRank)> = layers.iter().filter(|(_, layer)| !layer.agrees()).collect();
    if differing.is_empty() {
        return String::new();
    }
    let name = |(variant, layer): &&(String, LayerRank)| {
        let (measured, predicted) = (layer.measured_range(" to "), layer.predicted);
        format!("{variant}, {} ({measured} instead of {predicted})", clean(&layer.layer))
    };
    let named: Vec<String> = differing.iter().take(NAMED).map(name).collect();
    let more = differing.len() - named.len();
    let more = if more == 0 { String::new() } else { format!("; and {more} more in the table of ranks") };
    format!(" They differ in {}{more}.", named.join("; "))
}
