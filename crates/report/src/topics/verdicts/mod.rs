//! Every comparison's verdict: in sentences, in a table and in a plot.

pub(crate) mod caveats;
mod grouped;
mod phrase;
mod plot;
mod scope;
mod sentence;
mod table;

use untied_study::{Over, Verdict};

use crate::document::names::verdict_name;
use crate::document::number::plural;
use crate::document::{Block, Section, Text};
use crate::results::View;
use crate::results::selection::{SENTENCES, foremost, size};
use crate::topics::Topic;
use crate::topics::verdicts::grouped::FEW;
use crate::topics::verdicts::sentence::sentence;

/// The comparisons of the study.
pub(crate) struct Verdicts<'v, 'a>(pub(crate) &'v View<'a>);

impl Topic for Verdicts<'_, '_> {
    /// None where nothing is compared.
    fn section(&self) -> Option<Section> {
        table::section(self.0)
    }
}

/// The verdicts in sentences: one by one where they are few, otherwise summed up first.
///
/// They end the short answer, behind whatever the topics say of what was measured.
pub(crate) fn answer(view: &View<'_>) -> Vec<Block> {
    let comparisons = &view.results.comparisons;
    match comparisons.len() {
        0 => {
            vec![Block::Paragraph("No variants are compared; the table of variants has what was measured.".into())]
        }
        1..=FEW => std::iter::once(Block::Paragraph(tally(view))).chain(one_by_one(view)).collect(),
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

/// What chance the verdicts allow for.
fn scope(view: &View<'_>) -> &'static str {
    match view.results.comparisons.first().map(|one| one.over) {
        Some(Over::SeedsAndImages) => {
            "Verdicts are about other initial weights, orders of the training images and test images of the same kind, after \
             training on the same images."
        }
        _ => {
            "Verdicts are about other initial weights and orders of the images, with the same training and test images."
        }
    }
}

/// `Of 4 comparisons, 2 are equivalent, 1 is different, 1 is inconclusive.`, and what that is about.
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
    format!("Of {}, {}. {}", plural(comparisons.len(), "comparison"), parts.join(", "), scope(view)).into()
}
