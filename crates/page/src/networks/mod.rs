//! The networks of the page's third part: drawn as their operations, with what shift flow says of every bias.

mod answers;
mod choices;
mod drawing;
mod nets;
mod words;

use serde::Serialize;
use untied_redundancy::{Bias, Normalization};

pub(crate) use nets::NETS;

/// A network with its answers, for the page's script.
#[derive(Debug, Serialize)]
pub(crate) struct NetworkData {
    nodes: Vec<drawing::NodeData>,
    answers: answers::Answers,
}

/// All networks, in the order of [`NETS`].
pub(crate) fn data() -> Vec<NetworkData> {
    NETS.iter()
        .map(|net| NetworkData {
            nodes: drawing::nodes(&net.draw(Normalization::Batch, &Bias::Tied)),
            answers: answers::Answers::of(net),
        })
        .collect()
}
