//! Runs that did not finish, and why.

use untied_study::{CellRecord, Status};

use crate::document::names::clean;
use crate::document::number::plural;
use crate::document::{Block, Section, Text};
use crate::results::View;
use crate::results::first_seen::group;
use crate::results::selection::ITEMS;

/// Longest reason that is shown; the rest is in `results.json`.
const REASON: usize = 240;

/// The count of unfinished runs, said before anything is claimed.
pub(crate) fn notice(view: &View<'_>) -> Option<Block> {
    let cells = &view.results.cells;
    let count = |status: Status| cells.iter().filter(|cell| cell.status == status).count();
    let unfinished = cells.len() - count(Status::Finished) - count(Status::Skipped);
    if unfinished == 0 {
        return None;
    }
    let parts: Vec<String> = [(Status::Diverged, "diverged"), (Status::Failed, "failed"), (Status::Missing, "missing")]
        .into_iter()
        .filter(|(status, _)| count(*status) > 0)
        .map(|(status, name)| format!("{} {name}", count(status)))
        .collect();
    let text = Text::default().strong(format!("{unfinished} of {} did not finish", plural(cells.len(), "run")));
    let left_out = if view.results.comparisons.is_empty() {
        ""
    } else {
        "; pairs with an unfinished run are left out of the comparisons"
    };
    Some(Block::Notice(text.plain(format!(": {}{left_out}. The reasons stand below.", parts.join(", ")))))
}

/// None where every run finished.
pub(crate) fn section(view: &View<'_>) -> Option<Section> {
    let ended = |status: Status| matches!(status, Status::Finished | Status::Skipped);
    let unfinished = view.results.cells.iter().filter(|cell| !ended(cell.status));
    let causes = group(unfinished.map(|cell| ((cell.status, &cell.reason, &cell.factors), cell)));
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
        Status::Missing | Status::Finished | Status::Skipped => "Missing",
    };
    let seeds: Vec<String> = cells.iter().map(|cell| cell.seed.to_string()).collect();
    let noun = if seeds.len() == 1 { "seed" } else { "seeds" };
    let which = format!(": {}, {noun} {}. ", view.variant_label(&cell.factors), seeds.join(", "));
    let text = Text::default().strong(status).plain(which);
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
