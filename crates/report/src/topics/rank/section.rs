//! Ranks of Jacobians against predicted redundancy.

use crate::document::names::clean;
use crate::document::number::{count, magnitude, or_none};
use crate::document::{Block, Column, Section, Table, Text};
use crate::results::View;
use crate::topics::rank::plot;
use crate::topics::rank::{LayerRank, ranks};

/// None where no rank was measured.
pub(crate) fn section(view: &View<'_>) -> Option<Section> {
    let figure = plot::plot(view)?;
    let layers: Vec<(String, LayerRank)> = view
        .variants
        .iter()
        .flat_map(|variant| ranks(variant).into_iter().map(|layer| (view.variant_label(variant.factors), layer)))
        .collect();
    let mut blocks = vec![Block::Paragraph(introduction()), Block::Figure(figure), Block::Table(table(&layers))];
    if layers.iter().any(|(_, layer)| layer.is_constant_somewhere()) {
        blocks.push(Block::Paragraph(constant()));
    }
    Some(Section { id: "rank", title: "Redundant dimensions, counted", blocks })
}

fn introduction() -> Text {
    "How many dimensions of a bias the normalization removes can be counted: it is the number of bias numbers less the rank of \
     the Jacobian of the normalized output by the bias, here by singular values in f64 on one batch."
        .into()
}

fn constant() -> Text {
    Text::default().strong("Constant activations. ").plain(
        "Where the smallest variance is below 10⁻¹⁰, some activations are the same in every image (after padding and a dark \
         border, say). ε then stands alone under the root of the normalization and rounding is amplified by up to 1/√ε = 316 \
         for ε = 10⁻⁵: the largest dropped singular values come from there, and the threshold allows for it.",
    )
}

fn table(layers: &[(String, LayerRank)]) -> Table {
    let mut columns = vec![Column::left("Variant"), Column::left("Layer")];
    let numbers = [
        "Seeds",
        "Bias numbers",
        "Redundant, predicted",
        "Redundant, measured",
        "Smallest kept",
        "Largest dropped",
        "Threshold",
        "Smallest variance",
    ];
    columns.extend(numbers.map(Column::right));
    columns.push(Column::left("Finding"));
    let caption = "Singular values of the Jacobian: over all seeds the smallest that counts, the largest that does not, and \
                   the threshold between them (the largest). The variance is that of the statistics sets before ε is added.";
    Table { caption: caption.into(), columns, rows: layers.iter().map(|(name, layer)| row(name, layer)).collect() }
}

fn row(variant: &str, layer: &LayerRank) -> Vec<Text> {
    let cells = [
        variant.into(),
        clean(&layer.layer),
        layer.measured.len().to_string(),
        count(layer.bias_parameters),
        count(layer.predicted),
        layer.measured_range(" to "),
        or_none(layer.smallest_kept, magnitude),
        or_none(layer.largest_dropped, magnitude),
        magnitude(layer.threshold),
        or_none(layer.variance, magnitude),
        finding(layer),
    ];
    cells.into_iter().map(Text::from).collect()
}

fn finding(layer: &LayerRank) -> String {
    if layer.agrees() {
        return "agrees in every seed".into();
    }
    let (measured, predicted) = (layer.measured_range(" to "), layer.predicted);
    let (differing, seeds) = (layer.measured.len() - layer.agreeing(), layer.measured.len());
    format!("differs: {measured} instead of {predicted} ({differing} of {seeds} seeds)")
}
