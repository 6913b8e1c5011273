//! Accuracy on test images that were moved.

mod distances;
mod plot;

use crate::document::number::{NONE, fixed, interval, or_none, signed, signed_interval};
use crate::document::{Block, Column, Section, Table, Text};
use crate::results::View;
use crate::topics::Topic;
use crate::topics::translation::distances::{Baselines, Distance, distances};

/// The accuracies of every variant on moved images.
pub(crate) struct Translation<'v, 'a>(pub(crate) &'v View<'a>);

impl Topic for Translation<'_, '_> {
    /// None where no images were moved.
    fn section(&self) -> Option<Section> {
        let figure = plot::plot(self.0)?;
        let introduction = "The test images are moved by some pixels to each of the four sides; what leaves the image is lost, \
                            and what comes in is empty. A bias that differs from location to location does not move with \
                            them.";
        let blocks = vec![Block::Paragraph(introduction.into()), Block::Figure(figure), Block::Table(table(self.0))];
        Some(Section { id: "translation", title: "Test images moved", blocks })
    }
}

fn table(view: &View<'_>) -> Table {
    let mut columns = vec![Column::left("Variant")];
    let figures = ["Pixels", "Seeds", "Accuracy", "95 % interval", "Less the baseline's", "95 % interval"];
    columns.extend(figures.map(Column::right));
    let baselines = Baselines::new(view);
    let rows = view.variants.iter().flat_map(|variant| {
        let name = view.variant_label(variant.factors);
        distances(variant, &baselines).into_iter().map(move |distance| row(&name, &distance))
    });
    let caption = "Accuracy by distance, mean over the four sides and the finished seeds; differences are paired by seed, and \
                   their intervals not adjusted for their number.";
    Table { caption: caption.into(), columns, rows: rows.collect() }
}

fn row(name: &str, distance: &Distance) -> Vec<Text> {
    let cells = [
        name.into(),
        distance.pixels.to_string(),
        distance.accuracy.n.to_string(),
        fixed(distance.accuracy.mean),
        distance.interval.map_or_else(|| NONE.into(), interval),
        or_none(distance.difference.map(|difference| difference.mean), signed),
        distance.difference.and_then(|difference| difference.ci95).map_or_else(|| NONE.into(), signed_interval),
    ];
    cells.into_iter().map(Text::from).collect()
}
