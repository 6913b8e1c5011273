//! Accuracy against the distance that the test images were moved.

use std::collections::{BTreeMap, BTreeSet};

use crate::chart::canvas::{FONT, Label, MARGIN, Sheet, WIDTH};
use crate::chart::legend::{Legend, Stroke};
use crate::chart::palette::INK;
use crate::chart::panel::{Axis, Mark, Panel};
use crate::chart::row_chart::range;
use crate::chart::text_layout::wrap;
use crate::document::names::metric_name;
use crate::document::{Figure, Text};
use crate::results::selection::{CURVES, PANELS, foremost, remark};
use crate::results::{Group, Member, View};
use crate::topics::translation::distances::{Baselines, Distance, distances};

const PANEL_HEIGHT: f64 = 250.0;
const HEADING: f64 = 26.0;
const LABELS: f64 = 50.0;
const GAP: f64 = 18.0;

/// The curves of one context: the index of each series and its points.
type Curves = Vec<(usize, Vec<Mark>)>;

/// A line a variant, a panel a context; None where no images were moved.
pub(crate) fn plot(view: &View<'_>) -> Option<Figure> {
    let groups = view.groups();
    let baselines = Baselines::new(view);
    let panels = groups.iter().map(|group| (group.label.as_str(), curves(view, group, &baselines)));
    let mut panels: Vec<(&str, Curves)> = panels.filter(|(_, curves)| !curves.is_empty()).collect();
    let all = panels.len();
    panels.truncate(PANELS);
    if panels.is_empty() {
        return None;
    }
    let title = "Accuracy on moved test images";
    let alt = "Line plots of the accuracy by the distance that the test images were moved, one line a variant. The table of \
               moved images has the numbers.";
    let sheet = Sheet { name: "translation", title: title.into(), alt: alt.into(), height: 0.0 };
    let svg = draw(sheet, &legend(&groups, &panels), &panels);
    let caption = Text::default().strong(format!("{title}. ")).plain(
        "Means over the finished seeds; at 0 pixels the plain test accuracy. Bands are 95 % intervals of the mean, which hold \
         the spread between seeds that paired differences are free of.",
    );
    let which = format!("the first, and of each the variants with the best {}", metric_name(view.metric));
    let caption = caption.plain(remark(panels.len(), all, "contexts", &which));
    Some(Figure { file: "translation.svg", svg, alt: alt.into(), caption })
}

fn curves<'a>(view: &View<'a>, group: &Group<'_, 'a>, baselines: &Baselines<'_, 'a>) -> Curves {
    let mark = |one: Distance| Mark { x: one.pixels as f64, y: one.accuracy.mean, interval: one.interval };
    let members = foremost(group.members.iter().collect(), CURVES, |member| member.variant.rank(view.metric));
    let curve = |member: &Member<'_, 'a>| -> (usize, Vec<Mark>) {
        (member.series, distances(member.variant, baselines).into_iter().map(mark).collect())
    };
    members.into_iter().map(curve).filter(|(_, marks)| !marks.is_empty()).collect()
}

/// The series that have a line.
fn legend(groups: &[Group<'_, '_>], panels: &[(&str, Curves)]) -> Legend {
    let drawn: BTreeSet<usize> = panels.iter().flat_map(|(_, curves)| curves).map(|(series, _)| *series).collect();
    let members = groups.iter().flat_map(|group| &group.members);
    let names: BTreeMap<usize, &str> = members.map(|member| (member.series, member.label.as_str())).collect();
    let shown = names.into_iter().filter(|(series, _)| drawn.contains(series));
    Legend::new(shown.map(|(series, name)| (Stroke::of(series), name)))
}

/// Two panels a row.
fn draw(sheet: Sheet, legend: &Legend, panels: &[(&str, Curves)]) -> String {
    let marks = || panels.iter().flat_map(|(_, curves)| curves).flat_map(|(_, marks)| marks);
    let [x, y] = axes(marks().map(|mark| mark.x).fold(0.0, f64::max), marks());
    let columns = panels.len().min(2);
    let width = (WIDTH - 2.0 * MARGIN - columns as f64 * LABELS - (columns - 1) as f64 * GAP) / columns as f64;
    let top = |row: usize| legend.height + 8.0 + row as f64 * (HEADING + PANEL_HEIGHT + GAP);
    let sheet = Sheet { height: top(panels.len().div_ceil(columns)), ..sheet };
    sheet.draw(|area| {
        legend.draw(area)?;
        for (index, (name, curves)) in panels.iter().enumerate() {
            let left = MARGIN + LABELS + (index % columns) as f64 * (LABELS + width + GAP);
            let top = top(index / columns);
            let name = wrap(name, FONT, true, width, 1);
            Label::left(INK).bold().write(area, (left, top + HEADING / 2.0), &name)?;
            let (top, height) = (top + HEADING, PANEL_HEIGHT);
            let panel = Panel { left, top, width, height, x: &x, y: &y, x_title: "pixels" };
            panel.frame(area, true)?;
            curves.iter().try_for_each(|(series, marks)| panel.band(area, marks, Stroke::of(*series)))?;
            curves.iter().try_for_each(|(series, marks)| panel.line(area, marks, Stroke::of(*series)))?;
        }
        Ok(())
    })
}

fn axes<'m>(farthest: f64, marks: impl Iterator<Item = &'m Mark>) -> [Axis; 2] {
    let values = marks.flat_map(|mark| [mark.y].into_iter().chain(mark.interval.into_iter().flatten()));
    let around = range(values.map(|accuracy| accuracy.clamp(0.0, 1.0)));
    let size = around.end - around.start;
    let step = [0.01, 0.02, 0.05, 0.1, 0.2].into_iter().find(|step| size / step <= 7.0).unwrap_or(0.25);
    let pixels = [1.0, 2.0, 5.0, 10.0].into_iter().find(|step| farthest / step <= 10.0).unwrap_or(50.0);
    [
        Axis::steps(0.0..farthest.max(1.0) * 1.03, pixels, |pixels| format!("{pixels:.0}")),
        Axis::steps(around, step, |accuracy| format!("{accuracy:.2}")),
    ]
}
