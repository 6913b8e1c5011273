//! Small multiples: rows of panels with curves, under one legend.

use maud::{Markup, html};

use crate::chart::axis::Axis;
use crate::chart::colour::Colour;
use crate::chart::legend::Legend;
use crate::chart::marks::{Stroke, Symbol};
use crate::chart::panel::{BELOW, Mark, Panel};
use crate::chart::sheet::{MARGIN, Sheet, WIDTH};
use crate::chart::text::Label;

/// Gap between two columns, and between two rows.
const GAP: [f64; 2] = [18.0, 14.0];
/// Room left of a panel, for the labels of y.
const LABELS: f64 = 52.0;
/// Room above a row, and above a panel.
const HEADING: f64 = 26.0;
const TITLE: f64 = 22.0;

/// One series in one panel.
pub(crate) struct Curve {
    pub(crate) stroke: Stroke,
    pub(crate) marks: Vec<Mark>,
    /// Sign at every point of the curve.
    pub(crate) symbol: Option<Symbol>,
}

/// The curves of one panel, under its title.
pub(crate) struct Cell {
    pub(crate) title: String,
    pub(crate) curves: Vec<Curve>,
}

/// Panels beside one another, under a heading that may be empty.
pub(crate) struct PanelRow {
    pub(crate) heading: String,
    pub(crate) cells: Vec<Cell>,
}

/// A plot of panels.
pub(crate) struct Grid<'g> {
    pub(crate) sheet: Sheet<'g>,
    pub(crate) legend: Vec<(Stroke, &'g str)>,
    pub(crate) rows: Vec<PanelRow>,
    pub(crate) x: Axis,
    pub(crate) x_title: &'static str,
    /// One axis for all panels, or one a column.
    pub(crate) y: Vec<Axis>,
    /// Height of a panel between its axes.
    pub(crate) height: f64,
    /// Text of a panel without curves.
    pub(crate) empty: &'static str,
}

impl Grid<'_> {
    pub(crate) fn svg(&self) -> String {
        let legend = Legend::new(&self.legend);
        let mut tops = vec![legend.height + 6.0];
        for row in &self.rows {
            tops.push(tops[tops.len() - 1] + heading(row) + self.height + BELOW[0] + GAP[1]);
        }
        let marks = html! {
            (legend.draw())
            @for (index, top) in tops.iter().take(self.rows.len()).enumerate() { (self.row(index, *top)) }
        };
        self.sheet.svg(tops[self.rows.len()] + BELOW[1] + 4.0, &marks)
    }

    fn row(&self, index: usize, top: f64) -> Markup {
        let row = &self.rows[index];
        let next = self.rows.get(index + 1).map_or(0, |row| row.cells.len());
        html! {
            @if !row.heading.is_empty() {
                @let at = (MARGIN, top + HEADING / 2.0);
                (Label::left(Colour::Ink).bold().cut(at, &row.heading, WIDTH - 2.0 * MARGIN))
            }
            @for (column, cell) in row.cells.iter().enumerate() {
                @let panel = self.panel(column, top + heading(row));
                @let title = if row.heading.is_empty() { Label::left(Colour::Ink).bold() } else { Label::left(Colour::Muted) };
                (title.cut((panel.left, panel.top - TITLE / 2.0 - 2.0), &cell.title, panel.width))
                // A panel with none below it has the title of x.
                (panel.frame(self.has_labels(column), if column >= next { self.x_title } else { "" }))
                (self.curves(&panel, &cell.curves))
            }
        }
    }

    fn panel(&self, column: usize, top: f64) -> Panel<'_> {
        let columns = self.rows.iter().map(|row| row.cells.len()).max().unwrap_or(1);
        let labels = |columns: usize| (0..columns).filter(|column| self.has_labels(*column)).count() as f64 * LABELS;
        let room = WIDTH - 2.0 * MARGIN - labels(columns) - GAP[0] * (columns - 1) as f64;
        let width = room / columns as f64;
        let left = MARGIN + labels(column + 1) + column as f64 * (width + GAP[0]);
        Panel { left, top, width, height: self.height, x: &self.x, y: &self.y[column % self.y.len()] }
    }

    fn has_labels(&self, column: usize) -> bool {
        column < self.y.len()
    }

    /// Bands lie behind all lines.
    fn curves(&self, panel: &Panel<'_>, curves: &[Curve]) -> Markup {
        html! {
            @if curves.iter().all(|curve| curve.marks.is_empty()) {
                @let middle = (panel.left + panel.width / 2.0, panel.top + panel.height / 2.0);
                (Label::centre(Colour::Muted).write(middle, &[self.empty]))
            }
            // The only points of several series, say after one epoch, would hide each other behind their intervals.
            @for curve in curves.iter().filter(|curve| curve.symbol.is_some() || curve.marks.len() > 1) {
                (panel.band(&curve.marks, curve.stroke))
            }
            @for curve in curves {
                @if curve.symbol.is_none() || curve.marks.len() > 1 { (panel.line(&curve.marks, curve.stroke)) }
                @if let Some(symbol) = curve.symbol {
                    @for mark in &curve.marks { (symbol.draw(panel.point(mark.x, mark.y), curve.stroke.colour)) }
                }
            }
        }
    }
}

/// Room above the panels of a row.
fn heading(row: &PanelRow) -> f64 {
    TITLE + if row.heading.is_empty() { 0.0 } else { HEADING }
}
