//! The order of a report's parts.

use untied_study::Status;

use crate::document::Document;
use crate::label::{capitalised, clean, metric_name};
use crate::sentence::trimmed;
use crate::view::View;
use crate::{
    guide, section_answer, section_bias_maps, section_differences, section_drift, section_rank, section_redundancy,
    section_shift, section_translation, section_unfinished, section_variants,
};

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
