//! Training and test loss by epoch, and that of validation images where there are any; one row of panels a context.

use std::collections::BTreeMap;

use untied_study::Curves;

use crate::chart::{Axis, Cell, Curve, Grid, Mark, PanelRow, Sheet, Stroke, around};
use crate::document::names::metric_name;
use crate::document::{Figure, Text};
use crate::results::selection::{CURVES, PANELS, foremost, remark};
use crate::results::{Group, Member, View};
use crate::statistics::student::sample;

/// Title and curve of a panel.
type Kind = (&'static str, fn(&Curves) -> &Vec<f64>);

const KINDS: [Kind; 2] = [("Training loss", |curves| &curves.train_loss), ("Test loss", |curves| &curves.test_loss)];
const VALIDATION: Kind = ("Validation loss", |curves| &curves.validation_loss);

/// Means over the seeds; the bands reach from the smallest to the largest seed.
pub(crate) fn plot(view: &View<'_>) -> Option<Figure> {
    let all = view.groups();
    let all_variants = view.variants.len();
    let groups = foremost(all, PANELS, |group| rank(view, group));
    let groups: Vec<Group<'_, '_>> = groups
        .into_iter()
        .map(|Group { label, members }| Group {
            label,
            members: foremost(members, CURVES, |member| member.variant.rank(view.metric)),
        })
        .collect();
    let shown = groups.iter().map(|group| group.members.len()).sum();
    let validated = view.results.cells.iter().any(|cell| !cell.curves.validation_loss.is_empty());
    let kinds: Vec<Kind> = KINDS.into_iter().chain(validated.then_some(VALIDATION)).collect();
    let of_kind = |(_, of): &Kind| groups.iter().map(|group| group_curves(group, *of)).collect::<Vec<_>>();
    let curves: Vec<Vec<Vec<Curve>>> = kinds.iter().map(of_kind).collect();
    if curves.iter().flatten().all(Vec::is_empty) {
        return None;
    }
    let title = "Loss by epoch";
    let what = if validated { ", and the validation loss" } else { "" };
    let alt = format!(
        "Line plots of the training loss and the test loss{what} by epoch, one line a variant, with a band from the \
         smallest to the largest seed."
    );
    let series = series(&groups);
    let y = |curves: &Vec<Vec<Curve>>| {
        let marks = curves.iter().flatten().flat_map(|curve| &curve.marks);
        Axis::linear(around(marks.flat_map(|mark| [mark.y].into_iter().chain(mark.interval.into_iter().flatten()))), 7)
    };
    let epochs = curves.iter().flatten().flatten().map(|curve| curve.marks.len()).max().unwrap_or(1);
    let y = curves.iter().map(y).collect();
    let mut columns: Vec<_> = curves.into_iter().map(Vec::into_iter).collect();
    let rows = groups.iter().map(|group| {
        let cells = kinds
            .iter()
            .zip(&mut columns)
            .map(|((name, _), column)| Cell { title: (*name).into(), curves: column.next().unwrap_or_default() });
        PanelRow { heading: group.label.clone(), cells: cells.collect() }
    });
    let grid = Grid {
        sheet: Sheet { name: "loss", title, alt: &alt },
        legend: series.into_iter().map(|(number, name)| (Stroke::of(number), name)).collect(),
        rows: rows.collect(),
        x: Axis::whole(if epochs < 2 { 0.0..2.0 } else { 1.0..epochs as f64 }, 7),
        x_title: "epoch",
        y,
        height: 160.0,
        empty: "",
    };
    let svg = grid.svg();
    let caption = Text::default().strong(format!("{title}. ")).plain(
        "Lines are means over the finished seeds, bands reach from the smallest to the largest seed. The first variant \
         is drawn broad and the others broken on top of it, so that curves which coincide can all be seen.",
    );
    let which = format!("those with the best {}", metric_name(view.metric));
    let caption = caption.plain(remark(shown, all_variants, "variants", &which));
    Some(Figure { file: "loss.svg", svg, alt, caption })
}

/// Rank of a group's best variant.
fn rank(view: &View<'_>, group: &Group<'_, '_>) -> f64 {
    let ranks = group.members.iter().map(|member| member.variant.rank(view.metric));
    ranks.fold(f64::NEG_INFINITY, f64::max)
}

/// The shown series, each with its number and name.
fn series<'g>(groups: &'g [Group<'_, '_>]) -> BTreeMap<usize, &'g str> {
    groups.iter().flat_map(|group| &group.members).map(|member| (member.series, member.label.as_str())).collect()
}

fn group_curves(group: &Group<'_, '_>, of: fn(&Curves) -> &Vec<f64>) -> Vec<Curve> {
    let curve = |member: &Member<'_, '_>| {
        let seeds: Vec<&Vec<f64>> = member.variant.finished().map(|cell| of(&cell.curves)).collect();
        let length = seeds.iter().map(|seed| seed.len()).min().unwrap_or(0);
        let marks: Vec<Mark> = (0..length).filter_map(|epoch| summary(&seeds, epoch)).collect();
        let whole = length > 0 && marks.len() == length;
        whole.then(|| Curve { stroke: Stroke::of(member.series), symbol: None, marks })
    };
    group.members.iter().filter_map(curve).collect()
}

/// The mean, from the smallest to the largest seed.
fn summary(seeds: &[&Vec<f64>], epoch: usize) -> Option<Mark> {
    let values: Vec<f64> = seeds.iter().map(|seed| seed[epoch]).collect();
    let low = values.iter().copied().fold(f64::INFINITY, f64::min);
    let high = values.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    Some(Mark { x: (epoch + 1) as f64, y: sample(&values)?.mean, interval: Some([low, high]) })
}
