//! Drift of the redundant part of the biases.

mod history;
mod plot;

use crate::document::number::{magnitude, or_none};
use crate::document::{Block, Column, Section, Table, Text};
use crate::results::View;
use crate::results::variant::Variant;
use crate::topics::Topic;
use crate::topics::drift::history::{Norm, last_and_largest};

/// The norms of the biases over the steps of every run.
pub(crate) struct Drift<'v, 'a>(pub(crate) &'v View<'a>);

impl Topic for Drift<'_, '_> {
    /// None where no redundant part of a bias ever left zero.
    fn section(&self) -> Option<Section> {
        let figure = Block::Figure(plot::plot(self.0)?);
        let blocks = vec![Block::Paragraph(introduction()), figure, Block::Table(table(self.0))];
        Some(Section { id: "drift", title: "Drift of the redundant part", blocks })
    }
}

fn introduction() -> Text {
    "The exact gradient along the redundant part of a bias is zero; an optimizer gets rounding in its place. SGD moves the bias \
     no further than that; Adam divides each gradient by its own size, however small, and walks. Of an untied bias it divides \
     number by number, which gives even a gradient without a redundant part a step with one. In training the \
     normalization removes the walk again. In evaluation batch norm subtracts its running mean, which follows the bias with \
     a lag: by that lag the outputs are off."
        .into()
}

fn table(view: &View<'_>) -> Table {
    let mut columns = vec![Column::left("Variant")];
    columns.extend(["Bias", "Redundant part", "Lag of the running mean", "Largest lag"].map(Column::right));
    let rows = view.variants.iter().filter_map(|variant| row(&view.variant_label(variant.factors), variant));
    Table {
        caption: "L2 norms over all layers, means over the seeds; the first three at the end of the run.".into(),
        columns,
        rows: rows.collect(),
    }
}

fn row(name: &str, variant: &Variant<'_>) -> Option<Vec<Text>> {
    let norms = |of: Norm| last_and_largest(variant, of);
    let bias = norms(|drift| &drift.bias_norm)?;
    let redundant = norms(|drift| &drift.redundant_bias_norm);
    let lag = norms(|drift| &drift.running_mean_lag);
    let number = |value: Option<f64>| or_none(value, magnitude);
    let cells = [
        name.into(),
        magnitude(bias[0]),
        number(redundant.map(|norms| norms[0])),
        number(lag.map(|norms| norms[0])),
        number(lag.map(|norms| norms[1])),
    ];
    Some(cells.into_iter().map(|cell: String| Text::from(cell)).collect())
}
