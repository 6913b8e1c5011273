//! Paired differences with their intervals against the margin.

use maud::{Markup, html};
use untied_study::{Comparison, Verdict};

use crate::chart::{
    Axis, Colour, LINE, Label, Panel, Row, RowChart, Sheet, around, dashed, dot, line, polygon, rectangle, ring,
    triangle,
};
use crate::document::names::{capitalised, metric_name, verdict_name, verdict_sign};
use crate::document::{Figure, Text};
use crate::results::View;
use crate::results::selection::{ROWS, foremost, remark, size};

/// What the thin line is.
const ON_IMAGES: &str = " Thick: over seeds, on these test images; thin: on new images of the same kind.";

/// A forest plot: one row a comparison, the shaded band is ±margin.
pub(crate) fn plot(view: &View<'_>) -> Option<Figure> {
    let groups = view.comparisons();
    let all = groups.iter().flat_map(|(group, members)| members.iter().map(move |one| (group.as_str(), *one)));
    let shown = foremost(all.collect(), ROWS, |(_, one)| size(one));
    let all: Vec<&Comparison> = shown.iter().map(|(_, one)| *one).collect();
    let margin = all.first()?.margin;
    let rows: Vec<Row> = shown.iter().map(|(group, one)| row(view, group, one)).collect();
    let ends = |one: &Comparison| [one.ci95, one.ci95_images].into_iter().flatten().flatten();
    let values = all.iter().flat_map(|one| one.mean_difference.into_iter().chain(ends(one)));
    let x = around(values.chain([-margin, margin]));
    let name = metric_name(view.metric);
    let title = format!("Paired differences in {name}");
    let alt = format!(
        "Forest plot: one row a comparison, its mean difference in {name} with the 95 % interval, against a band \
         of ±{margin}. The table of paired differences has the numbers."
    );
    let chart = RowChart {
        sheet: Sheet { name: "differences", title: &title, alt: &alt },
        rows: &rows,
        row_height: 36.0,
        head: LINE,
        x: Axis::linear(x, 6),
        x_title: &format!("Difference in {name}, treatment − baseline"),
    };
    let svg = chart.svg(|panel| band(panel, margin), |panel, index, y| mark(panel, y, all[index]));
    let caption = Text::default().strong(format!("{title}. ")).plain(format!(
        "{} of the treatment minus that of the baseline with the same seed: mean and 95 % interval. An interval inside \
         the band of ±{} is too small to count.",
        capitalised(name),
        margin
    ));
    let on_images = all.iter().any(|one| one.ci95_images.is_some());
    let caption = caption.plain(if on_images { ON_IMAGES } else { "" });
    let all = view.results.comparisons.len();
    let caption = caption.plain(remark(shown.len(), all, "comparisons", "those with the largest differences"));
    Some(Figure { file: "differences.svg", svg, alt, caption })
}

fn row(view: &View<'_>, group: &str, one: &Comparison) -> Row {
    Row {
        group: group.into(),
        name: view.labels.versus(&one.treatment, &one.baseline),
        remark: format!("{} {}", verdict_sign(one.verdict), verdict_name(one.verdict)),
        remark_colour: colour(one.verdict),
    }
}

fn colour(verdict: Verdict) -> Colour {
    match verdict {
        Verdict::Equivalent => Colour::Blue,
        Verdict::Different => Colour::Vermillion,
        Verdict::Inconclusive => Colour::Muted,
    }
}

fn band(panel: &Panel<'_>, margin: f64) -> Markup {
    let [low, zero, high] = [-margin, 0.0, margin].map(|value| panel.x(value));
    let (top, bottom) = (panel.top, panel.bottom());
    html! {
        (rectangle((low, top), (high, bottom), Colour::Band))
        @for x in [low, high] { (line(&[(x, top), (x, bottom)], Colour::BandEdge, 1.0)) }
        (dashed(&[(zero, top), (zero, bottom)], Colour::Muted))
        (Label::centre(Colour::Muted).write((zero, top - LINE / 2.0), &[format!("±{margin}")]))
    }
}

/// The verdicts differ in shape as well as in colour: dot, triangle, ring.
fn mark(panel: &Panel<'_>, y: f64, one: &Comparison) -> Markup {
    let colour = colour(one.verdict);
    let symbol = |mean: f64| match (one.verdict, (panel.x(mean), y)) {
        (Verdict::Equivalent, at) => dot(at, 5.5, colour, 1.0),
        (Verdict::Different, at) => polygon(&triangle(at, 6.5), colour, 1.0),
        (Verdict::Inconclusive, at) => ring(at, 5.0, colour),
    };
    html! {
        @if let Some(ends) = one.ci95_images {
            @let [low, high] = ends.map(|end| panel.x(end));
            (line(&[(low, y), (high, y)], colour, 1.0))
            @for end in [low, high] { (line(&[(end, y - 2.5), (end, y + 2.5)], colour, 1.0)) }
        }
        @if let Some(ends) = one.ci95 {
            @let [low, high] = ends.map(|end| panel.x(end));
            (line(&[(low, y), (high, y)], colour, 2.0))
            @for end in [low, high] { (line(&[(end, y - 4.0), (end, y + 4.0)], colour, 2.0)) }
        }
        @if let Some(mean) = one.mean_difference { (symbol(mean)) }
    }
}
