//! Numbers as the colours of squares.

use maud::{Markup, html};

use crate::chart::colour::Colour;
use crate::chart::marks::{Point, rectangle};
use crate::chart::text::Label;

/// Squares in rows and columns.
pub(crate) struct HeatMap<'h> {
    /// Left and top.
    pub(crate) at: Point,
    /// Width and height of a square.
    pub(crate) size: [f64; 2],
    /// One list a row.
    pub(crate) squares: Vec<Vec<Square>>,
    /// The colour of most squares, drawn once behind all.
    pub(crate) ground: Colour,
    /// Names of the columns, above them; and of the rows, left of them.
    pub(crate) columns: &'h [String],
    pub(crate) rows: &'h [String],
    /// Room that the names of the rows have.
    pub(crate) room: f64,
}

/// One square.
#[derive(Debug, Clone)]
pub(crate) struct Square {
    pub(crate) colour: Colour,
    /// In the square; empty for none.
    pub(crate) text: String,
    pub(crate) bold: bool,
}

impl HeatMap<'_> {
    pub(crate) fn height(&self) -> f64 {
        self.squares.len() as f64 * self.size[1]
    }

    fn width(&self) -> f64 {
        self.squares.first().map_or(0, Vec::len) as f64 * self.size[0]
    }

    pub(crate) fn draw(&self) -> Markup {
        let ((left, top), [width, height]) = (self.at, self.size);
        let corner = |row: usize, column: usize| (left + column as f64 * width, top + row as f64 * height);
        html! {
            (rectangle(self.at, (left + self.width(), top + self.height()), self.ground))
            @for (column, name) in self.columns.iter().enumerate() {
                @let (x, y) = corner(0, column);
                (Label::centre(Colour::Muted).cut((x + width / 2.0, y - 10.0), name, width - 3.0))
            }
            @for (row, squares) in self.squares.iter().enumerate() {
                @let (x, y) = corner(row, 0);
                @if let Some(name) = self.rows.get(row) {
                    (Label::right(Colour::Ink).cut((x - 8.0, y + height / 2.0), name, self.room - 8.0))
                }
                @for (column, square) in squares.iter().enumerate() {
                    (self.square(square, corner(row, column)))
                }
            }
        }
    }

    fn square(&self, square: &Square, (x, y): Point) -> Markup {
        let [width, height] = self.size;
        let label = if square.bold { Label::centre(Colour::Ink).bold() } else { Label::centre(Colour::Ink) };
        html! {
            @if square.colour != self.ground { (rectangle((x, y), (x + width, y + height), square.colour)) }
            @if !square.text.is_empty() { (label.write((x + width / 2.0, y + height / 2.0), &[&square.text])) }
        }
    }
}
