//! The order of a report's parts.

pub(crate) mod bias_maps;
pub(crate) mod certificate;
pub(crate) mod drift;
pub(crate) mod guide;
pub(crate) mod rank;
pub(crate) mod recovery;
pub(crate) mod translation;
pub(crate) mod unfinished;
pub(crate) mod variants;
pub(crate) mod verdicts;

use untied_study::Status;

use crate::document::Document;
use crate::document::names::{capitalised, clean, metric_name};
use crate::results::View;
use crate::topics::bias_maps::section as section_bias_maps;
use crate::topics::certificate::section as section_redundancy;
use crate::topics::drift::section as section_drift;
use crate::topics::rank::section as section_rank;
use crate::topics::recovery::section as section_shift;
use crate::topics::translation::section as section_translation;
use crate::topics::unfinished as section_unfinished;
use crate::topics::variants as section_variants;
use crate::topics::verdicts as section_answer;
use crate::topics::verdicts::sentence::trimmed;
use crate::topics::verdicts::table as section_differences;

pub(crate) fn document(view: &View<'_>) -> Document {
    let sections = [
        Some(section_answer::section(view)),
        section_rank::section(view),
        section_shift::section(view),
        section_differences::section(view),
        section_translation::section(view),
        section_bias_maps::section(view),
        Some(section_variants::section(view)),
        section_redundancy::section(view),
        section_drift::section(view),
        section_unfinished::section(view),
        Some(guide::reading(view)),
        Some(guide::repeating()),
    ];
    Document {
        title: clean(&view.results.study),
        question: clean(&view.results.question),
        facts: facts(view),
        sections: sections.into_iter().flatten().collect(),
    }
}

fn facts(view: &View<'_>) -> Vec<(&'static str, String)> {
    let cells = &view.results.cells;
    let finished = cells.iter().filter(|cell| cell.status == Status::Finished).count();
    let mut seeds: Vec<u64> = cells.iter().map(|cell| cell.seed).collect();
    seeds.sort_unstable();
    seeds.dedup();
    let mut facts = vec![
        ("Runs finished", format!("{finished} of {}", cells.len())),
        ("Variants", view.variants.len().to_string()),
        ("Seeds", seeds.len().to_string()),
        ("Metric", capitalised(metric_name(view.metric))),
    ];
    if let Some(one) = view.results.comparisons.first() {
        facts.push(("Margin", format!("±{}", trimmed(one.margin))));
    }
    facts.push(("Trained on", format!("{}, {}", clean(&view.results.device), clean(&view.results.dtype))));
    facts
}
