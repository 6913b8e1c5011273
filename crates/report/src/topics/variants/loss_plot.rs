//! Training and test loss by epoch, one row of panels a context.

use std::collections::BTreeMap;
use std::ops::Range;

use plotters::prelude::*;
use untied_study::Curves;

use crate::chart::canvas::{Area, Drawn, FONT, Label, MARGIN, Point, Sheet, WIDTH, font, pixels, polygon, units};
use crate::chart::legend::{Legend, Stroke};
use crate::chart::palette::{GRID, INK, MUTED};
use crate::chart::row_chart::{decimals, range};
use crate::chart::text_layout::wrap;
use crate::document::names::metric_name;
use crate::document::{Figure, Text};
use crate::results::selection::{CURVES, PANELS, foremost, remark};
use crate::results::{Group, Member, View};
use crate::statistics::student::sample;

const PANEL_HEIGHT: f64 = 232.0;
const GAP: f64 = 18.0;
const TITLE: f64 = 22.0;

/// Which curve a panel shows.
type Kind = (&'static str, fn(&Curves) -> &Vec<f64>);

const KINDS: [Kind; 2] = [("Training loss", |curves| &curves.train_loss), ("Test loss", |curves| &curves.test_loss)];

/// One variant's curve: mean, smallest and largest seed of each epoch.
struct Curve {
    series: usize,
    epochs: Vec<[f64; 3]>,
}

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
    let curves = KINDS.map(|(_, of)| groups.iter().map(|group| group_curves(group, of)).collect::<Vec<_>>());
    if curves.iter().flatten().all(Vec::is_empty) {
        return None;
    }
    let legend = Legend::new(series(&groups).into_iter().map(|(number, name)| (Stroke::of(number), name)));
    let title = "Loss by epoch";
    let alt = "Line plots of the training loss and the test loss by epoch, one line a variant, with a band from the \
               smallest to the largest seed.";
    let heading = if groups.iter().all(|group| group.label.is_empty()) { 0.0 } else { 26.0 };
    let top = |row: usize| legend.height + 8.0 + row as f64 * (heading + PANEL_HEIGHT + GAP);
    let height = top(groups.len());
    let sheet = Sheet { name: "loss", title: title.into(), alt: alt.into(), height };
    let svg = sheet.draw(|area| {
        legend.draw(area)?;
        for (row, group) in groups.iter().enumerate() {
            let name = wrap(&group.label, FONT, true, WIDTH - 2.0 * MARGIN, 1);
            Label::left(INK).bold().write(area, (MARGIN, top(row) + heading / 2.0), &name)?;
        }
        for (column, (name, _)) in KINDS.iter().enumerate() {
            let x = MARGIN + column as f64 * (panel_width() + GAP);
            let y_range = range(curves[column].iter().flatten().flat_map(|curve| &curve.epochs).flatten().copied());
            for (row, curves) in curves[column].iter().enumerate() {
                let corner = (x, top(row) + heading);
                Label::left(MUTED).write(area, (x, corner.1 + TITLE / 2.0), &[name])?;
                panel(area, corner, curves, y_range.clone())?;
            }
        }
        Ok(())
    });
    let caption = Text::default().strong(format!("{title}. ")).plain(
        "Lines are means over the finished seeds, bands reach from the smallest to the largest seed. The first variant \
         is drawn broad and the others broken on top of it, so that curves which coincide can all be seen.",
    );
    let which = format!("those with the best {}", metric_name(view.metric));
    let caption = caption.plain(remark(shown, all_variants, "variants", &which));
    Some(Figure { file: "loss.svg", svg, alt: alt.into(), caption })
}

/// Of a group's best variant.
fn rank(view: &View<'_>, group: &Group<'_, '_>) -> f64 {
    let ranks = group.members.iter().map(|member| member.variant.rank(view.metric));
    ranks.fold(f64::NEG_INFINITY, f64::max)
}

/// The shown series, each with its number and name.
fn series<'g>(groups: &'g [Group<'_, '_>]) -> BTreeMap<usize, &'g str> {
    groups.iter().flat_map(|group| &group.members).map(|member| (member.series, member.label.as_str())).collect()
}

fn panel_width() -> f64 {
    (WIDTH - 2.0 * MARGIN - GAP) / 2.0
}

fn group_curves(group: &Group<'_, '_>, of: fn(&Curves) -> &Vec<f64>) -> Vec<Curve> {
    let curve = |member: &Member<'_, '_>| {
        let seeds: Vec<&Vec<f64>> = member.variant.finished().map(|cell| of(&cell.curves)).collect();
        let length = seeds.iter().map(|seed| seed.len()).min().unwrap_or(0);
        let epochs: Vec<[f64; 3]> = (0..length).filter_map(|epoch| summary(&seeds, epoch)).collect();
        (length > 0 && epochs.len() == length).then_some(Curve { series: member.series, epochs })
    };
    group.members.iter().filter_map(curve).collect()
}

/// Mean, smallest, largest.
fn summary(seeds: &[&Vec<f64>], epoch: usize) -> Option<[f64; 3]> {
    let values: Vec<f64> = seeds.iter().map(|seed| seed[epoch]).collect();
    let mean = sample(&values)?.mean;
    let low = values.iter().copied().fold(f64::INFINITY, f64::min);
    let high = values.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    Some([mean, low, high])
}

fn panel(area: &Area<'_>, (x, y): Point, curves: &[Curve], y_range: Range<f64>) -> Drawn {
    let epochs = curves.iter().map(|curve| curve.epochs.len()).max().unwrap_or(1) as u32;
    let epochs = if epochs < 2 { 0..2 } else { 1..epochs };
    let size = (units(panel_width()), units(PANEL_HEIGHT - TITLE));
    let sheet = area.clone().shrink((units(x), units(y + TITLE)), size);
    let y_label = decimals(&y_range);
    let mut chart = ChartBuilder::on(&sheet)
        .x_label_area_size(units(42.0))
        .y_label_area_size(units(48.0))
        .margin_right(units(8.0))
        .margin_top(units(8.0))
        .build_cartesian_2d(epochs, y_range.clone())?;
    chart
        .configure_mesh()
        .disable_x_mesh()
        .x_labels(7)
        .y_labels(5)
        .x_desc("epoch")
        .y_label_formatter(&y_label)
        .label_style(font(FONT - 0.5, MUTED))
        .light_line_style(TRANSPARENT)
        .bold_line_style(GRID.stroke_width(units(1.0) as u32))
        .axis_style(MUTED.stroke_width(units(1.0) as u32))
        .set_all_tick_mark_size(units(4.0))
        .draw()?;
    let place = |epoch: usize, value: f64| {
        let (x, y) = chart.backend_coord(&(epoch as u32 + 1, value.clamp(y_range.start, y_range.end)));
        (pixels(x), pixels(y))
    };
    curves.iter().try_for_each(|curve| band(area, curve, &place))?;
    curves.iter().try_for_each(|curve| mean(area, curve, &place))
}

fn band(area: &Area<'_>, curve: &Curve, place: &impl Fn(usize, f64) -> Point) -> Drawn {
    let upper = curve.epochs.iter().enumerate().map(|(epoch, [_, _, high])| place(epoch, *high));
    let lower = curve.epochs.iter().enumerate().rev().map(|(epoch, [_, low, _])| place(epoch, *low));
    polygon(area, &upper.chain(lower).collect::<Vec<_>>(), Stroke::of(curve.series).colour, 0.1)
}

fn mean(area: &Area<'_>, curve: &Curve, place: &impl Fn(usize, f64) -> Point) -> Drawn {
    let points: Vec<Point> = curve.epochs.iter().enumerate().map(|(epoch, [mean, ..])| place(epoch, *mean)).collect();
    match points.as_slice() {
        [(x, y)] => Stroke::of(curve.series).draw(area, &[(x - 14.0, *y), (x + 14.0, *y)]),
        points => Stroke::of(curve.series).draw(area, points),
    }
}
