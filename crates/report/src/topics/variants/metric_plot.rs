//! The metric of every seed, by variant.

use plotters::style::RGBColor;

use crate::chart::canvas::{Area, Drawn, Sheet, diamond, dot, line, polygon};
use crate::chart::palette::{INK, MUTED, series};
use crate::chart::row_chart::{Places, Row, RowChart, decimals, range};
use crate::document::names::{capitalised, metric_name};
use crate::document::number::{NONE, fixed, or_none};
use crate::document::{Figure, Text};
use crate::results::selection::{ROWS, foremost, remark};
use crate::results::{Member, View};
use crate::statistics::student::{mean_interval, sample};

/// A dot a seed; the diamond is their mean, the line its 95 % interval.
pub(crate) fn plot(view: &View<'_>) -> Option<Figure> {
    let groups = view.groups();
    let all = groups.iter().flat_map(|group| group.members.iter().map(move |member| (group.label.as_str(), member)));
    let shown = foremost(all.collect(), ROWS, |(_, member)| member.variant.rank(view.metric));
    let members: Vec<&Member<'_, '_>> = shown.iter().map(|(_, member)| *member).collect();
    let values: Vec<Vec<f64>> = members.iter().map(|member| member.variant.values(view.metric)).collect();
    if values.iter().all(Vec::is_empty) {
        return None;
    }
    let intervals: Vec<_> = members.iter().map(|m| m.variant.sample(view.metric).and_then(mean_interval)).collect();
    let x = range(values.iter().flatten().copied().chain(intervals.iter().flatten().flatten().copied()));
    let rows: Vec<Row> = shown.iter().map(|(group, member)| row(view, group, member)).collect();
    let name = metric_name(view.metric);
    let x_label = decimals(&x);
    let chart = RowChart { rows: &rows, row_height: 40.0, head: 0.0, x, x_title: capitalised(name), x_label: &x_label };
    let title = format!("{} of every seed, by variant", capitalised(name));
    let alt =
        format!("Dot plot of the {name}: one row a variant, one dot a seed. The table of variants has the numbers.");
    let sheet = Sheet { name: "metric", title: title.clone(), alt: alt.clone(), height: 0.0 };
    let svg = chart.draw(
        sheet,
        |_, _| Ok(()),
        |area, places| {
            for (index, member) in members.iter().enumerate() {
                let colour = series(member.series);
                seeds(area, places, places.rows[index] - 5.0, &values[index], colour)?;
                mean(area, places, places.rows[index] + 11.0, &values[index], intervals[index])?;
            }
            Ok(())
        },
    );
    let caption = Text::default()
        .strong(format!("{title}. "))
        .plain("Each dot is a seed; the diamond is their mean, the line its 95 % interval.")
        .plain(remark(shown.len(), view.variants.len(), "variants", &format!("those with the best {name}")));
    Some(Figure { file: "metric.svg", svg, alt, caption })
}

fn row(view: &View<'_>, group: &str, member: &Member<'_, '_>) -> Row {
    let mean = or_none(member.variant.sample(view.metric).map(|sample| sample.mean), fixed);
    let remark = if mean == NONE { "no run finished".into() } else { mean };
    Row { group: group.into(), name: member.label.clone(), remark, remark_colour: MUTED }
}

/// Dots, spread over a few heights so that equal values stay apart.
fn seeds(area: &Area<'_>, places: &Places, y: f64, values: &[f64], colour: RGBColor) -> Drawn {
    for (index, &value) in values.iter().enumerate() {
        let height = [0.0, -5.0, 5.0, -2.5, 2.5][index % 5];
        dot(area, (places.x(value), y + height), 3.2, colour, 0.75)?;
    }
    Ok(())
}

fn mean(area: &Area<'_>, places: &Places, y: f64, values: &[f64], interval: Option<[f64; 2]>) -> Drawn {
    if let Some([low, high]) = interval {
        line(area, &[(places.x(low), y), (places.x(high), y)], INK, 1.5)?;
    }
    match sample(values) {
        Some(sample) => polygon(area, &diamond((places.x(sample.mean), y), 4.5), INK, 1.0),
        None => Ok(()),
    }
}
