//! A chart with one row a variant or comparison: names on the left, a number line, remarks on the right.

use std::ops::Range;

use plotters::prelude::*;

use crate::chart::canvas::{Area, Drawn, FONT, LINE, Label, MARGIN, Sheet, WIDTH, font, units};
use crate::chart::palette::{GRID, INK, MUTED};
use crate::chart::text_layout::wrap;
use crate::document::number::fixed;

const LEFT: f64 = 204.0;
const RIGHT: f64 = 134.0;
const AXIS: f64 = 50.0;

/// A row's texts. Rows of one group follow one another under its name.
pub(crate) struct Row {
    pub(crate) group: String,
    pub(crate) name: String,
    pub(crate) remark: String,
    pub(crate) remark_colour: RGBColor,
}

impl Row {
    fn indent(&self) -> f64 {
        if self.group.is_empty() { 0.0 } else { 10.0 }
    }

    fn lines(&self) -> Vec<String> {
        wrap(&self.name, FONT, false, LEFT - MARGIN - self.indent() - 12.0, 4)
    }
}

/// The lines of a group's name and the height of their middle.
type Heading = (f64, Vec<String>);

/// The chart without its marks.
pub(crate) struct RowChart<'r> {
    pub(crate) rows: &'r [Row],
    /// At least; names of many lines get more.
    pub(crate) row_height: f64,
    /// Room above the first row.
    pub(crate) head: f64,
    pub(crate) x: Range<f64>,
    pub(crate) x_title: String,
    pub(crate) x_label: &'r dyn Fn(&f64) -> String,
}

/// Where things are, in pixels.
pub(crate) struct Places {
    /// The centre of each row.
    pub(crate) rows: Vec<f64>,
    pub(crate) top: f64,
    pub(crate) bottom: f64,
    left: f64,
    right: f64,
    x: Range<f64>,
}

impl Places {
    /// The pixel of a number, inside the number line.
    pub(crate) fn x(&self, value: f64) -> f64 {
        let share = (value - self.x.start) / (self.x.end - self.x.start);
        self.left + share.clamp(0.0, 1.0) * (self.right - self.left)
    }
}

impl RowChart<'_> {
    /// Draws the chart, then the marks; `behind` comes under the names and the number line's grid.
    pub(crate) fn draw(
        &self,
        sheet: Sheet,
        behind: impl FnOnce(&Area<'_>, &Places) -> Drawn,
        marks: impl FnOnce(&Area<'_>, &Places) -> Drawn,
    ) -> String {
        let (rows, headings, end) = self.layout();
        let sheet = Sheet { height: end + AXIS + MARGIN, ..sheet };
        sheet.draw(|area| {
            let top = MARGIN + self.head;
            let places = Places { rows, top, bottom: end, left: LEFT, right: WIDTH - RIGHT, x: self.x.clone() };
            behind(area, &places)?;
            self.axis(area, &places)?;
            for (y, lines) in &headings {
                Label::left(INK).bold().write(area, (MARGIN, *y), lines)?;
            }
            self.names(area, &places)?;
            marks(area, &places)
        })
    }

    /// Row centres, group headings, and where the last row ends.
    fn layout(&self) -> (Vec<f64>, Vec<Heading>, f64) {
        let (mut rows, mut headings, mut y) = (Vec::new(), Vec::new(), MARGIN + self.head);
        let mut group = "";
        for row in self.rows {
            if row.group != group {
                let lines = wrap(&row.group, FONT, true, LEFT - MARGIN - 12.0, 4);
                let height = 14.0 + LINE * lines.len() as f64;
                headings.push((y + height / 2.0 + 3.0, lines));
                y += height;
                group = &row.group;
            }
            let height = self.row_height.max(8.0 + LINE * row.lines().len() as f64);
            rows.push(y + height / 2.0);
            y += height;
        }
        (rows, headings, y + 6.0)
    }

    fn axis(&self, area: &Area<'_>, places: &Places) -> Drawn {
        let size = (units(places.right - places.left), units(places.bottom - places.top + 26.0));
        let panel = area.clone().shrink((units(places.left), units(places.top)), size);
        let mut chart =
            ChartBuilder::on(&panel).x_label_area_size(units(26.0)).build_cartesian_2d(self.x.clone(), 0.0..1.0)?;
        chart
            .configure_mesh()
            .disable_y_mesh()
            .disable_y_axis()
            .x_labels(6)
            .x_label_formatter(self.x_label)
            .label_style(font(FONT - 0.5, MUTED))
            .light_line_style(TRANSPARENT)
            .bold_line_style(GRID.stroke_width(units(1.0) as u32))
            .axis_style(MUTED.stroke_width(units(1.0) as u32))
            .set_all_tick_mark_size(units(4.0))
            .draw()?;
        let middle = f64::midpoint(places.left, places.right);
        Label::centre(INK).write(area, (middle, places.bottom + 40.0), &[&self.x_title])
    }

    fn names(&self, area: &Area<'_>, places: &Places) -> Drawn {
        for (row, &y) in self.rows.iter().zip(&places.rows) {
            Label::left(INK).write(area, (MARGIN + row.indent(), y), &row.lines())?;
            let remark = wrap(&row.remark, FONT, false, RIGHT - 18.0, 2);
            Label::left(row.remark_colour).write(area, (WIDTH - RIGHT + 12.0, y), &remark)?;
        }
        Ok(())
    }
}

/// Numbers beyond this are off every scale: plotters looks for ticks forever where doubles have no digits left.
const LARGEST: f64 = 1e12;

/// A range around the values that plotters can divide: of sensible numbers, not empty, with a little air.
pub(crate) fn range(values: impl Iterator<Item = f64>) -> Range<f64> {
    let (low, high) = values
        .filter(|value| value.abs() <= LARGEST)
        .fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), value| (low.min(value), high.max(value)));
    if low > high {
        return 0.0..1.0;
    }
    let size = low.abs().max(high.abs());
    let air = ((high - low) * 0.06).max(size * 1e-4).max(1e-9);
    low - air..high + air
}

/// Labels of a number line, with as many decimals as its range asks for.
pub(crate) fn decimals(range: &Range<f64>) -> impl Fn(&f64) -> String + use<> {
    let step = (range.end - range.start) / 6.0;
    let decimals = (-step.log10().floor()).clamp(0.0, 9.0) as usize;
    move |value: &f64| match value.abs() {
        size if size >= 1e6 => fixed(*value),
        size if size < step * 1e-3 => "0".into(),
        _ => format!("{value:.decimals$}").replace('-', "−"),
    }
}
