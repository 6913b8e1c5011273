//! The order of a report's parts.

use untied_study::Status;

use crate::document::names::{capitalised, clean, metric_name};
use crate::document::{Document, Section};
use crate::results::View;
use crate::topics::bias_maps::BiasMaps;
use crate::topics::certificate::Certificate;
use crate::topics::classes::Classes;
use crate::topics::disturbed::{Disturbed, NOISE, TRANSLATION};
use crate::topics::drift::Drift;
use crate::topics::rank::Rank;
use crate::topics::recovery::Recovery;
use crate::topics::variants::Variants;
use crate::topics::verdicts::{self, Verdicts};
use crate::topics::{Topic, guide, looks, setup, unfinished, warnings};

/// The topics in the order of their sections.
fn topics<'v>(view: &'v View<'_>) -> [Box<dyn Topic + 'v>; 10] {
    [
        Box::new(Rank::new(view)),
        Box::new(Recovery::new(view)),
        Box::new(Verdicts(view)),
        Box::new(Classes::new(view)),
        Box::new(Disturbed(&TRANSLATION, view)),
        Box::new(Disturbed(&NOISE, view)),
        Box::new(BiasMaps(view)),
        Box::new(Variants(view)),
        Box::new(Certificate::new(view)),
        Box::new(Drift(view)),
    ]
}

pub(crate) fn document(view: &View<'_>) -> Document {
    let topics = topics(view);
    let mut sections = vec![answer(view, &topics)];
    sections.extend(topics.iter().filter_map(|topic| topic.section()));
    sections.extend(unfinished::section(view));
    sections.extend(setup::section(view));
    sections.extend([guide::reading(view), guide::repeating()]);
    Document {
        kicker: "a study of convolution biases",
        title: clean(&view.results.study),
        question: clean(&view.results.question),
        facts: facts(view),
        sections,
    }
}

/// The short answer, on one screen: what is missing, what was measured, and the verdicts at its end.
fn answer(view: &View<'_>, topics: &[Box<dyn Topic + '_>]) -> Section {
    let mut blocks = Vec::from_iter(unfinished::notice(view));
    blocks.extend(warnings::notices(view));
    blocks.extend(verdicts::caveats::notices(view));
    blocks.extend(looks::notice(view));
    blocks.extend(topics.iter().flat_map(|topic| topic.answer()));
    blocks.extend(verdicts::answer(view));
    Section { id: "answer", title: "The short answer", blocks }
}

fn facts(view: &View<'_>) -> Vec<(&'static str, String)> {
    let cells = &view.results.cells;
    let count = |status: Status| cells.iter().filter(|cell| cell.status == status).count();
    let unneeded = match count(Status::Skipped) {
        0 => String::new(),
        skipped => format!("; {skipped} not needed"),
    };
    let up_to = if view.results.sequential.is_some() { "up to " } else { "" };
    let mut seeds: Vec<u64> = cells.iter().map(|cell| cell.seed).collect();
    seeds.sort_unstable();
    seeds.dedup();
    let mut facts = vec![
        ("Runs finished", format!("{} of {}{unneeded}", count(Status::Finished), cells.len())),
        ("Variants", view.variants.len().to_string()),
        ("Seeds", format!("{up_to}{}", seeds.len())),
        ("Metric", capitalised(metric_name(view.metric))),
    ];
    if let Some(one) = view.results.comparisons.first() {
        facts.push(("Margin", format!("±{}", one.margin)));
    }
    facts.push(("Trained on", format!("{}, {}", clean(&view.results.device), clean(&view.results.dtype))));
    facts
}
