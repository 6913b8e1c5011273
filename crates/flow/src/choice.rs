//! Norms, biases and modes by name.

use untied_redundancy::{Bias, Mode, Normalization};

use crate::error::Problem;

const NORMS: [(&str, Normalization); 8] = [
    ("batch", Normalization::Batch),
    ("per_activation", Normalization::BatchPerActivation),
    ("instance", Normalization::Instance),
    ("group", Normalization::Group(2)),
    ("layer", Normalization::Layer),
    ("rms", Normalization::Rms),
    ("filter_response", Normalization::FilterResponse),
    ("none", Normalization::None),
];
const BIASES: [(&str, Bias); 2] = [("tied", Bias::Tied), ("untied", Bias::Untied)];
const MODES: [(&str, Mode); 2] = [("training", Mode::Training), ("evaluation", Mode::Evaluation)];

pub(crate) fn norm(name: &str) -> Result<Normalization, Problem> {
    chosen("a norm", &NORMS, name)
}

pub(crate) fn bias(name: &str) -> Result<Bias, Problem> {
    chosen("a bias", &BIASES, name)
}

pub(crate) fn mode(name: &str) -> Result<Mode, Problem> {
    chosen("a mode", &MODES, name)
}

fn chosen<T: Clone>(what: &'static str, known: &[(&'static str, T)], name: &str) -> Result<T, Problem> {
    let found = known.iter().find(|(known, _)| *known == name).map(|(_, value)| value.clone());
    found.ok_or_else(|| Problem::Unknown {
        what,
        expected: known.iter().map(|(name, _)| *name).collect::<Vec<_>>().join(", "),
        found: name.to_owned(),
    })
}
