//! Small multiples of recovery: a column a pattern, a row a setting.

use untied_study::ShiftPattern;

use crate::chart::canvas::{Area, Drawn, FONT, Label, MARGIN, Sheet, WIDTH};
use crate::chart::legend::Legend;
use crate::chart::palette::{INK, MUTED};
use crate::chart::panel::{Axis, Mark, Panel};
use crate::chart::text_layout::wrap;
use crate::document::names::capitalised;
use crate::document::number::percent;
use crate::results::selection::PANELS;
use crate::topics::recovery::shares::{Method, Recovery, Setting};

const PANEL_HEIGHT: f64 = 136.0;
/// The last row has the title of x.
const TITLE: f64 = 16.0;
const GAP: f64 = 12.0;
const HEADING: f64 = 22.0;
/// Left of the first column.
const LABELS: f64 = 52.0;
/// Shares beyond these lie on the edge.
const LARGEST: [f64; 2] = [-0.5, 1.25];

/// One method's curve in one panel.
pub(crate) struct Curve {
    pub(crate) method: Method,
    pub(crate) marks: Vec<Mark>,
}

/// The curves of every setting and pattern.
type Rows = Vec<Vec<Vec<Curve>>>;

/// A plot of recovery by something.
pub(crate) struct RecoveryGrid<'g> {
    pub(crate) name: &'static str,
    pub(crate) title: String,
    pub(crate) alt: String,
    pub(crate) x: Axis,
    pub(crate) x_title: &'static str,
    /// What to call a method in the legend.
    pub(crate) legend: &'g dyn Fn(&Method) -> String,
    /// The lines of one panel.
    pub(crate) curves: &'g dyn Fn(&Setting<'_>, ShiftPattern) -> Vec<Curve>,
}

impl RecoveryGrid<'_> {
    /// None where every panel is empty.
    pub(crate) fn draw(&self, recovery: &Recovery<'_, '_>) -> Option<String> {
        let settings = &recovery.settings[..recovery.settings.len().min(PANELS)];
        let patterns = &recovery.patterns;
        let row = |setting| patterns.iter().map(|pattern| (self.curves)(setting, *pattern)).collect();
        let rows: Rows = settings.iter().map(row).collect();
        let curves = || rows.iter().flatten().flatten();
        curves().flat_map(|curve| &curve.marks).next()?;
        let names = self.names(curves());
        let legend = Legend::new(names.iter().map(|(method, name)| (method.stroke(), name.as_str())));
        let y = shares(curves());
        let head = legend.height + 6.0;
        let top = |row: usize| head + HEADING + row as f64 * (HEADING + PANEL_HEIGHT + GAP);
        let (title, alt, height) = (self.title.clone(), self.alt.clone(), top(rows.len()) + TITLE);
        Some(Sheet { name: self.name, title, alt, height }.draw(|area| {
            legend.draw(area)?;
            for (column, pattern) in patterns.iter().enumerate() {
                let name = format!("{} shift", capitalised(&pattern.to_string()));
                let at = (left(column, patterns.len()), head + HEADING / 2.0);
                Label::left(INK).bold().write(area, at, &[name])?;
            }
            for (row, (setting, panels)) in settings.iter().zip(&rows).enumerate() {
                let name = wrap(&recovery.label(setting), FONT, false, WIDTH - 2.0 * MARGIN - LABELS, 1);
                Label::left(MUTED).write(area, (left(0, 1), top(row) + HEADING / 2.0), &name)?;
                self.row(area, top(row) + HEADING, &y, panels, row + 1 == rows.len())?;
            }
            Ok(())
        }))
    }

    fn row(&self, area: &Area<'_>, top: f64, y: &Axis, panels: &[Vec<Curve>], last: bool) -> Drawn {
        let (title, x_title) = if last { (TITLE, self.x_title) } else { (0.0, "") };
        for (column, curves) in panels.iter().enumerate() {
            let (left, width) = (left(column, panels.len()), width(panels.len()));
            let panel = Panel { left, top, width, height: PANEL_HEIGHT + title, x: &self.x, y, x_title };
            panel.frame(area, column == 0)?;
            fill(area, &panel, curves)?;
        }
        Ok(())
    }

    /// Each method once.
    fn names<'c>(&self, curves: impl Iterator<Item = &'c Curve>) -> Vec<(&'c Method, String)> {
        let mut names: Vec<(&Method, String)> = Vec::new();
        for curve in curves.filter(|curve| !curve.marks.is_empty()) {
            let name = (self.legend)(&curve.method);
            if names.iter().all(|(_, known)| *known != name) {
                names.push((&curve.method, name));
            }
        }
        names
    }
}

/// Of one of so many panels beside each other.
fn width(columns: usize) -> f64 {
    (WIDTH - 2.0 * MARGIN - LABELS - GAP * (columns - 1) as f64) / columns as f64
}

fn left(column: usize, columns: usize) -> f64 {
    MARGIN + LABELS + column as f64 * (width(columns) + GAP)
}

/// From nothing to everything, and as far beyond as needed.
fn shares<'c>(curves: impl Iterator<Item = &'c Curve>) -> Axis {
    let marks = curves.flat_map(|curve| &curve.marks);
    let values = marks.flat_map(|mark| [mark.y].into_iter().chain(mark.interval.into_iter().flatten()));
    let (low, high) = values.fold((0.0, 1.0), |(low, high): (f64, f64), y| (low.min(y), high.max(y)));
    Axis::steps(low.max(LARGEST[0]) - 0.04..high.min(LARGEST[1]) + 0.04, 0.25, percent)
}

fn fill(area: &Area<'_>, panel: &Panel<'_>, curves: &[Curve]) -> Drawn {
    if curves.iter().all(|curve| curve.marks.is_empty()) {
        let middle = (panel.left + panel.width / 2.0, panel.top + (PANEL_HEIGHT - 24.0) / 2.0);
        return Label::centre(MUTED).write(area, middle, &["less than 5 points lost"]);
    }
    for curve in curves {
        panel.band(area, &curve.marks, curve.method.stroke())?;
    }
    for curve in curves {
        panel.line(area, &curve.marks, curve.method.stroke())?;
        curve.marks.iter().try_for_each(|mark| curve.method.mark(area, panel.place(mark.x, mark.y)))?;
    }
    Ok(())
}
