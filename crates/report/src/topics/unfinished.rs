//! Runs that did not finish, and why.

use untied_study::{CellRecord, Status};

use crate::document::names::clean;
use crate::document::{Block, Section, Text};
use crate::results::View;
use crate::results::first_seen::group;
use crate::results::selection::ITEMS;

/// Longest reason that is shown; the rest is in `results.json`.
const REASON: usize = 240;

/// None where every run finished.
pub(crate) fn section(view: &View<'_>) -> Option<Section> {
    let unfinished = view.results.cells.iter().filter(|cell| cell.status != Status::Finished);
    let causes = group(unfinished.map(|cell| ((cell.status.label(), &cell.reason, &cell.factors), cell)));
    if causes.is_empty() {
        return None;
    }
    let list = causes.iter().take(ITEMS).map(|(_, cells)| cause(view, cells)).collect();
    let mut blocks = vec![Block::List(list)];
    if let Some(more) = causes.len().checked_sub(ITEMS).filter(|more| *more > 0) {
        blocks.push(Block::Paragraph(format!("And {more} more like these; results.json has all.").into()));
    }
    Some(Section { id: "unfinished", title: "Runs that did not finish", blocks })
}

/// `**Diverged**: bias tied · norm none, seeds 3, 7. The loss became NaN at step 40`
fn cause(view: &View<'_>, cells: &[&CellRecord]) -> Text {
    let cell = cells[0];
    let status = match cell.status {
        Status::Diverged => "Diverged",
        Status::Failed => "Failed",
        Status::Missing | Status::Finished => "Missing",
    };
    let numbers: Vec<String> = cells.iter().map(|cell| cell.seed.to_string()).collect();
    let noun = if numbers.len() == 1 { "seed" } else { "seeds" };
    let place = format!(": {}, {noun} {}. ", view.variant_label(&cell.factors), numbers.join(", "));
    let text = Text::default().strong(status).plain(place);
    match (&cell.reason, cell.status) {
        (Some(reason), _) => text.code(shortened(&clean(reason))),
        (None, Status::Diverged) => text.plain("The loss became infinite or NaN."),
        (None, Status::Missing) => text.plain("Not run yet."),
        (None, _) => text.plain("No reason was recorded."),
    }
}

fn shortened(reason: &str) -> String {
    let mut start: String = reason.chars().take(REASON).collect();
    if start.len() < reason.len() {
        start.push('…');
    }
    start
}
