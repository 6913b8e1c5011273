//! A small line chart with ticks where the caller wants them; logarithms are the caller's too.

use std::ops::Range;

use crate::chart::canvas::{Area, Drawn, FONT, Label, Point, line, polygon};
use crate::chart::legend::Stroke;
use crate::chart::palette::{GRID, MUTED};
use crate::chart::text_layout::width;

/// Below the chart, for tick labels, and for the title.
const BELOW: [f64; 2] = [24.0, 16.0];

/// A number line and its ticks.
#[derive(Debug, Clone)]
pub(crate) struct Axis {
    pub(crate) range: Range<f64>,
    pub(crate) ticks: Vec<(f64, String)>,
}

/// A point of a line, with the interval that it may have.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Mark {
    pub(crate) x: f64,
    pub(crate) y: f64,
    pub(crate) interval: Option<[f64; 2]>,
}

/// Where a chart stands; its tick labels of y are left of it.
pub(crate) struct Panel<'p> {
    pub(crate) left: f64,
    pub(crate) top: f64,
    pub(crate) width: f64,
    /// With the labels below.
    pub(crate) height: f64,
    pub(crate) x: &'p Axis,
    pub(crate) y: &'p Axis,
    /// Below the tick labels; it may be empty.
    pub(crate) x_title: &'p str,
}

impl Axis {
    /// Ticks at the values themselves, at their logarithms.
    pub(crate) fn log(mut values: Vec<f64>, label: impl Fn(f64) -> String) -> Self {
        values.retain(|value| *value > 0.0 && value.is_finite());
        values.sort_unstable_by(f64::total_cmp);
        values.dedup();
        let ticks: Vec<(f64, String)> = values.into_iter().map(|value| (value.log10(), label(value))).collect();
        let ends = ticks.first().zip(ticks.last()).map_or([0.0, 0.0], |(first, last)| [first.0, last.0]);
        let air = ((ends[1] - ends[0]) * 0.06).max(0.05);
        Self { range: ends[0] - air..ends[1] + air, ticks }
    }

    /// Ticks at the multiples of a step.
    pub(crate) fn steps(range: Range<f64>, step: f64, label: impl Fn(f64) -> String) -> Self {
        let [first, last] = [(range.start / step).ceil() as i64, (range.end / step).floor() as i64];
        let ticks = (first..=last).map(|tick| tick as f64 * step).map(|value| (value, label(value))).collect();
        Self { range, ticks }
    }
}

impl Panel<'_> {
    fn bottom(&self) -> f64 {
        let [labels, title] = BELOW;
        self.top + self.height - labels - if self.x_title.is_empty() { 0.0 } else { title }
    }

    /// Numbers beyond the axes lie on their edge.
    pub(crate) fn place(&self, x: f64, y: f64) -> Point {
        let share =
            |value: f64, range: &Range<f64>| ((value - range.start) / (range.end - range.start)).clamp(0.0, 1.0);
        let height = self.bottom() - self.top;
        (self.left + share(x, &self.x.range) * self.width, self.bottom() - share(y, &self.y.range) * height)
    }

    /// Grid, axes and tick labels; those of y only where there is room for them.
    pub(crate) fn frame(&self, area: &Area<'_>, y_labels: bool) -> Drawn {
        let [right, bottom] = [self.left + self.width, self.bottom()];
        for (tick, label) in &self.y.ticks {
            let (_, y) = self.place(self.x.range.start, *tick);
            line(area, &[(self.left, y), (right, y)], GRID, 1.0)?;
            if y_labels {
                Label::right(MUTED).write(area, (self.left - 7.0, y), &[label])?;
            }
        }
        line(area, &[(self.left, self.top), (self.left, bottom), (right, bottom)], MUTED, 1.0)?;
        let mut free = f64::NEG_INFINITY;
        for (tick, label) in &self.x.ticks {
            let (x, _) = self.place(*tick, self.y.range.start);
            line(area, &[(x, bottom), (x, bottom + 4.0)], MUTED, 1.0)?;
            let half = width(label, FONT, false) / 2.0;
            if x - half > free {
                Label::centre(MUTED).write(area, (x, bottom + 13.0), &[label])?;
                free = x + half + 4.0;
            }
        }
        Label::centre(MUTED).write(area, (self.left + self.width / 2.0, bottom + 30.0), &[self.x_title])
    }

    /// The band of the intervals.
    pub(crate) fn band(&self, area: &Area<'_>, marks: &[Mark], stroke: Stroke) -> Drawn {
        let known: Vec<(f64, [f64; 2])> = marks.iter().filter_map(|mark| Some((mark.x, mark.interval?))).collect();
        if let [(x, [low, high])] = known[..] {
            return line(area, &[self.place(x, low), self.place(x, high)], stroke.colour, 1.5);
        }
        let upper = known.iter().map(|(x, [_, high])| self.place(*x, *high));
        let lower = known.iter().rev().map(|(x, [low, _])| self.place(*x, *low));
        polygon(area, &upper.chain(lower).collect::<Vec<_>>(), stroke.colour, 0.12)
    }

    /// The line through the points, in order.
    pub(crate) fn line(&self, area: &Area<'_>, marks: &[Mark], stroke: Stroke) -> Drawn {
        let points: Vec<Point> = marks.iter().map(|mark| self.place(mark.x, mark.y)).collect();
        if points.len() < 2 { Ok(()) } else { stroke.draw(area, &points) }
    }
}
