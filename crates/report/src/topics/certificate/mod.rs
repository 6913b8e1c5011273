//! Measured against predicted redundancy.

mod layers;
mod plot;

use untied_redundancy::CERTIFICATE_FACTOR;

use crate::document::names::clean;
use crate::document::number::{NONE, count, magnitude, or_none};
use crate::document::{Block, Column, Section, Table, Text};
use crate::results::View;
use crate::results::selection::named;
use crate::statistics::student::sample;
use crate::topics::Topic;
use crate::topics::certificate::layers::{Finding, LayerCertificate, certificates};

/// The certificates of every variant's layers.
pub(crate) struct Certificate(Vec<(String, LayerCertificate)>);

impl Certificate {
    pub(crate) fn new(view: &View<'_>) -> Self {
        Self(view.layers(certificates))
    }
}

impl Topic for Certificate {
    /// All biases in a sentence or two; nothing where none has a redundant part.
    fn answer(&self) -> Vec<Block> {
        let redundant: Vec<&(String, LayerCertificate)> =
            self.0.iter().filter(|(_, layer)| layer.predicted_redundant > 0).collect();
        if redundant.is_empty() {
            return Vec::new();
        }
        let failed: Vec<&(String, LayerCertificate)> =
            redundant.iter().copied().filter(|(_, layer)| layer.finding == Finding::NotCertified).collect();
        let largest = redundant.iter().flat_map(|(_, layer)| &layer.redundant_ratios).copied().fold(0.0, f64::max);
        let text = Text::from("Of the biases with a redundant part, ")
            .strong(format!("{} of {}", redundant.len() - failed.len(), redundant.len()))
            .plain(format!(
                " are certified, counted by variant and layer: in every seed the gradient along it is nothing but rounding \
                 (at most {CERTIFICATE_FACTOR} times the round-off; the largest is {}).",
                magnitude(largest)
            ));
        vec![Block::Paragraph(text.plain(exceptions(&failed)).plain(at_work(&self.0)))]
    }

    /// None where no finished run has a bias.
    fn section(&self) -> Option<Section> {
        let blocks = vec![
            Block::Paragraph(introduction()),
            Block::Figure(plot::plot(&self.0)?),
            Block::Table(table(&self.0)),
            Block::Paragraph(columns_explained()),
        ];
        Some(Section { id: "redundancy", title: "Redundancy, measured against predicted", blocks })
    }
}

/// ` Not certified: bias tied · norm batch, block1; … and others.`
fn exceptions(failed: &[&(String, LayerCertificate)]) -> String {
    let name = |(variant, layer): &&(String, LayerCertificate)| format!("{variant}, {}", clean(&layer.layer));
    let Some((names, more)) = named(failed, name) else { return String::new() };
    format!(" Not certified: {names}{}.", if more > 0 { " and others" } else { "" })
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

fn introduction() -> Text {
    "A normalization that centres its input subtracts part of the bias before it, and theory says how many of the \
     bias's parameters that concerns. Along those the gradient is zero, and all that a computer can measure is rounding."
        .into()
}

fn columns_explained() -> Text {
    Text::default()
        .plain("Norms are averages over the measured steps and the seeds; round-off is what rounding alone explains. ")
        .strong("Certified")
        .plain(format!(
            ": in every seed, the gradient along the redundant part is at most {CERTIFICATE_FACTOR} times the \
             round-off. A bias "
        ))
        .strong("at work")
        .plain(" has a gradient above that. Of the last two columns, the first is the mean over the seeds and the second the \
             largest seed.")
}

fn table(layers: &[(String, LayerCertificate)]) -> Table {
    let mut columns = vec![Column::left("Variant"), Column::left("Layer")];
    let figures = [
        "Bias parameters",
        "Redundant, predicted",
        "Gradient norm",
        "Redundant part",
        "Round-off",
        "Gradient ÷ round-off",
        "Redundant ÷ round-off",
    ];
    columns.extend(figures.map(Column::right));
    columns.push(Column::left("Finding"));
    let rows = layers.iter().map(|(variant, layer)| row(variant, layer));
    Table { caption: "Bias gradients by variant and layer.".into(), columns, rows: rows.collect() }
}

fn row(variant: &str, layer: &LayerCertificate) -> Vec<Text> {
    let redundant = |text: String| if layer.predicted_redundant == 0 { NONE.into() } else { text };
    let cells = [
        variant.into(),
        clean(&layer.layer),
        count(layer.bias_parameters),
        count(layer.predicted_redundant),
        magnitude(layer.gradient_norm),
        redundant(magnitude(layer.redundant_gradient_norm)),
        magnitude(layer.round_off),
        or_none(sample(&layer.gradient_ratios).map(|sample| sample.mean), magnitude),
        redundant(or_none(layer.redundant_ratios.iter().copied().reduce(f64::max), magnitude)),
        layer.finding.name().into(),
    ];
    cells.into_iter().map(Text::from).collect()
}
