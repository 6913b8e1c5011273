//! Accuracy against the distance that the test images were moved.

use std::collections::BTreeMap;

use crate::canvas::{FONT, Label, MARGIN, Sheet, WIDTH};
use crate::document::{Figure, Text};
use crate::label::metric_name;
use crate::legend::{Legend, Stroke};
use crate::palette::INK;
use crate::panel::{Axis, Mark, Panel};
use crate::row_chart::range;
use crate::selection::{CURVES, PANELS, foremost, remark};
use crate::text_layout::wrap;
use crate::translation::{Baselines, distances};
use crate::view::{Group, View};

const PANEL_HEIGHT: f64 = 250.0;
const HEADING: f64 = 26.0;
const LABELS: f64 = 50.0;
const GAP: f64 = 18.0;

/// A line a variant, a panel a context; None where no images were moved.
pub(crate) fn plot(view: &View<'_>) -> Option<Figure> {
    let baselines = Baselines::new(view);
    let course = |group: &Group<'_, '_>| -> Vec<(usize, Vec<Mark>)> {
        let members = foremost(group.members.iter().collect(), CURVES, |member| member.variant.rank(view.metric));
        let marks = members.into_iter().map(|member| {
            let marks = distances(member.variant, &baselines).into_iter();
            let mark = |one: crate::translation::Distance| Mark {
                x: one.pixels as f64,
                y: one.accuracy.mean,
                interval: one.interval,
            };
            (member.series, marks.map(mark).collect())
        });
        marks.filter(|(_, marks): &(usize, Vec<Mark>)| !marks.is_empty()).collect()
    };
    let all = view.groups();
    let names: BTreeMap<usize, &str> =
        all.iter().flat_map(|group| &group.members).map(|member| (member.series, member.label.as_str())).collect();
    let panels: Vec<_> = all.iter().map(|group| (group.label.as_str(), course(group))).collect();
    let panels: Vec<_> = panels.into_iter().filter(|(_, courses)| !courses.is_empty()).collect();
    let (count, panels) = (panels.len(), panels.into_iter().take(PANELS).collect::<Vec<_>>());
    let marks = || panels.iter().flat_map(|(_, courses)| courses).flat_map(|(_, marks)| marks);
    let farthest = marks().map(|mark| mark.x).fold(0.0, f64::max);
    if panels.is_empty() {
        return None;
    }
    let shown = |number: &usize| panels.iter().flat_map(|(_, courses)| courses).any(|(series, _)| series == number);
    let legend = Legend::new(
        names.into_iter().filter(|(number, _)| shown(number)).map(|(number, name)| (Stroke::of(number), name)),
    );
    let [x, y] = axes(farthest, marks());
    let columns = panels.len().min(2);
    let width = (WIDTH - 2.0 * MARGIN - columns as f64 * LABELS - (columns - 1) as f64 * GAP) / columns as f64;
    let top = |row: usize| legend.height + 8.0 + row as f64 * (HEADING + PANEL_HEIGHT + GAP);
    let title = "Accuracy on moved test images";
    let alt = "Line plots of the accuracy by the distance that the test images were moved, one line a variant. The table of \
               moved images has the numbers.";
    let height = top(panels.len().div_ceil(columns));
    let sheet = Sheet { name: "translation", title: title.into(), alt: alt.into(), height };
    let svg = sheet.draw(|area| {
        legend.draw(area)?;
        for (index, (name, courses)) in panels.iter().enumerate() {
            let left = MARGIN + LABELS + (index % columns) as f64 * (LABELS + width + GAP);
            let top = top(index / columns);
            let name = wrap(name, FONT, true, width, 1);
            Label::left(INK).bold().write(area, (left, top + HEADING / 2.0), &name)?;
            let panel = Panel { left, top: top + HEADING, width, height: PANEL_HEIGHT, x: &x, y: &y };
            panel.frame(area, "pixels", true)?;
            courses.iter().try_for_each(|(series, marks)| panel.band(area, marks, Stroke::of(*series)))?;
            courses.iter().try_for_each(|(series, marks)| panel.line(area, marks, Stroke::of(*series)))?;
        }
        Ok(())
    });
    let caption = Text::default().strong(format!("{title}. ")).plain(
        "Means over the finished seeds; at 0 pixels the plain test accuracy. Bands are 95 % intervals of the mean, which hold \
         the spread between seeds that paired differences are free of.",
    );
    let which = format!("the first, and of each the variants with the best {}", metric_name(view.metric));
    Some(Figure {
        file: "translation.svg",
        svg,
        alt: alt.into(),
        caption: caption.plain(remark(panels.len(), count, "contexts", &which)),
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
