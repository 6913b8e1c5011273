//! The lines above a plot that say which series is which.

use maud::{Markup, html};

use crate::chart::colour::Colour;
use crate::chart::marks::{Point, Stroke};
use crate::chart::sheet::{MARGIN, WIDTH};
use crate::chart::text::{LINE, Label, width, wrap};

const SAMPLE: f64 = 30.0;
const GAP: f64 = 22.0;
const ROW: f64 = LINE + 6.0;

/// Entries from left to right, row by row.
pub(crate) struct Legend {
    entries: Vec<(Point, Stroke, String)>,
    pub(crate) height: f64,
}

impl Legend {
    pub(crate) fn new(names: &[(Stroke, &str)]) -> Self {
        let (mut x, mut y) = (MARGIN, MARGIN + ROW / 2.0);
        let mut entries = Vec::new();
        for (stroke, name) in names {
            let room = WIDTH - 2.0 * MARGIN - SAMPLE - 8.0;
            let name = wrap(name, false, room, 1).concat();
            let needed = SAMPLE + 8.0 + width(&name, false);
            if x > MARGIN && x + needed > WIDTH - MARGIN {
                (x, y) = (MARGIN, y + ROW);
            }
            entries.push(((x, y), *stroke, name));
            x += needed + GAP;
        }
        Self { entries, height: y + ROW / 2.0 }
    }

    pub(crate) fn draw(&self) -> Markup {
        html! {
            @for ((x, y), stroke, name) in &self.entries {
                (stroke.line(&[(*x, *y), (x + SAMPLE, *y)]))
                (Label::left(Colour::Ink).write((x + SAMPLE + 8.0, *y), &[name]))
            }
        }
    }
}
