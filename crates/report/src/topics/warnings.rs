//! What runs warned of that bears on their results.

use crate::document::names::clean;
use crate::document::number::plural;
use crate::document::{Block, Text};
use crate::results::View;
use crate::results::first_seen::group;

/// A notice for each warning, with the number of runs that it is of.
pub(crate) fn notices(view: &View<'_>) -> impl Iterator<Item = Block> {
    let cells = &view.results.cells;
    let warnings = cells.iter().flat_map(|cell| cell.warnings.iter().map(|warning| (warning, ())));
    group(warnings).into_iter().map(|(warning, of)| {
        let runs = if of.len() == cells.len() { String::new() } else { format!(" of {}", plural(of.len(), "run")) };
        Block::Notice(Text::default().strong(format!("Warning{runs}")).plain(format!(": {}.", clean(warning))))
    })
}
