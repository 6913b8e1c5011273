//! Runs that did not finish, and why.

use untied_study::{CellRecord, Status};

use crate::document::{Block, Section, Text};
use crate::label::clean;
use crate::view::View;

/// Longest reason that is shown; the rest is in `results.json`.
const REASON: usize = 240;

/// None where every run finished.
pub(crate) fn section(view: &View<'_>) -> Option<Section> {
    let mut causes: Vec<(&CellRecord, Vec<u64>)> = Vec::new();
    for cell in view.results.cells.iter().filter(|cell| cell.status != Status::Finished) {
        let same = |known: &CellRecord| {
            (known.status, &known.reason, &known.factors) == (cell.status, &cell.reason, &cell.factors)
        };
        match causes.iter_mut().find(|(known, _)| same(known)) {
            Some((_, seeds)) => seeds.push(cell.seed),
            None => causes.push((cell, vec![cell.seed])),
        }
    }
    if causes.is_empty() {
        return None;
    }
    let list = causes.iter().map(|(cell, seeds)| cause(view, cell, seeds)).collect();
    Some(Section { id: "unfinished", title: "Runs that did not finish", blocks: vec![Block::List(list)] })
}

/// `**Diverged**: bias tied · norm none, seeds 3, 7. The loss became NaN at step 40`
fn cause(view: &View<'_>, cell: &CellRecord, seeds: &[u64]) -> Text {
    let status = match cell.status {
        Status::Diverged => "Diverged",
        Status::Failed => "Failed",
        Status::Missing | Status::Finished => "Missing",
    };
    let numbers: Vec<String> = seeds.iter().map(u64::to_string).collect();
    let noun = if seeds.len() == 1 { "seed" } else { "seeds" };
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
