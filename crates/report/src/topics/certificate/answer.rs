//! What the certificates say of all biases, in a sentence or two.

use crate::document::names::clean;
use crate::document::number::magnitude;
use crate::document::{Block, Text};
use crate::results::View;
use crate::topics::certificate::{CERTIFIED_UP_TO, Finding, LayerCertificate, certificates};

/// Exceptions that are named.
const NAMED: usize = 3;

/// Nothing where no bias has a redundant part.
pub(crate) fn blocks(view: &View<'_>) -> Vec<Block> {
    let layers: Vec<(String, LayerCertificate)> = view
        .variants
        .iter()
        .flat_map(|variant| {
            let name = view.variant_label(variant.factors);
            certificates(variant).into_iter().map(move |layer| (name.clone(), layer))
        })
        .collect();
    let redundant: Vec<&(String, LayerCertificate)> =
        layers.iter().filter(|(_, layer)| layer.predicted_redundant > 0).collect();
    if redundant.is_empty() {
        return Vec::new();
    }
    let failed: Vec<&(String, LayerCertificate)> =
        redundant.iter().copied().filter(|(_, layer)| layer.finding == Finding::NotCertified).collect();
    let largest = redundant.iter().flat_map(|(_, layer)| &layer.redundant_ratios).copied().fold(0.0, f64::max);
    let text = Text::from("Of the biases with a redundant part, ")
        .strong(format!("{} of {}", redundant.len() - failed.len(), redundant.len()))
        .plain(format!(
            " are certified, counted by variant and layer: in every seed the gradient along it is nothing but rounding (at \
             most {CERTIFIED_UP_TO} times the round-off; the largest is {}).",
            magnitude(largest)
        ));
    vec![Block::Paragraph(text.plain(exceptions(&failed)).plain(at_work(&layers)))]
}

fn exceptions(failed: &[&(String, LayerCertificate)]) -> String {
    if failed.is_empty() {
        return String::new();
    }
    let named = failed.iter().take(NAMED).map(|(variant, layer)| format!("{variant}, {}", clean(&layer.layer)));
    let more = if failed.len() > NAMED { " and others" } else { "" };
    format!(" Not certified: {}{more}.", named.collect::<Vec<_>>().join("; "))
}

/// The least of the gradients that are more than rounding.
fn at_work(layers: &[(String, LayerCertificate)]) -> String {
    let working =
        layers.iter().filter(|(_, layer)| matches!(layer.finding, Finding::AtWork | Finding::CertifiedRestAtWork));
    let smallest = working.flat_map(|(_, layer)| &layer.gradient_ratios).copied().reduce(f64::min);
    smallest.map_or_else(String::new, |smallest| {
        format!(" Biases at work have gradients of {} times the round-off or more.", magnitude(smallest))
    })
}
