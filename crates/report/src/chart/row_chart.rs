//! A chart with one row a variant or comparison: names on the left, a number line, remarks on the right.

use maud::{Markup, html};

use crate::chart::axis::Axis;
use crate::chart::colour::Colour;
use crate::chart::marks::Point;
use crate::chart::panel::{BELOW, Panel};
use crate::chart::sheet::{MARGIN, Sheet, WIDTH};
use crate::chart::text::{LINE, Label, wrap};

const LEFT: f64 = 204.0;
const RIGHT: f64 = 134.0;

/// A row's texts. Rows of one group follow one another under its name.
pub(crate) struct Row {
    pub(crate) group: String,
    pub(crate) name: String,
    pub(crate) remark: String,
    pub(crate) remark_colour: Colour,
}

impl Row {
    fn indent(&self) -> f64 {
        if self.group.is_empty() { 0.0 } else { 10.0 }
    }

    fn lines(&self) -> Vec<String> {
        wrap(&self.name, false, LEFT - MARGIN - self.indent() - 12.0, 4)
    }
}

/// The middle and the lines of a group's name.
type Heading = (Point, Vec<String>);

/// The chart without its marks.
pub(crate) struct RowChart<'r> {
    pub(crate) sheet: Sheet<'r>,
    pub(crate) rows: &'r [Row],
    /// At least; names of many lines get more.
    pub(crate) row_height: f64,
    /// Room above the first row.
    pub(crate) head: f64,
    pub(crate) x: Axis,
    pub(crate) x_title: &'r str,
}

impl RowChart<'_> {
    /// The chart, with the marks of each row at its height; `behind` comes under the names and the grid.
    pub(crate) fn svg(
        &self,
        behind: impl FnOnce(&Panel<'_>) -> Markup,
        marks: impl Fn(&Panel<'_>, usize, f64) -> Markup,
    ) -> String {
        let top = MARGIN + self.head;
        let (middles, headings, end) = self.layout(top);
        // A row's marks know their height: the axis of y only fills the panel.
        let y = Axis { range: 0.0..1.0, ticks: Vec::new() };
        let panel = Panel { left: LEFT, top, width: WIDTH - LEFT - RIGHT, height: end - top, x: &self.x, y: &y };
        let drawn = html! {
            (behind(&panel))
            (panel.columns(self.x_title))
            @for (at, lines) in &headings { (Label::left(Colour::Ink).bold().write(*at, lines)) }
            @for (row, y) in self.rows.iter().zip(&middles) {
                (Label::left(Colour::Ink).write((MARGIN + row.indent(), *y), &row.lines()))
                @let remark = wrap(&row.remark, false, RIGHT - 18.0, 2);
                (Label::left(row.remark_colour).write((panel.right() + 12.0, *y), &remark))
            }
            @for (index, y) in middles.iter().enumerate() { (marks(&panel, index, *y)) }
        };
        self.sheet.svg(end + BELOW[0] + BELOW[1] + MARGIN - 6.0, &drawn)
    }

    /// The middle of each row, the groups' names, and where the last row ends.
    fn layout(&self, top: f64) -> (Vec<f64>, Vec<Heading>, f64) {
        let (mut middles, mut headings, mut y) = (Vec::new(), Vec::new(), top);
        let mut group = "";
        for row in self.rows {
            if row.group != group {
                let lines = wrap(&row.group, true, LEFT - MARGIN - 12.0, 4);
                let height = 14.0 + LINE * lines.len() as f64;
                headings.push(((MARGIN, y + height / 2.0 + 3.0), lines));
                y += height;
                group = &row.group;
            }
            let height = self.row_height.max(8.0 + LINE * row.lines().len() as f64);
            middles.push(y + height / 2.0);
            y += height;
        }
        (middles, headings, y + 6.0)
    }
}
