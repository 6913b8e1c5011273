//! The lines above a plot that say which variant is which, and the strokes that tell them apart.

use plotters::style::RGBColor;

use crate::chart::canvas::{Area, Drawn, FONT, LINE, Label, MARGIN, Point, WIDTH, dashes, line};
use crate::chart::palette::{INK, series};
use crate::chart::text_layout::{width, wrap};

const SAMPLE: f64 = 30.0;
const GAP: f64 = 22.0;
const ROW: f64 = LINE + 6.0;

/// How one series is drawn: colour, width and dashes differ, so that curves which coincide all stay visible.
#[derive(Clone, Copy)]
pub(crate) struct Stroke {
    pub(crate) colour: RGBColor,
    width: f64,
    dashes: Option<[f64; 2]>,
}

impl Stroke {
    pub(crate) fn new(colour: RGBColor, width: f64, dashes: Option<[f64; 2]>) -> Self {
        Self { colour, width, dashes }
    }

    /// The first series is broad and solid; the others are drawn on top of it, thinner and broken.
    pub(crate) fn of(number: usize) -> Self {
        let dashes = [None, Some([9.0, 7.0]), Some([2.5, 5.0]), Some([14.0, 4.0])][number % 4];
        Self { colour: series(number), width: if number == 0 { 4.5 } else { 2.25 }, dashes }
    }

    pub(crate) fn draw(self, area: &Area<'_>, points: &[Point]) -> Drawn {
        match self.dashes {
            Some(pattern) => dashes(area, points, self.colour, self.width, pattern),
            None => line(area, points, self.colour, self.width),
        }
    }
}

/// Entries placed from left to right, row by row.
pub(crate) struct Legend {
    entries: Vec<(Point, Stroke, String)>,
    pub(crate) height: f64,
}

impl Legend {
    pub(crate) fn new<'n>(names: impl IntoIterator<Item = (Stroke, &'n str)>) -> Self {
        let (mut x, mut y) = (MARGIN, MARGIN + ROW / 2.0);
        let mut entries = Vec::new();
        for (stroke, name) in names {
            let room = WIDTH - 2.0 * MARGIN - SAMPLE - 8.0;
            let name = wrap(name, FONT, false, room, 1).concat();
            let needed = SAMPLE + 8.0 + width(&name, FONT, false);
            if x > MARGIN && x + needed > WIDTH - MARGIN {
                (x, y) = (MARGIN, y + ROW);
            }
            entries.push(((x, y), stroke, name));
            x += needed + GAP;
        }
        Self { entries, height: y + ROW / 2.0 }
    }

    pub(crate) fn draw(&self, area: &Area<'_>) -> Drawn {
        for ((x, y), stroke, name) in &self.entries {
            stroke.draw(area, &[(*x, *y), (x + SAMPLE, *y)])?;
            Label::left(INK).write(area, (x + SAMPLE + 8.0, *y), &[name])?;
        }
        Ok(())
    }
}
