//! Ranks of Jacobians against predicted redundancy.

mod jacobian;
mod plot;

use crate::document::names::clean;
use crate::document::number::{count, magnitude, or_none};
use crate::document::{Block, Column, Section, Table, Text};
use crate::results::View;
use crate::results::selection::named;
use crate::topics::Topic;
use crate::topics::rank::jacobian::{LayerRank, agreement, ranks};

/// The ranks of every variant's layers.
pub(crate) struct Rank<'v, 'a> {
    view: &'v View<'a>,
    layers: Vec<(String, LayerRank)>,
}

impl<'v, 'a> Rank<'v, 'a> {
    pub(crate) fn new(view: &'v View<'a>) -> Self {
        Self { view, layers: view.layers(ranks) }
    }
}

impl Topic for Rank<'_, '_> {
    /// Whether theory and the ranks agree, in a sentence.
    fn answer(&self) -> Vec<Block> {
        let [agree, all] = agreement(self.layers.iter().map(|(_, layer)| layer));
        if all == 0 {
            return Vec::new();
        }
        let text = Text::from("Predicted and measured redundant dimensions of the biases agree in ")
            .strong(format!("{agree} of {all}"))
            .plain(" cases, each a layer of a variant with one seed.");
        vec![Block::Paragraph(text.plain(exceptions(&self.layers)))]
    }

    fn section(&self) -> Option<Section> {
        let figure = plot::plot(self.view)?;
        let table = table(&self.layers);
        let mut blocks = vec![Block::Paragraph(introduction()), Block::Figure(figure), Block::Table(table)];
        if self.layers.iter().any(|(_, layer)| layer.is_constant_somewhere()) {
            blocks.push(Block::Paragraph(constant()));
        }
        Some(Section { id: "rank", title: "Redundant dimensions, counted", blocks })
    }
}

/// ` They differ in bias untied · norm batch, block1 (63 instead of 64); …`
fn exceptions(layers: &[(String, LayerRank)]) -> String {
    let differing: Vec<&(String, LayerRank)> = layers.iter().filter(|(_, layer)| !layer.agrees()).collect();
    let name = |(variant, layer): &&(String, LayerRank)| {
        let (measured, predicted) = (layer.measured_range(" to "), layer.predicted);
        format!("{variant}, {} ({measured} instead of {predicted})", clean(&layer.layer))
    };
    let Some((names, more)) = named(&differing, name) else { return String::new() };
    let more = if more == 0 { String::new() } else { format!("; and {more} more in the table of ranks") };
    format!(" They differ in {names}{more}.")
}

fn introduction() -> Text {
    "How many dimensions of a bias the normalization removes can be counted: it is the number of bias parameters less the rank of \
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
    let figures = [
        "Seeds",
        "Bias parameters",
        "Redundant, predicted",
        "Redundant, measured",
        "Smallest kept",
        "Largest dropped",
        "Threshold",
        "Smallest variance",
    ];
    columns.extend(figures.map(Column::right));
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
