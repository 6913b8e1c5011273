//! The redundancy table as a heat map: a row a normalization, a column a kind of bias.

use maud::{Markup, html};
use untied_study::Factors;

use crate::chart::{Colour, LINE, Label, MARGIN, Point, Sheet, WIDTH, line, rectangle, wrap};
use crate::document::names::clean;
use crate::document::number::count;
use crate::document::{Figure, Text};
use crate::results::View;
use crate::results::first_seen::FirstSeen;
use crate::results::selection::{PANELS, ROWS, remark};
use crate::topics::rank::jacobian::{LayerRank, ranks};

const NAMES: f64 = 190.0;
const CELL: f64 = 50.0;
const GAP: f64 = 3.0;
const WIDEST: f64 = 150.0;
const LEGEND: f64 = 30.0;
/// Names of the colours, each with the share that it ends below; the last is all of it.
const STEPS: [(&str, f64); 5] = [("none", 0.0), ("< 25 %", 0.25), ("< 50 %", 0.5), ("< 100 %", 1.0), ("all", 1.0)];

/// First layers by the factors of the bias and by all others.
struct HeatMap {
    columns: Vec<String>,
    rows: Vec<String>,
    /// Row, column, layer.
    cells: Vec<(usize, usize, LayerRank)>,
}

/// The first layer with a bias of every variant; None where no rank was measured.
pub(crate) fn plot(view: &View<'_>) -> Option<Figure> {
    let map = arrange(view);
    let layer = clean(&map.cells.first()?.2.layer);
    let (columns, rows) = (map.columns.len().min(PANELS), map.rows.len().min(ROWS));
    let width = ((WIDTH - 2.0 * MARGIN - NAMES) / columns as f64).min(WIDEST);
    let top = MARGIN + LEGEND + 2.0 * LINE + 10.0;
    let corner = |row: usize, column: usize| (MARGIN + NAMES + column as f64 * width, top + row as f64 * CELL);
    let title = format!("Redundant dimensions of the bias of {layer}, measured / predicted");
    let alt = "Heat map: a row a normalization, a column a kind of bias; each cell has the measured and the predicted number of \
               redundant dimensions and is darker the larger their share. The table of ranks has the numbers.";
    let marks = html! {
        (legend())
        @for (column, name) in map.columns.iter().take(columns).enumerate() {
            @let (x, y) = corner(0, column);
            @let lines = wrap(name, true, width - 8.0, 2);
            (Label::centre(Colour::Ink).bold().write((x + width / 2.0, y - LINE - 6.0), &lines))
        }
        @for (row, name) in map.rows.iter().take(rows).enumerate() {
            @let lines = wrap(name, false, NAMES - 12.0, 3);
            (Label::left(Colour::Ink).write((MARGIN, corner(row, 0).1 + CELL / 2.0), &lines))
        }
        @for (row, column, layer) in map.cells.iter().filter(|(row, column, _)| *row < rows && *column < columns) {
            (cell(corner(*row, *column), width, layer))
        }
    };
    let svg = Sheet { name: "rank", title: &title, alt }.svg(top + rows as f64 * CELL + MARGIN, &marks);
    let caption = Text::default().strong(format!("{title}. ")).plain(
        "Below, the number of bias parameters. The darker a cell, the larger the measured share. A frame and ≠ mark a cell where \
         some seed's count is not the predicted one.",
    );
    let caption = caption.plain(remark(rows, map.rows.len(), "rows", "the first"));
    Some(Figure { file: "rank.svg", svg, alt: alt.into(), caption })
}

fn arrange(view: &View<'_>) -> HeatMap {
    let (mut columns, mut rows) = (FirstSeen::new(), FirstSeen::new());
    let mut cells = Vec::new();
    for variant in &view.variants {
        let Some(layer) = ranks(variant).into_iter().next() else { continue };
        let (bias, others): (Factors, Factors) =
            variant.factors.clone().into_iter().partition(|(key, _)| key == "model.bias");
        let name = |factors: &Factors, none: &str| match view.labels.of(factors) {
            label if label.is_empty() => none.to_owned(),
            label => label,
        };
        cells.push((rows.number(name(&others, "every variant")), columns.number(name(&bias, "the bias")), layer));
    }
    HeatMap { columns: columns.into_values(), rows: rows.into_values(), cells }
}

fn cell((x, y): Point, width: f64, layer: &LayerRank) -> Markup {
    let (from, to) = ((x + GAP, y + GAP), (x + width - GAP, y + CELL - GAP));
    let middle = (x + width / 2.0, y + CELL / 2.0);
    html! {
        (rectangle(from, to, Colour::Share(step(layer.share()))))
        @if !layer.agrees() {
            (line(&[from, (to.0, from.1), to, (from.0, to.1), from], Colour::Vermillion, 3.0))
        }
        (Label::centre(Colour::Ink).bold().write((middle.0, middle.1 - LINE / 2.0), &[text(layer)]))
        @let all = format!("of {}", count(layer.bias_parameters));
        (Label::centre(Colour::Ink).write((middle.0, middle.1 + LINE / 2.0), &[all]))
    }
}

/// `8 / 8`; `≠ 7–8 / 8` where some seed differs.
fn text(layer: &LayerRank) -> String {
    let sign = if layer.agrees() { "" } else { "≠ " };
    format!("{sign}{} / {}", layer.measured_range("–"), layer.predicted)
}

/// The colour of a share.
fn step(share: f64) -> usize {
    match share {
        0.0 => 0,
        share if share >= 1.0 => 4,
        share => 1 + STEPS[1..4].iter().take_while(|(_, most)| share >= *most).count(),
    }
}

fn legend() -> Markup {
    let y = MARGIN + LINE / 2.0;
    let left = |index: usize| MARGIN + NAMES + index as f64 * 100.0;
    html! {
        (Label::left(Colour::Muted).write((MARGIN, y), &["redundant share of the bias"]))
        @for (index, (name, _)) in STEPS.iter().enumerate() {
            (rectangle((left(index), y - 8.0), (left(index) + 22.0, y + 8.0), Colour::Share(index)))
            (Label::left(Colour::Ink).write((left(index) + 28.0, y), &[name]))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn layer(bias_parameters: usize, predicted: usize, measured: &[usize]) -> LayerRank {
        LayerRank {
            layer: "block1".into(),
            bias_parameters,
            predicted,
            measured: measured.to_vec(),
            smallest_kept: None,
            largest_dropped: None,
            threshold: 1e-9,
            variance: None,
        }
    }

    #[test]
    fn cells_say_what_was_measured_and_predicted() {
        assert_eq!(text(&layer(8, 8, &[8, 8])), "8 / 8");
        assert_eq!(text(&layer(8, 8, &[8, 7])), "≠ 7–8 / 8");
        assert_eq!(text(&layer(8, 0, &[0])), "0 / 0");
        assert_eq!(text(&layer(8, 1, &[2])), "≠ 2 / 1");
    }

    #[test]
    fn colours_follow_the_share() {
        assert_eq!([0.0, 0.01, 0.25, 0.5, 0.99, 1.0].map(step), [0, 1, 2, 3, 3, 4]);
    }
}
