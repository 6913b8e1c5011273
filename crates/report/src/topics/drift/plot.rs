//! The redundant part of the biases and the lag of the running mean over the steps, one row of panels a model.

use std::ops::Range;

use plotters::prelude::*;
use untied_study::Factors;

use crate::chart::canvas::{Area, Drawn, FONT, Label, MARGIN, Point, Sheet, WIDTH, font, pixels, polygon, units};
use crate::chart::legend::{Legend, Stroke};
use crate::chart::palette::{GRID, INK, MUTED};
use crate::chart::text_layout::wrap;
use crate::document::number::power_of_ten;
use crate::document::{Figure, Text};
use crate::results::View;
use crate::results::selection::{PANELS, remark};
use crate::topics::drift::history::{DriftPoint, Norm, points};

const PANEL_HEIGHT: f64 = 232.0;
const GAP: f64 = 18.0;
const TITLE: f64 = 22.0;
const HEADING: f64 = 26.0;
/// Smaller norms are off the scale: a line that starts at one rounding need not flatten the others.
const MOST_DECADES: f64 = 18.0;

const KINDS: [(&str, Norm); 2] = [
    ("Redundant part of the biases, L2 norm", |drift| &drift.redundant_bias_norm),
    ("Lag of the running mean, L2 norm", |drift| &drift.running_mean_lag),
];

/// The lines of one model, per kind of norm.
struct Panels {
    label: String,
    lines: [Vec<Line>; 2],
}

/// One training rule's course.
struct Line {
    series: usize,
    points: Vec<DriftPoint>,
}

/// On a logarithmic axis; None where every norm is zero.
pub(crate) fn plot(view: &View<'_>) -> Option<Figure> {
    let (series, mut rows) = arrange(view);
    let models = rows.len();
    rows.truncate(PANELS);
    let all = || rows.iter().flat_map(|row| &row.lines).flatten().flat_map(|line| &line.points);
    let y = decades(all().flat_map(|point| point.norms))?;
    let x = 0.0..all().map(|point| point.step).max()?.max(1) as f64;
    let legend = Legend::new(series.iter().enumerate().map(|(number, name)| (Stroke::of(number), name.as_str())));
    let title = "Drift of the redundant part";
    let alt = "Line plots on a logarithmic axis: the norm of the redundant part of the biases, and of the lag of the running \
               mean, by training step; one line a training rule, one row of panels a model.";
    let top = |row: usize| legend.height + 8.0 + row as f64 * (HEADING + PANEL_HEIGHT + GAP);
    let sheet = Sheet { name: "drift", title: title.into(), alt: alt.into(), height: top(rows.len()) };
    let svg = sheet.draw(|area| {
        legend.draw(area)?;
        for (row, panels) in rows.iter().enumerate() {
            let name = wrap(&panels.label, FONT, true, WIDTH - 2.0 * MARGIN, 1);
            Label::left(INK).bold().write(area, (MARGIN, top(row) + HEADING / 2.0), &name)?;
            for (column, ((name, _), lines)) in KINDS.iter().zip(&panels.lines).enumerate() {
                let corner = (MARGIN + column as f64 * (panel_width() + GAP), top(row) + HEADING);
                Label::left(MUTED).write(area, (corner.0, corner.1 + TITLE / 2.0), &[name])?;
                panel(area, corner, lines, [x.clone(), y.clone()])?;
            }
        }
        Ok(())
    });
    let caption = Text::default().strong(format!("{title}. ")).plain(
        "Over all layers. Lines are geometric means over the finished seeds, bands reach from the smallest to the largest \
         seed. What is zero, or was never recorded, has no line.",
    );
    let caption = caption.plain(remark(rows.len(), models, "models", "the first"));
    Some(Figure { file: "drift.svg", svg, alt: alt.into(), caption })
}

/// The names of the training rules, and the panels of every model that has a line.
fn arrange(view: &View<'_>) -> (Vec<String>, Vec<Panels>) {
    let mut series: Vec<String> = Vec::new();
    let mut rows: Vec<Panels> = Vec::new();
    for variant in &view.variants {
        let lines = KINDS.map(|(_, of)| points(variant, of));
        if lines.iter().all(Vec::is_empty) {
            continue;
        }
        let (rule, model): (Factors, Factors) = variant.factors.clone().into_iter().partition(|(key, _)| is_rule(key));
        let rule = if rule.is_empty() { "every run".to_owned() } else { view.labels.of(&rule) };
        let label = view.labels.of(&model);
        let number = series.iter().position(|known| *known == rule).unwrap_or_else(|| {
            series.push(rule);
            series.len() - 1
        });
        let row = rows.iter().position(|row| row.label == label).unwrap_or_else(|| {
            rows.push(Panels { label, lines: [Vec::new(), Vec::new()] });
            rows.len() - 1
        });
        for (kind, points) in rows[row].lines.iter_mut().zip(lines) {
            kind.push(Line { series: number, points });
        }
    }
    (series, rows)
}

/// Whether a factor is part of how a model is trained; the float type is part of the model here.
fn is_rule(key: &str) -> bool {
    key.starts_with("train.") && key != "train.dtype"
}

fn panel_width() -> f64 {
    (WIDTH - 2.0 * MARGIN - GAP) / 2.0
}

/// Whole powers of ten around the numbers.
fn decades(norms: impl Iterator<Item = f64>) -> Option<Range<f64>> {
    let logs: Vec<f64> = norms.map(f64::log10).filter(|log| log.is_finite()).collect();
    let high = logs.iter().copied().reduce(f64::max)?.ceil();
    let low = logs.iter().copied().fold(high - 1.0, f64::min).floor();
    Some(low.max(high - MOST_DECADES)..high)
}

fn panel(area: &Area<'_>, (left, top): Point, lines: &[Line], [x, y]: [Range<f64>; 2]) -> Drawn {
    let size = (units(panel_width()), units(PANEL_HEIGHT - TITLE));
    let sheet = area.clone().shrink((units(left), units(top + TITLE)), size);
    let y_label = |log: &f64| {
        if (log - log.round()).abs() < 1e-6 { power_of_ten(log.round() as i32) } else { String::new() }
    };
    let mut chart = ChartBuilder::on(&sheet)
        .x_label_area_size(units(42.0))
        .y_label_area_size(units(48.0))
        .margin_right(units(8.0))
        .margin_top(units(8.0))
        .build_cartesian_2d(x, y.clone())?;
    chart
        .configure_mesh()
        .disable_x_mesh()
        .x_labels(5)
        .y_labels(7)
        .x_desc("step")
        .x_label_formatter(&|step| format!("{step:.0}"))
        .y_label_formatter(&y_label)
        .label_style(font(FONT - 0.5, MUTED))
        .light_line_style(TRANSPARENT)
        .bold_line_style(GRID.stroke_width(units(1.0) as u32))
        .axis_style(MUTED.stroke_width(units(1.0) as u32))
        .set_all_tick_mark_size(units(4.0))
        .draw()?;
    let place = |point: &DriftPoint, norm: usize| {
        let log = point.norms[norm].log10().clamp(y.start, y.end);
        let (x, y) = chart.backend_coord(&(point.step as f64, log));
        (pixels(x), pixels(y))
    };
    for line in lines {
        let upper = line.points.iter().map(|point| place(point, 2));
        let lower = line.points.iter().rev().map(|point| place(point, 1));
        polygon(area, &upper.chain(lower).collect::<Vec<_>>(), Stroke::of(line.series).colour, 0.1)?;
    }
    for line in lines.iter().filter(|line| !line.points.is_empty()) {
        let mean: Vec<Point> = line.points.iter().map(|point| place(point, 0)).collect();
        Stroke::of(line.series).draw(area, &mean)?;
    }
    Ok(())
}
