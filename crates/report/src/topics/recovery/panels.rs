//! Small multiples of recovery: a column a pattern, a row a setting.

use untied_study::ShiftPattern;

use crate::chart::{Axis, Cell, Curve, Grid, Mark, PanelRow, Sheet, Stroke};
use crate::document::names::capitalised;
use crate::document::number::percent;
use crate::results::selection::PANELS;
use crate::topics::recovery::shares::{Method, Recovery, Setting};

/// Shares beyond these lie on the edge.
const LARGEST: [f64; 2] = [-0.5, 1.25];

/// The points of one method in one panel.
pub(crate) type Points = (Method, Vec<Mark>);

/// A plot of recovery by something.
pub(crate) struct Panels<'p> {
    pub(crate) sheet: Sheet<'p>,
    pub(crate) x: Axis,
    pub(crate) x_title: &'static str,
    /// Name of a method in the legend.
    pub(crate) legend: &'p dyn Fn(&Method) -> String,
    /// The lines of one panel.
    pub(crate) points: &'p dyn Fn(&Setting<'_>, ShiftPattern) -> Vec<Points>,
}

impl Panels<'_> {
    /// None where every panel is empty.
    pub(crate) fn svg(self, recovery: &Recovery<'_, '_>) -> Option<String> {
        let mut names: Vec<(Stroke, String)> = Vec::new();
        let mut all = Vec::new();
        let mut rows = Vec::new();
        for setting in recovery.settings.iter().take(PANELS) {
            let cell = |pattern: &ShiftPattern| {
                let mut curves = Vec::new();
                for (method, marks) in (self.points)(setting, *pattern) {
                    let name = (self.legend)(&method);
                    if !marks.is_empty() && names.iter().all(|(_, known)| *known != name) {
                        names.push((method.stroke(), name));
                    }
                    all.extend(&marks);
                    curves.push(Curve { stroke: method.stroke(), symbol: Some(method.symbol()), marks });
                }
                Cell { title: format!("{} shift", capitalised(&pattern.to_string())), curves }
            };
            rows.push(PanelRow {
                heading: recovery.label(setting),
                cells: recovery.patterns.iter().map(cell).collect(),
            });
        }
        if all.is_empty() {
            return None;
        }
        let grid = Grid {
            sheet: self.sheet,
            legend: names.iter().map(|(stroke, name)| (*stroke, name.as_str())).collect(),
            rows,
            x: self.x,
            x_title: self.x_title,
            y: vec![shares(&all)],
            height: 112.0,
            empty: "less than 5 points lost",
        };
        Some(grid.svg())
    }
}

/// From nothing to everything, and as far beyond as needed.
fn shares(marks: &[Mark]) -> Axis {
    let values = marks.iter().flat_map(|mark| [mark.y].into_iter().chain(mark.interval.into_iter().flatten()));
    let (low, high) = values.fold((0.0, 1.0), |(low, high): (f64, f64), y| (low.min(y), high.max(y)));
    Axis::steps(low.max(LARGEST[0]) - 0.04..high.min(LARGEST[1]) + 0.04, 0.25, percent)
}
