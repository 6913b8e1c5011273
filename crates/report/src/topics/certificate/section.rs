//! Measured against predicted redundancy.

use crate::document::names::clean;
use crate::document::number::{NONE, count, magnitude, or_none};
use crate::document::{Block, Column, Section, Table, Text};
use crate::results::View;
use crate::statistics::student::sample;
use crate::topics::certificate::plot;
use crate::topics::certificate::{LayerCertificate, certificates};

/// None where no finished run has a bias.
pub(crate) fn section(view: &View<'_>) -> Option<Section> {
    let figure = plot::plot(view)?;
    let blocks = vec![
        Block::Paragraph(introduction()),
        Block::Figure(figure),
        Block::Table(table(view)),
        Block::Paragraph(columns_explained()),
    ];
    Some(Section { id: "redundancy", title: "Redundancy, measured against predicted", blocks })
}

fn introduction() -> Text {
    "A normalization that centres its input subtracts part of the bias before it, and theory says how many of the \
     bias's numbers that concerns. Along those the gradient is zero, and all that a computer can measure is rounding."
        .into()
}

fn columns_explained() -> Text {
    Text::default()
        .plain("Norms are averages over the measured steps and the seeds; round-off is what rounding alone explains. ")
        .strong("Certified")
        .plain(
            ": in every seed, the gradient along the redundant numbers is at most 32 times the round-off. A bias ",
        )
        .strong("at work")
        .plain(" has a gradient above that. Of the last two columns, the first is the mean over the seeds and the second the \
             largest seed.")
}

fn table(view: &View<'_>) -> Table {
    let mut columns = vec![Column::left("Variant"), Column::left("Layer")];
    let numbers = [
        "Bias numbers",
        "Redundant, predicted",
        "Gradient norm",
        "Redundant part",
        "Round-off",
        "Gradient ÷ round-off",
        "Redundant ÷ round-off",
    ];
    columns.extend(numbers.map(Column::right));
    columns.push(Column::left("Finding"));
    let rows = view.variants.iter().flat_map(|variant| {
        let name = view.variant_label(variant.factors);
        certificates(variant).into_iter().map(move |layer| row(&name, &layer))
    });
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
