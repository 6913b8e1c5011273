//! Every variant with its means.

mod loss_plot;
mod metric_plot;

use untied_study::Metric;

use crate::document::names::{capitalised, metric_name};
use crate::document::number::{NONE, count, fixed, interval, or_none};
use crate::document::{Block, Column, Section, Table, Text};
use crate::results::View;
use crate::results::variant::Variant;
use crate::statistics::student::mean_interval;
use crate::topics::Topic;

/// The means, seeds and curves of all variants.
pub(crate) struct Variants<'v, 'a>(pub(crate) &'v View<'a>);

impl Topic for Variants<'_, '_> {
    fn section(&self) -> Option<Section> {
        let mut blocks = vec![Block::Table(table(self.0))];
        blocks.extend(metric_plot::plot(self.0).map(Block::Figure));
        blocks.extend(loss_plot::plot(self.0).map(Block::Figure));
        Some(Section { id: "variants", title: "The variants", blocks })
    }
}

fn table(view: &View<'_>) -> Table {
    let others = others(view.metric);
    let mut columns = vec![Column::left("Variant"), Column::right("Seeds")];
    columns.push(Column::right(capitalised(metric_name(view.metric))));
    columns.push(Column::right("95 % interval of the mean"));
    columns.extend(others.iter().map(|metric| Column::right(capitalised(metric_name(*metric)))));
    columns.extend(["Parameters", "of these bias", "Images/s"].map(Column::right));
    Table {
        caption: "Means over the finished seeds. Seeds: finished of planned.".into(),
        columns,
        rows: view.variants.iter().map(|variant| row(view, variant, &others)).collect(),
    }
}

fn others(metric: Metric) -> Vec<Metric> {
    [Metric::TestAccuracy, Metric::TestLoss].into_iter().filter(|other| *other != metric).collect()
}

fn row(view: &View<'_>, variant: &Variant<'_>, others: &[Metric]) -> Vec<Text> {
    let sample = variant.sample(view.metric);
    let mean = |metric| or_none(variant.sample(metric).map(|sample| sample.mean), fixed);
    let parameters = |of: fn(untied_study::Parameters) -> usize| {
        variant.parameters().map_or_else(|| NONE.into(), |parameters| count(of(parameters)))
    };
    let mut cells = vec![
        view.variant_label(variant.factors),
        format!("{}/{}", variant.finished().count(), variant.cells.len()),
        mean(view.metric),
        sample.and_then(mean_interval).map_or_else(|| NONE.into(), interval),
    ];
    cells.extend(others.iter().map(|metric| mean(*metric)));
    cells.push(parameters(|parameters| parameters.total));
    cells.push(parameters(|parameters| parameters.bias));
    cells.push(or_none(variant.images_per_second(), |speed| count(speed.round() as usize)));
    cells.into_iter().map(Text::from).collect()
}
