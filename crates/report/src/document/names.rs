//! Factors as short labels: `bias tied · norm batch`.

use std::collections::BTreeMap;

use serde_json::Value;
pub(crate) use untied_study::printable as clean;
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
        let one = |(key, value): (&String, &Value)| format!("{} {}", self.key(key), value_label(value));
        factors.iter().map(one).collect::<Vec<_>>().join(" · ")
    }

    /// `bias tied vs none`: the keys once where both sides share them.
    pub(crate) fn versus(&self, treatment: &Factors, baseline: &Factors) -> String {
        if treatment.len() == 1 && treatment.keys().eq(baseline.keys()) {
            let values: Vec<String> = baseline.values().map(value_label).collect();
            return format!("{} vs {}", self.of(treatment), values.join(" · "));
        }
        format!("{} vs {}", self.of(treatment), self.of(baseline))
    }

    fn key(&self, key: &str) -> String {
        self.0.get(key).cloned().unwrap_or_else(|| last_part(key))
    }
}

/// `tied`, `8, 16`, `white ×2`, `quadrant on 16×16`, `adam (learning_rate 0.003)`.
pub(crate) fn value_label(value: &Value) -> String {
    let part = |name: &str| value.get(name).map(|part| clean(&factor_label(part)));
    if let (Some(pattern), Some(strength)) = (part("pattern"), part("strength")) {
        return format!("{pattern} ×{}", strength.trim_end_matches(".0"));
    }
    if let (Some(size), Some(label)) = (part("size"), part("label")) {
        let jitter = part("jitter").map_or_else(String::new, |jitter| format!(", ±{jitter} of the middle"));
        return format!("{label} on {size}×{size}{jitter}");
    }
    match value {
        Value::Array(items) => items.iter().map(value_label).collect::<Vec<_>>().join(", "),
        Value::Object(choices) => match choices.iter().next() {
            Some((name, Value::Object(settings))) if choices.len() == 1 => {
                let settings = settings.iter().map(|(key, value)| format!("{} {}", clean(key), value_label(value)));
                format!("{} ({})", clean(name), settings.collect::<Vec<_>>().join(", "))
            }
            _ => clean(&factor_label(value)),
        },
        _ => clean(&factor_label(value)),
    }
}

fn last_part(key: &str) -> String {
    clean(key.rsplit('.').next().unwrap_or(key))
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
