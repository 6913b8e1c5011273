//! What each comparison changes for each class, as colours.

use maud::html;

use super::differences::Change;
use crate::chart::{Colour, HeatMap, LINE, Label, MARGIN, STEPS, Sheet, Square, WIDTH};
use crate::confusion::DRAWN;
use crate::document::number::{magnitude, share};
use crate::document::{Figure, Text};
use crate::results::selection::remark;

/// Comparisons that are drawn, one a row.
const ROWS: usize = 12;
const NAMES: f64 = 250.0;
const HEIGHT: f64 = 28.0;

/// None without changes, and of more classes than a picture shows.
pub(super) fn plot(
    changes: &[Change<'_>],
    name: &dyn Fn(usize) -> String,
    label: &dyn Fn(&Change<'_>) -> String,
) -> Option<Figure> {
    let mut rows: Vec<Vec<&Change<'_>>> = Vec::new();
    for change in changes {
        match rows.last_mut() {
            Some(row) if std::ptr::eq(row[0].comparison, change.comparison) => row.push(change),
            _ => rows.push(vec![change]),
        }
    }
    let columns = rows.iter().map(Vec::len).max().filter(|&columns| columns <= DRAWN)?;
    // Rows of unlike classes do not stand below one another.
    let alike =
        |row: &Vec<&Change<'_>>| row.iter().map(|change| change.class).eq(rows[0].iter().map(|change| change.class));
    if !rows.iter().all(alike) {
        return None;
    }
    let all = rows.len();
    let rows = &rows[..all.min(ROWS)];
    let largest = rows.iter().flatten().map(|change| change.difference.abs()).fold(0.0, f64::max);
    let width = (WIDTH - 2.0 * MARGIN - NAMES) / columns as f64;
    let square = |change: &&Change<'_>| Square {
        colour: colour(change.difference, largest),
        text: if width > 30.0 { points(change.difference) } else { String::new() },
        bold: change.is_clear(),
    };
    let names: Vec<String> = rows[0].iter().map(|change| name(change.class)).collect();
    let labels: Vec<String> = rows.iter().map(|row| label(row[0])).collect();
    let map = HeatMap {
        at: (MARGIN + NAMES, MARGIN + 3.0 * LINE),
        size: [width, HEIGHT],
        squares: rows.iter().map(|row| row.iter().map(square).collect()).collect(),
        ground: Colour::Deviation(STEPS / 2),
        columns: if width > 20.0 { &names } else { &[] },
        rows: &labels,
        room: NAMES,
    };
    let title = "Which classes gain and lose";
    let alt = "A row a comparison, a column a class: orange where recall is higher with the treatment, blue where it is lower.";
    let legend = format!(
        "orange: higher recall with the treatment, blue: lower; the strongest colour is ±{} points",
        magnitude(100.0 * largest)
    );
    let marks = html! { (Label::left(Colour::Muted).write((MARGIN, MARGIN), &[legend])) (map.draw()) };
    let svg = Sheet { name: "by-class", title, alt }.svg(map.at.1 + map.height() + MARGIN, &marks);
    let caption = Text::default().strong(format!("{title}. ")).plain(
        "Difference of recall in percentage points, treatment minus baseline, the mean over seeds. Bold where the interval \
         leaves out 0.",
    );
    let caption = caption.plain(remark(rows.len(), all, "comparisons", "the first"));
    Some(Figure { file: "by-class.svg", svg, alt: alt.into(), caption })
}

/// `+3`, `−1`: percentage points.
fn points(difference: f64) -> String {
    let points = share(difference);
    if difference > 0.0 && points != "0" { format!("+{points}") } else { points }
}

/// The step of a deviation; the neutral one is 0.
fn colour(difference: f64, largest: f64) -> Colour {
    let middle = (STEPS / 2) as f64;
    let share = if largest > 0.0 { difference / largest } else { 0.0 };
    // The ends are as dark as text.
    Colour::Deviation((middle + (share * (middle - 2.0)).round()) as usize)
}
