//! What can be chosen for all networks alike.

use untied_redundancy::{Bias, Mode, Normalization};

/// The norms that can be chosen.
pub(crate) const NORMS: [(&str, Normalization); 6] = [
    ("batch", Normalization::Batch),
    ("instance", Normalization::Instance),
    ("group", Normalization::Group(2)),
    ("layer", Normalization::Layer),
    ("rms", Normalization::Rms),
    ("none", Normalization::None),
];
pub(crate) const BIASES: [(&str, Bias); 2] = [("tied", Bias::Tied), ("untied", Bias::Untied)];
pub(crate) const MODES: [(&str, Mode); 2] = [("training", Mode::Training), ("evaluation", Mode::Evaluation)];
