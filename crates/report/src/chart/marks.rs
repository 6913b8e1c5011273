//! Lines, dots and areas as SVG elements.

use maud::{Markup, html};

use crate::chart::colour::Colour;

/// x to the right and y down, in pixels.
pub(crate) type Point = (f64, f64);

/// Look of a line.
#[derive(Clone, Copy)]
pub(crate) struct Stroke {
    pub(crate) colour: Colour,
    width: f64,
    /// Lengths of a dash and of the gap behind it.
    dashes: Option<[f64; 2]>,
}

impl Stroke {
    pub(crate) fn new(colour: Colour, width: f64, dashes: Option<[f64; 2]>) -> Self {
        Self { colour, width, dashes }
    }

    /// Stroke of a series: colour, width and dashes differ, so that curves which coincide all stay visible. The first is
    /// broad and solid; the others are drawn on top of it, thinner and broken.
    pub(crate) fn of(series: usize) -> Self {
        let dashes = [None, Some([9.0, 7.0]), Some([2.5, 5.0]), Some([14.0, 4.0])][series % 4];
        Self { colour: Colour::Series(series), width: if series == 0 { 4.5 } else { 2.25 }, dashes }
    }

    pub(crate) fn line(self, through: &[Point]) -> Markup {
        let dashes = self.dashes.map(|[dash, gap]| format!("{dash} {gap}"));
        html! {
            polyline class=(self.colour) points=(points(through)) fill="none" stroke="currentColor"
                stroke-width=(self.width) stroke-linejoin="round" stroke-dasharray=[dashes] {}
        }
    }
}

pub(crate) fn line(through: &[Point], colour: Colour, width: f64) -> Markup {
    Stroke::new(colour, width, None).line(through)
}

pub(crate) fn dashed(through: &[Point], colour: Colour) -> Markup {
    Stroke::new(colour, 1.0, Some([4.0, 4.0])).line(through)
}

pub(crate) fn dot((x, y): Point, radius: f64, colour: Colour, opacity: f64) -> Markup {
    let opacity = (opacity < 1.0).then_some(opacity);
    html! { circle class=(colour) cx=(px(x)) cy=(px(y)) r=(radius) fill="currentColor" fill-opacity=[opacity] {} }
}

pub(crate) fn ring((x, y): Point, radius: f64, colour: Colour) -> Markup {
    html! {
        (dot((x, y), radius, Colour::Card, 1.0))
        circle class=(colour) cx=(px(x)) cy=(px(y)) r=(radius) fill="none" stroke="currentColor" stroke-width="2" {}
    }
}

pub(crate) fn polygon(corners: &[Point], colour: Colour, opacity: f64) -> Markup {
    let opacity = (opacity < 1.0).then_some(opacity);
    html! { polygon class=(colour) points=(points(corners)) fill="currentColor" fill-opacity=[opacity] {} }
}

/// Sign at a point of a curve.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Symbol {
    Dot,
    Diamond,
}

impl Symbol {
    pub(crate) fn draw(self, at: Point, colour: Colour) -> Markup {
        match self {
            Self::Dot => dot(at, 3.5, colour, 1.0),
            Self::Diamond => polygon(&diamond(at, 5.0), colour, 1.0),
        }
    }
}

/// The corners of a diamond, the first again at the end.
pub(crate) fn diamond((x, y): Point, radius: f64) -> [Point; 5] {
    [(x - radius, y), (x, y - radius), (x + radius, y), (x, y + radius), (x - radius, y)]
}

/// The corners of a triangle that points up.
pub(crate) fn triangle((x, y): Point, radius: f64) -> [Point; 3] {
    [(x - radius, y + radius * 0.8), (x, y - radius), (x + radius, y + radius * 0.8)]
}

pub(crate) fn rectangle((left, top): Point, (right, bottom): Point, colour: Colour) -> Markup {
    let (width, height) = (px(right - left), px(bottom - top));
    html! { rect class=(colour) x=(px(left)) y=(px(top)) width=(width) height=(height) fill="currentColor" {} }
}

fn points(points: &[Point]) -> String {
    points.iter().map(|(x, y)| format!("{},{}", px(*x), px(*y))).collect::<Vec<_>>().join(" ")
}

/// Hundredths of a pixel are enough.
pub(crate) fn px(length: f64) -> f64 {
    (length * 100.0).round() / 100.0 + 0.0
}
