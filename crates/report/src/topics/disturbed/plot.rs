//! Accuracy against the amount by which the test images were disturbed.

use std::collections::{BTreeMap, BTreeSet};

use crate::chart::{Axis, Cell, Curve, Grid, Mark, PanelRow, Sheet, Stroke, around};
use crate::document::names::metric_name;
use crate::document::{Figure, Text};
use crate::results::selection::{CURVES, PANELS, foremost, remark};
use crate::results::{Group, Member, View};
use crate::topics::disturbed::amounts::{Amount, Baselines, amounts};
use crate::topics::disturbed::disturbance::Disturbance;

/// The curves of one context: the index of each series and its points.
type Curves = Vec<(usize, Vec<Mark>)>;

/// A line a variant, a panel a context; None where no images were disturbed.
pub(crate) fn plot(disturbance: &'static Disturbance, view: &View<'_>) -> Option<Figure> {
    let groups = view.groups();
    let baselines = Baselines::new(view);
    let panels = groups.iter().map(|group| (group.label.as_str(), curves(disturbance, view, group, &baselines)));
    let mut panels: Vec<(&str, Curves)> = panels.filter(|(_, curves)| !curves.is_empty()).collect();
    let all = panels.len();
    panels.truncate(PANELS);
    if panels.is_empty() {
        return None;
    }
    let Disturbance { id, plot_title: title, alt, .. } = *disturbance;
    let [x, y] = axes(disturbance, &panels);
    let grid = Grid {
        sheet: Sheet { name: id, title, alt },
        legend: legend(&groups, &panels),
        rows: panels.chunks(2).map(row).collect(),
        x,
        x_title: disturbance.unit,
        y: vec![y],
        height: 210.0,
        empty: "",
    };
    let svg = grid.svg();
    let caption = Text::default().strong(format!("{title}. ")).plain(disturbance.plot_caption);
    let which = format!("the first, and of each the variants with the best {}", metric_name(view.metric));
    let caption = caption.plain(remark(panels.len(), all, "contexts", &which));
    Some(Figure { file: disturbance.file, svg, alt: alt.into(), caption })
}

fn curves<'a>(
    disturbance: &Disturbance,
    view: &View<'a>,
    group: &Group<'_, 'a>,
    baselines: &Baselines<'_, 'a>,
) -> Curves {
    let mark = |one: Amount| Mark { x: one.by, y: one.accuracy.mean, interval: one.interval };
    let members = foremost(group.members.iter().collect(), CURVES, |member| member.variant.rank(view.metric));
    let curve = |member: &Member<'_, 'a>| -> (usize, Vec<Mark>) {
        (member.series, amounts(disturbance, member.variant, baselines).into_iter().map(mark).collect())
    };
    members.into_iter().map(curve).filter(|(_, marks)| !marks.is_empty()).collect()
}

/// The series that have a line.
fn legend<'g>(groups: &'g [Group<'_, '_>], panels: &[(&str, Curves)]) -> Vec<(Stroke, &'g str)> {
    let drawn: BTreeSet<usize> = panels.iter().flat_map(|(_, curves)| curves).map(|(series, _)| *series).collect();
    let members = groups.iter().flat_map(|group| &group.members);
    let names: BTreeMap<usize, &str> = members.map(|member| (member.series, member.label.as_str())).collect();
    let shown = names.into_iter().filter(|(series, _)| drawn.contains(series));
    shown.map(|(series, name)| (Stroke::of(series), name)).collect()
}

fn row(panels: &[(&str, Curves)]) -> PanelRow {
    let curve = |(series, marks): &(usize, Vec<Mark>)| Curve {
        stroke: Stroke::of(*series),
        symbol: None,
        marks: marks.clone(),
    };
    let cell = |(title, curves): &(&str, Curves)| Cell {
        title: (*title).to_owned(),
        curves: curves.iter().map(curve).collect(),
    };
    PanelRow { heading: String::new(), cells: panels.iter().map(cell).collect() }
}

fn axes(disturbance: &Disturbance, panels: &[(&str, Curves)]) -> [Axis; 2] {
    let marks = || panels.iter().flat_map(|(_, curves)| curves).flat_map(|(_, marks)| marks);
    let values = marks().flat_map(|mark| [mark.y].into_iter().chain(mark.interval.into_iter().flatten()));
    let farthest = marks().map(|mark| mark.x).fold(0.0, f64::max);
    let y = around(values.map(|accuracy| accuracy.clamp(0.0, 1.0)));
    let axis = if disturbance.whole { Axis::whole } else { Axis::linear };
    [axis(0.0..farthest * 1.03, 8), Axis::linear(y, 7)]
}
