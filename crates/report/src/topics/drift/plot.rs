//! The redundant part of the biases and the lag of the running mean over the steps, one row of panels a model.

use std::ops::Range;

use untied_study::Factors;

use crate::chart::{Axis, Cell, Curve, Grid, Mark, PanelRow, Sheet, Stroke};
use crate::document::{Figure, Text};
use crate::results::View;
use crate::results::first_seen::FirstSeen;
use crate::results::selection::{PANELS, remark};
use crate::topics::drift::history::{DriftPoint, Norm, points};

/// Smaller norms are off the scale: a line that starts at one rounding need not flatten the others.
const MOST_DECADES: f64 = 18.0;

const KINDS: [(&str, Norm); 2] = [
    ("Redundant part of the biases, L2 norm", |drift| &drift.redundant_bias_norm),
    ("Lag of the running mean, L2 norm", |drift| &drift.running_mean_lag),
];

/// On a logarithmic axis; None where every norm is zero.
pub(crate) fn plot(view: &View<'_>) -> Option<Figure> {
    let (series, mut rows) = arrange(view);
    let models = rows.len();
    rows.truncate(PANELS);
    let marks = || rows.iter().flat_map(|row| &row.cells).flat_map(|cell| &cell.curves).flat_map(|curve| &curve.marks);
    let norms = marks().flat_map(|mark| [mark.y].into_iter().chain(mark.interval.into_iter().flatten()));
    let y = Axis::decades(decades(norms)?, 7);
    let x = Axis::whole(0.0..marks().map(|mark| mark.x).fold(1.0, f64::max), 5);
    let title = "Drift of the redundant part";
    let alt = "Line plots on a logarithmic axis: the norm of the redundant part of the biases, and of the lag of the running \
               mean, by training step; one line a training rule, one row of panels a model.";
    let grid = Grid {
        sheet: Sheet { name: "drift", title, alt },
        legend: series.iter().enumerate().map(|(number, name)| (Stroke::of(number), name.as_str())).collect(),
        x,
        x_title: "step",
        y: vec![y],
        height: 160.0,
        empty: "",
        rows,
    };
    let shown = grid.rows.len();
    let svg = grid.svg();
    let caption = Text::default().strong(format!("{title}. ")).plain(
        "Over all layers. Lines are geometric means over the finished seeds, bands reach from the smallest to the largest \
         seed. What is zero, or was never recorded, has no line.",
    );
    let caption = caption.plain(remark(shown, models, "models", "the first"));
    Some(Figure { file: "drift.svg", svg, alt: alt.into(), caption })
}

/// The names of the training rules, and the panels of every model that has a line.
fn arrange(view: &View<'_>) -> (Vec<String>, Vec<PanelRow>) {
    let (mut series, mut models) = (FirstSeen::new(), FirstSeen::new());
    let mut rows: Vec<PanelRow> = Vec::new();
    for variant in &view.variants {
        let lines = KINDS.map(|(_, of)| points(variant, of));
        if lines.iter().all(Vec::is_empty) {
            continue;
        }
        let (rule, model): (Factors, Factors) = variant.factors.clone().into_iter().partition(|(key, _)| is_rule(key));
        let rule = if rule.is_empty() { "every run".to_owned() } else { view.labels.of(&rule) };
        let stroke = Stroke::of(series.number(rule));
        let heading = view.labels.of(&model);
        let row = models.number(heading.clone());
        if row == rows.len() {
            let cells = KINDS.map(|(title, _)| Cell { title: title.into(), curves: Vec::new() });
            rows.push(PanelRow { heading, cells: cells.into() });
        }
        for (cell, points) in rows[row].cells.iter_mut().zip(lines) {
            cell.curves.push(Curve { stroke, symbol: None, marks: points.iter().map(mark).collect() });
        }
    }
    (series.into_values(), rows)
}

fn mark(point: &DriftPoint) -> Mark {
    let [mean, low, high] = point.norms.map(f64::log10);
    Mark { x: point.step as f64, y: mean, interval: Some([low, high]) }
}

/// Whether a factor is part of how a model is trained; the float type is part of the model here.
fn is_rule(key: &str) -> bool {
    key.starts_with("train.") && key != "train.dtype"
}

/// From one whole logarithm to another, around all that there are.
fn decades(logs: impl Iterator<Item = f64>) -> Option<Range<f64>> {
    let logs: Vec<f64> = logs.filter(|log| log.is_finite()).collect();
    let high = logs.iter().copied().reduce(f64::max)?.ceil();
    let low = logs.iter().copied().fold(high - 1.0, f64::min).floor();
    Some(low.max(high - MOST_DECADES)..high)
}
