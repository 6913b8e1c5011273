//! Factors as short labels: `bias tied · norm batch`.

use std::collections::BTreeMap;

use serde_json::Value;
use untied_study::{CellRecord, Factors, Metric, Verdict, factor_label};

/// Short names of the varied keys: the last part of a dotted key, or the whole key where two would share it.
#[derive(Debug, Default)]
pub(crate) struct Labels(BTreeMap<String, String>);

impl Labels {
    pub(crate) fn new(cells: &[CellRecord]) -> Self {
        let mut names = BTreeMap::new();
        for key in cells.iter().flat_map(|cell| cell.factors.keys()) {
            names.entry(key.clone()).or_insert_with(|| last_part(key));
        }
        let shared = |name: &str| names.values().filter(|other| *other == name).count() > 1;
        Self(
            names
                .iter()
                .map(|(key, name)| (key.clone(), if shared(name) { clean(key) } else { name.clone() }))
                .collect(),
        )
    }

    /// `bias tied · norm batch`; empty for no factors.
    pub(crate) fn of(&self, factors: &Factors) -> String {
        let one = |(key, value): (&String, &Value)| format!("{} {}", self.key(key), clean(&factor_label(value)));
        factors.iter().map(one).collect::<Vec<_>>().join(" · ")
    }

    /// `bias tied vs none`: the keys once where both sides share them.
    pub(crate) fn versus(&self, treatment: &Factors, baseline: &Factors) -> String {
        if treatment.len() == 1 && treatment.keys().eq(baseline.keys()) {
            let values: Vec<String> = baseline.values().map(|value| clean(&factor_label(value))).collect();
            return format!("{} vs {}", self.of(treatment), values.join(" · "));
        }
        format!("{} vs {}", self.of(treatment), self.of(baseline))
    }

    fn key(&self, key: &str) -> String {
        self.0.get(key).cloned().unwrap_or_else(|| last_part(key))
    }
}

fn last_part(key: &str) -> String {
    clean(key.rsplit('.').next().unwrap_or(key))
}

/// One line without control characters, which XML forbids; escaping is left to the writers.
pub(crate) fn clean(text: &str) -> String {
    let readable = |c: char| match c {
        '\n' | '\t' | '\r' => ' ',
        c if c.is_control()
            || matches!(c, '\u{fffe}' | '\u{ffff}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}') =>
        {
            '\u{fffd}'
        }
        c => c,
    };
    text.chars().map(readable).collect()
}

pub(crate) fn metric_name(metric: Metric) -> &'static str {
    match metric {
        Metric::TestAccuracy => "test accuracy",
        Metric::TestLoss => "test loss",
        Metric::TrainLoss => "training loss",
    }
}

pub(crate) fn verdict_name(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Equivalent => "equivalent",
        Verdict::Different => "different",
        Verdict::Inconclusive => "inconclusive",
    }
}

/// A sign beside the name, so that colour carries nothing alone.
pub(crate) fn verdict_sign(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Equivalent => "≈",
        Verdict::Different => "≠",
        Verdict::Inconclusive => "?",
    }
}

/// The same text with a capital first letter.
pub(crate) fn capitalised(text: &str) -> String {
    let mut rest = text.chars();
    rest.next().map_or_else(String::new, |first| first.to_uppercase().chain(rest).collect())
}
