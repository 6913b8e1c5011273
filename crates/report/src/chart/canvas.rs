//! A plot's sheet: plotters draws, this adds the frame, the description and the colours of dark pages.
//!
//! Lengths are pixels of the finished plot. Plotters rounds to whole units, so the sheet has `SCALE` of them a pixel.

use maud::{PreEscaped, html};
use plotters::coord::Shift;
use plotters::element::DashedPathElement;
use plotters::prelude::*;
use plotters::style::text_anchor::{HPos, Pos, VPos};

use crate::chart::palette::{CARD, hex, style};

pub(crate) const SCALE: f64 = 4.0;
pub(crate) const WIDTH: f64 = 720.0;
pub(crate) const MARGIN: f64 = 18.0;
pub(crate) const FONT: f64 = 13.0;
pub(crate) const LINE: f64 = 16.0;

pub(crate) type Area<'a> = DrawingArea<SVGBackend<'a>, Shift>;
pub(crate) type Drawn = Result<(), DrawingAreaErrorKind<std::io::Error>>;
pub(crate) type Point = (f64, f64);

/// What a plot is, apart from its marks.
pub(crate) struct Sheet {
    /// File name without the ending; unique in a report.
    pub(crate) name: &'static str,
    pub(crate) title: String,
    pub(crate) alt: String,
    pub(crate) height: f64,
}

impl Sheet {
    /// The finished SVG.
    pub(crate) fn draw(&self, paint: impl FnOnce(&Area<'_>) -> Drawn) -> String {
        self.draw_with("", paint)
    }

    /// The finished SVG, with marks in plotters' units that plotters has no words for, above all others.
    pub(crate) fn draw_with(&self, above: &str, paint: impl FnOnce(&Area<'_>) -> Drawn) -> String {
        let mut svg = String::new();
        let size = (units(WIDTH) as u32, units(self.height) as u32);
        {
            let area = SVGBackend::with_string(&mut svg, size).into_drawing_area();
            paint(&area).and_then(|()| area.present()).expect("drawing into a string does not fail");
        }
        let marks = svg.split_once('>').and_then(|(_, rest)| rest.trim_end().strip_suffix("</svg>")).unwrap_or("");
        self.frame(&format!("{marks}{above}"), size)
    }

    fn frame(&self, marks: &str, (width, height): (u32, u32)) -> String {
        let (title, alt) = (format!("{}-title", self.name), format!("{}-alt", self.name));
        html! {
            svg class="plot" xmlns="http://www.w3.org/2000/svg" viewBox={ "0 0 " (width) " " (height) }
                width=(WIDTH) height=(self.height) role="img" aria-labelledby={ (title) " " (alt) } {
                title id=(title) { (self.title) }
                desc id=(alt) { (self.alt) }
                style { (PreEscaped(style(marks))) }
                rect width=(width) height=(height) rx="32" fill=(hex(CARD)) {}
                (PreEscaped(marks))
            }
        }
        .into_string()
    }
}

/// Pixels to plotters' whole units.
pub(crate) fn units(pixels: f64) -> i32 {
    (pixels * SCALE).round() as i32
}

/// Plotters' units to pixels.
pub(crate) fn pixels(units: i32) -> f64 {
    f64::from(units) / SCALE
}

/// A font for plotters, which divides sizes by 1.24.
pub(crate) fn font(size: f64, colour: RGBColor) -> TextStyle<'static> {
    ("sans-serif", size * SCALE * 1.24).into_font().color(&colour)
}

/// How a line of text looks and hangs on its point.
#[derive(Clone, Copy)]
pub(crate) struct Label {
    pub(crate) colour: RGBColor,
    pub(crate) bold: bool,
    pub(crate) anchor: HPos,
}

impl Label {
    pub(crate) fn left(colour: RGBColor) -> Self {
        Self { colour, bold: false, anchor: HPos::Left }
    }

    pub(crate) fn right(colour: RGBColor) -> Self {
        Self { colour, bold: false, anchor: HPos::Right }
    }

    pub(crate) fn centre(colour: RGBColor) -> Self {
        Self { colour, bold: false, anchor: HPos::Center }
    }

    pub(crate) fn bold(self) -> Self {
        Self { bold: true, ..self }
    }

    /// Writes lines one below the other, vertically centred on the point.
    pub(crate) fn write<S: AsRef<str>>(self, area: &Area<'_>, (x, y): Point, lines: &[S]) -> Drawn {
        let weight = if self.bold { FontStyle::Bold } else { FontStyle::Normal };
        let font = ("sans-serif", FONT * SCALE * 1.24).into_font().style(weight).color(&self.colour);
        let style = font.pos(Pos::new(self.anchor, VPos::Center));
        let top = y - LINE * (lines.len() as f64 - 1.0) / 2.0;
        for (index, line) in lines.iter().enumerate() {
            area.draw(&Text::new(line.as_ref().to_owned(), place((x, top + LINE * index as f64)), style.clone()))?;
        }
        Ok(())
    }
}

pub(crate) fn line(area: &Area<'_>, points: &[Point], colour: RGBColor, width: f64) -> Drawn {
    area.draw(&PathElement::new(places(points), stroke(colour, width)))
}

/// A line of dashes with gaps between them.
pub(crate) fn dashes(area: &Area<'_>, points: &[Point], colour: RGBColor, width: f64, [dash, gap]: [f64; 2]) -> Drawn {
    area.draw(&DashedPathElement::new(places(points), units(dash), units(gap), stroke(colour, width)))
}

pub(crate) fn dot(area: &Area<'_>, at: Point, radius: f64, colour: RGBColor, opacity: f64) -> Drawn {
    area.draw(&Circle::new(place(at), units(radius), colour.mix(opacity).filled()))
}

pub(crate) fn ring(area: &Area<'_>, at: Point, radius: f64, colour: RGBColor) -> Drawn {
    dot(area, at, radius, CARD, 1.0)?;
    area.draw(&Circle::new(place(at), units(radius), stroke(colour, 2.0)))
}

pub(crate) fn polygon(area: &Area<'_>, points: &[Point], colour: RGBColor, opacity: f64) -> Drawn {
    area.draw(&Polygon::new(places(points), colour.mix(opacity)))
}

/// The corners of a diamond.
pub(crate) fn diamond((x, y): Point, radius: f64) -> [Point; 5] {
    [(x - radius, y), (x, y - radius), (x + radius, y), (x, y + radius), (x - radius, y)]
}

/// The corners of a triangle that points up.
pub(crate) fn triangle((x, y): Point, radius: f64) -> [Point; 3] {
    [(x - radius, y + radius * 0.8), (x, y - radius), (x + radius, y + radius * 0.8)]
}

pub(crate) fn rectangle(area: &Area<'_>, from: Point, to: Point, colour: RGBColor) -> Drawn {
    area.draw(&Rectangle::new([place(from), place(to)], colour.filled()))
}

fn stroke(colour: RGBColor, width: f64) -> ShapeStyle {
    colour.stroke_width(units(width) as u32)
}

fn place((x, y): Point) -> (i32, i32) {
    (units(x), units(y))
}

fn places(points: &[Point]) -> Vec<(i32, i32)> {
    points.iter().copied().map(place).collect()
}
