//! The networks of the page's third part: drawn as their operations, with what shift flow says of every bias.

mod answers;
mod drawing;
mod nets;
mod words;

use serde::Serialize;
use untied_redundancy::{Bias, Mode, Normalization};

pub(crate) use nets::NETS;

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

/// A network with its answers, for the page's script.
#[derive(Debug, Serialize)]
pub(crate) struct NetworkData {
    nodes: Vec<drawing::NodeData>,
    answers: answers::Answers,
}

/// All networks, in the order of [`NETS`].
pub(crate) fn data() -> Vec<NetworkData> {
    NETS.iter().map(|net| NetworkData { nodes: drawing::nodes(net), answers: answers::Answers::of(net) }).collect()
}
