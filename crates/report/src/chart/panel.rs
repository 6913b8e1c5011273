//! The area of a chart between its axes.

use maud::{Markup, html};

use crate::chart::axis::Axis;
use crate::chart::colour::Colour;
use crate::chart::marks::{Point, Stroke, line, polygon};
use crate::chart::text::{Label, width};

/// Room below the area: for tick labels, and for the title.
pub(crate) const BELOW: [f64; 2] = [24.0, 18.0];

/// A point of a line, with the interval that it may have.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Mark {
    pub(crate) x: f64,
    pub(crate) y: f64,
    pub(crate) interval: Option<[f64; 2]>,
}

/// The area of a chart. Labels of y are left of it, those of x below it.
pub(crate) struct Panel<'p> {
    pub(crate) left: f64,
    pub(crate) top: f64,
    pub(crate) width: f64,
    pub(crate) height: f64,
    pub(crate) x: &'p Axis,
    pub(crate) y: &'p Axis,
}

impl Panel<'_> {
    pub(crate) fn right(&self) -> f64 {
        self.left + self.width
    }

    pub(crate) fn bottom(&self) -> f64 {
        self.top + self.height
    }

    /// Values beyond the axis lie on its edge.
    pub(crate) fn x(&self, value: f64) -> f64 {
        self.left + self.x.share(value) * self.width
    }

    pub(crate) fn point(&self, x: f64, y: f64) -> Point {
        (self.x(x), self.bottom() - self.y.share(y) * self.height)
    }

    /// Horizontal grid, axes and tick labels; those of y only where there is room for them.
    pub(crate) fn frame(&self, y_labels: bool, x_title: &str) -> Markup {
        let at = |tick: f64| self.bottom() - self.y.share(tick) * self.height;
        html! {
            @for (tick, label) in &self.y.ticks {
                (line(&[(self.left, at(*tick)), (self.right(), at(*tick))], Colour::Grid, 1.0))
                @if y_labels { (Label::right(Colour::Muted).write((self.left - 7.0, at(*tick)), &[label])) }
            }
            (line(&[(self.left, self.top), (self.left, self.bottom())], Colour::Muted, 1.0))
            (self.x_axis(x_title))
        }
    }

    /// Vertical grid, and the axis of x.
    pub(crate) fn columns(&self, x_title: &str) -> Markup {
        let at = |tick: f64| self.x(tick);
        html! {
            @for (tick, _) in &self.x.ticks {
                (line(&[(at(*tick), self.top), (at(*tick), self.bottom())], Colour::Grid, 1.0))
            }
            (self.x_axis(x_title))
        }
    }

    fn x_axis(&self, title: &str) -> Markup {
        let bottom = self.bottom();
        html! {
            (line(&[(self.left, bottom), (self.right(), bottom)], Colour::Muted, 1.0))
            @for (tick, _) in &self.x.ticks {
                @let x = self.x(*tick);
                (line(&[(x, bottom), (x, bottom + 4.0)], Colour::Muted, 1.0))
            }
            @for (x, label) in self.x_labels() { (Label::centre(Colour::Muted).write((x, bottom + 14.0), &[label])) }
            @if !title.is_empty() {
                (Label::centre(Colour::Ink).write((self.left + self.width / 2.0, bottom + 32.0), &[title]))
            }
        }
    }

    /// The labels of the ticks of x, but for those that would touch the one before.
    fn x_labels(&self) -> Vec<(f64, &str)> {
        let mut free = f64::NEG_INFINITY;
        let mut labels = Vec::new();
        for (tick, label) in &self.x.ticks {
            let (x, half) = (self.x(*tick), width(label, false) / 2.0);
            if x - half > free {
                labels.push((x, label.as_str()));
                free = x + half + 4.0;
            }
        }
        labels
    }

    /// The band of the intervals.
    pub(crate) fn band(&self, marks: &[Mark], stroke: Stroke) -> Markup {
        let known: Vec<(f64, [f64; 2])> = marks.iter().filter_map(|mark| Some((mark.x, mark.interval?))).collect();
        match known[..] {
            [] => Markup::default(),
            [(x, [low, high])] => line(&[self.point(x, low), self.point(x, high)], stroke.colour, 1.5),
            _ => {
                let upper = known.iter().map(|(x, [_, high])| self.point(*x, *high));
                let lower = known.iter().rev().map(|(x, [low, _])| self.point(*x, *low));
                polygon(&upper.chain(lower).collect::<Vec<_>>(), stroke.colour, 0.12)
            }
        }
    }

    /// The line through the points, in order; a short one through a single point.
    pub(crate) fn line(&self, marks: &[Mark], stroke: Stroke) -> Markup {
        let points: Vec<Point> = marks.iter().map(|mark| self.point(mark.x, mark.y)).collect();
        match points[..] {
            [] => Markup::default(),
            [(x, y)] => stroke.line(&[(x - 14.0, y), (x + 14.0, y)]),
            _ => stroke.line(&points),
        }
    }
}
