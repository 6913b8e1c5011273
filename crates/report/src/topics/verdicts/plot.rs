//! Paired differences with their intervals against the margin.

use plotters::style::RGBColor;
use untied_study::{Comparison, Verdict};

use crate::chart::canvas::{Area, Drawn, LINE, Label, Sheet, dashes, dot, line, polygon, rectangle, ring, triangle};
use crate::chart::palette::{BAND, BAND_EDGE, BLUE, MUTED, VERMILLION};
use crate::chart::row_chart::{Places, Row, RowChart, decimals, range};
use crate::document::names::{capitalised, metric_name, verdict_name, verdict_sign};
use crate::document::{Figure, Text};
use crate::results::View;
use crate::results::selection::{ROWS, foremost, remark, size};

/// A forest plot: one row a comparison, the shaded band is ±margin.
pub(crate) fn plot(view: &View<'_>) -> Option<Figure> {
    let groups = view.comparisons();
    let all = groups.iter().flat_map(|(group, members)| members.iter().map(move |one| (group.as_str(), *one)));
    let shown = foremost(all.collect(), ROWS, |(_, one)| size(one));
    let all: Vec<&Comparison> = shown.iter().map(|(_, one)| *one).collect();
    let margin = all.first()?.margin;
    let rows: Vec<Row> = shown.iter().map(|(group, one)| row(view, group, one)).collect();
    let numbers = all.iter().flat_map(|one| one.mean_difference.into_iter().chain(one.ci95.into_iter().flatten()));
    let x = range(numbers.chain([-margin, margin]));
    let name = metric_name(view.metric);
    let x_label = decimals(&x);
    let x_title = format!("Difference in {name}, treatment − baseline");
    let chart = RowChart { rows: &rows, row_height: 36.0, head: LINE, x, x_title, x_label: &x_label };
    let title = format!("Paired differences in {name}");
    let alt = format!(
        "Forest plot: one row a comparison, its mean difference in {name} with the 95 % interval, against a band \
         of ±{}. The table of paired differences has the numbers.",
        margin
    );
    let sheet = Sheet { name: "differences", title: title.clone(), alt: alt.clone(), height: 0.0 };
    let svg = chart.draw(
        sheet,
        |area, places| band(area, places, margin),
        |area, places| all.iter().zip(&places.rows).try_for_each(|(one, &y)| mark(area, places, y, one)),
    );
    let caption = Text::default().strong(format!("{title}. ")).plain(format!(
        "{} of the treatment minus that of the baseline with the same seed: mean and 95 % interval. An interval inside \
         the band of ±{} is too small to count.",
        capitalised(name),
        margin
    ));
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

fn colour(verdict: Verdict) -> RGBColor {
    match verdict {
        Verdict::Equivalent => BLUE,
        Verdict::Different => VERMILLION,
        Verdict::Inconclusive => MUTED,
    }
}

fn band(area: &Area<'_>, places: &Places, margin: f64) -> Drawn {
    let [low, zero, high] = [-margin, 0.0, margin].map(|value| places.x(value));
    rectangle(area, (low, places.top), (high, places.bottom), BAND)?;
    for x in [low, high] {
        line(area, &[(x, places.top), (x, places.bottom)], BAND_EDGE, 1.0)?;
    }
    dashes(area, &[(zero, places.top), (zero, places.bottom)], MUTED, 1.0, [4.0, 4.0])?;
    Label::centre(MUTED).write(area, (zero, places.top - LINE / 2.0), &[format!("±{}", margin)])
}

/// The verdicts differ in shape as well as in colour: dot, triangle, ring.
fn mark(area: &Area<'_>, places: &Places, y: f64, one: &Comparison) -> Drawn {
    let colour = colour(one.verdict);
    if let Some([low, high]) = one.ci95 {
        let (low, high) = (places.x(low), places.x(high));
        line(area, &[(low, y), (high, y)], colour, 2.0)?;
        for end in [low, high] {
            line(area, &[(end, y - 4.0), (end, y + 4.0)], colour, 2.0)?;
        }
    }
    let Some(mean) = one.mean_difference else { return Ok(()) };
    let at = (places.x(mean), y);
    match one.verdict {
        Verdict::Equivalent => dot(area, at, 5.5, colour, 1.0),
        Verdict::Different => polygon(area, &triangle(at, 6.5), colour, 1.0),
        Verdict::Inconclusive => ring(area, at, 5.0, colour),
    }
}
