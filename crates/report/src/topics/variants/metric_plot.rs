//! The metric of every seed, by variant.

use maud::{Markup, html};

use crate::chart::{Axis, Colour, Panel, Row, RowChart, Sheet, around, diamond, dot, line, polygon};
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
    let x = around(values.iter().flatten().copied().chain(intervals.iter().flatten().flatten().copied()));
    let rows: Vec<Row> = shown.iter().map(|(group, member)| row(view, group, member)).collect();
    let name = metric_name(view.metric);
    let title = format!("{} of every seed, by variant", capitalised(name));
    let alt =
        format!("Dot plot of the {name}: one row a variant, one dot a seed. The table of variants has the numbers.");
    let chart = RowChart {
        sheet: Sheet { name: "metric", title: &title, alt: &alt },
        rows: &rows,
        row_height: 40.0,
        head: 0.0,
        x: Axis::linear(x, 6),
        x_title: &capitalised(name),
    };
    let svg = chart.svg(
        |_| Markup::default(),
        |panel, index, y| {
            let seeds = seeds(panel, y - 5.0, &values[index], Colour::Series(members[index].series));
            html! { (seeds) (mean(panel, y + 11.0, &values[index], intervals[index])) }
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
    Row { group: group.into(), name: member.label.clone(), remark, remark_colour: Colour::Muted }
}

/// Dots, spread over a few heights so that equal values stay apart.
fn seeds(panel: &Panel<'_>, y: f64, values: &[f64], colour: Colour) -> Markup {
    let height = |index: usize| y + [0.0, -5.0, 5.0, -2.5, 2.5][index % 5];
    html! {
        @for (index, value) in values.iter().enumerate() { (dot((panel.x(*value), height(index)), 3.2, colour, 0.75)) }
    }
}

fn mean(panel: &Panel<'_>, y: f64, values: &[f64], interval: Option<[f64; 2]>) -> Markup {
    html! {
        @if let Some([low, high]) = interval { (line(&[(panel.x(low), y), (panel.x(high), y)], Colour::Ink, 1.5)) }
        @if let Some(sample) = sample(values) { (polygon(&diamond((panel.x(sample.mean), y), 4.5), Colour::Ink, 1.0)) }
    }
}
