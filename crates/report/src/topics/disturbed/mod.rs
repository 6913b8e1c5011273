//! Accuracy on test images that were disturbed.

mod amounts;
mod disturbance;
mod plot;

use crate::document::number::{NONE, fixed, interval, or_none, signed, signed_interval};
use crate::document::{Block, Column, Section, Table, Text};
use crate::results::View;
use crate::topics::Topic;
use crate::topics::disturbed::amounts::{Amount, Baselines, amounts};
use crate::topics::disturbed::disturbance::Disturbance;

pub(crate) use disturbance::{NOISE, TRANSLATION};

/// The accuracies of every variant on disturbed images.
pub(crate) struct Disturbed<'v, 'a>(pub(crate) &'static Disturbance, pub(crate) &'v View<'a>);

impl Topic for Disturbed<'_, '_> {
    /// None where no images were disturbed.
    fn section(&self) -> Option<Section> {
        let Self(disturbance, view) = *self;
        let figure = plot::plot(disturbance, view)?;
        let introduction = Block::Paragraph(disturbance.introduction.into());
        let blocks = vec![introduction, Block::Figure(figure), Block::Table(table(disturbance, view))];
        Some(Section { id: disturbance.id, title: disturbance.title, blocks })
    }
}

fn table(disturbance: &Disturbance, view: &View<'_>) -> Table {
    let mut columns = vec![Column::left("Variant")];
    let figures = [disturbance.column, "Seeds", "Accuracy", "95 % interval", "Less the baseline's", "95 % interval"];
    columns.extend(figures.map(Column::right));
    let baselines = Baselines::new(view);
    let rows = view.variants.iter().flat_map(|variant| {
        let name = view.variant_label(variant.factors);
        amounts(disturbance, variant, &baselines).into_iter().map(move |amount| row(&name, &amount))
    });
    Table { caption: disturbance.caption.into(), columns, rows: rows.collect() }
}

fn row(name: &str, amount: &Amount) -> Vec<Text> {
    let cells = [
        name.into(),
        amount.by.to_string(),
        amount.accuracy.n.to_string(),
        fixed(amount.accuracy.mean),
        amount.interval.map_or_else(|| NONE.into(), interval),
        or_none(amount.difference.map(|difference| difference.mean), signed),
        amount.difference.and_then(|difference| difference.ci95).map_or_else(|| NONE.into(), signed_interval),
    ];
    cells.into_iter().map(Text::from).collect()
}
