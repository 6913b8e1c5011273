//! The short answer: what was measured and every verdict, in sentences, on one screen.

pub(crate) mod grouped;
pub(crate) mod phrase;
pub(crate) mod plot;
pub(crate) mod sentence;
pub(crate) mod table;

use untied_study::{Status, Verdict};

use crate::document::names::verdict_name;
use crate::document::number::plural;
use crate::document::{Block, Section, Text};
use crate::results::View;
use crate::results::selection::{SENTENCES, foremost, size};
use crate::topics::certificate::answer as answer_certificate;
use crate::topics::rank::answer as answer_rank;
use crate::topics::recovery::answer as answer_shift;
use crate::topics::verdicts::grouped::FEW;
use crate::topics::verdicts::sentence::sentence;

pub(crate) fn section(view: &View<'_>) -> Section {
    let mut blocks: Vec<Block> = notice(view).into_iter().collect();
    blocks.extend(answer_rank::blocks(view));
    blocks.extend(answer_shift::blocks(view));
    blocks.extend(answer_certificate::blocks(view));
    blocks.extend(verdicts(view));
    Section { id: "answer", title: "The short answer", blocks }
}

/// What the comparisons say: one by one where they are few, otherwise summed up first.
fn verdicts(view: &View<'_>) -> Vec<Block> {
    let comparisons = &view.results.comparisons;
    match comparisons.len() {
        0 => {
            vec![Block::Paragraph("No variants are compared; the table of variants has what was measured.".into())]
        }
        1 => one_by_one(view),
        2..=FEW => std::iter::once(Block::Paragraph(tally(view))).chain(one_by_one(view)).collect(),
        _ => {
            let summary = "The comparisons one by one".into();
            vec![
                Block::Paragraph(tally(view)),
                Block::Verdicts(grouped::sentences(comparisons, &view.labels)),
                Block::Details { summary, blocks: one_by_one(view) },
            ]
        }
    }
}

fn one_by_one(view: &View<'_>) -> Vec<Block> {
    let comparisons = &view.results.comparisons;
    let shown = foremost(comparisons.iter().collect(), SENTENCES, |one| size(one));
    let mut blocks = Vec::new();
    if shown.len() < comparisons.len() {
        let text = format!("The {} with the largest differences; all of them stand in the table below.", shown.len());
        blocks.push(Block::Paragraph(text.into()));
    }
    blocks.push(Block::Verdicts(shown.iter().map(|one| (one.verdict, sentence(one))).collect()));
    blocks
}

/// `Of 4 comparisons, 2 are equivalent, 1 is different, 1 is inconclusive.`
fn tally(view: &View<'_>) -> Text {
    let comparisons = &view.results.comparisons;
    let count = |verdict: Verdict| comparisons.iter().filter(|one| one.verdict == verdict).count();
    let part = |verdict: Verdict| match count(verdict) {
        0 => None,
        1 => Some(format!("1 is {}", verdict_name(verdict))),
        several => Some(format!("{several} are {}", verdict_name(verdict))),
    };
    let parts: Vec<String> =
        [Verdict::Equivalent, Verdict::Different, Verdict::Inconclusive].into_iter().filter_map(part).collect();
    format!("Of {}, {}.", plural(comparisons.len(), "comparison"), parts.join(", ")).into()
}

/// What did not finish, said before anything is claimed.
fn notice(view: &View<'_>) -> Option<Block> {
    let cells = &view.results.cells;
    let count = |status: Status| cells.iter().filter(|cell| cell.status == status).count();
    let unfinished = cells.len() - count(Status::Finished);
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
