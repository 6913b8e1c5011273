//! A Python module that is being written.

use std::collections::{BTreeMap, BTreeSet};

use untied_redundancy::network::{Network, NodeId};

use super::naming::Names;
use super::tensor::StateTensor;
use crate::export::trained_model::TrainedModel;
use crate::model::net::Net;

/// The module so far.
pub(super) struct Module<'m> {
    pub(super) net: &'m Net,
    model: &'m TrainedModel,
    pub(super) names: Names,
    /// Modules that hold others.
    containers: BTreeSet<String>,
    /// Modules and parameters of `__init__`, each with the Python that makes it; lines of `forward`.
    parts: Vec<(String, String)>,
    steps: Vec<String>,
    state: BTreeMap<String, StateTensor>,
    /// The outputs of the network's nodes.
    values: BTreeMap<NodeId, Value>,
}

/// The output of a node.
#[derive(Debug, Clone)]
pub(super) struct Value {
    /// A Python expression.
    pub(super) text: String,
    /// Whether it is `[n, c, h, w]`, or a vector `[n, c]`.
    pub(super) maps: bool,
}

impl<'m> Module<'m> {
    pub(super) fn new(model: &'m TrainedModel, net: &'m Net) -> Self {
        let (containers, values) = (BTreeSet::new(), BTreeMap::new());
        Self {
            net,
            model,
            names: Names::default(),
            containers,
            parts: vec![],
            steps: vec![],
            state: BTreeMap::new(),
            values,
        }
    }

    pub(super) fn network(&self) -> &'m Network {
        &self.net.plan().network
    }

    /// Adds a node of the network behind those that it reads.
    pub(super) fn add(&mut self, id: NodeId) {
        let network = self.network();
        if id == network.last() {
            // A loss: the module ends with the scores that it would read.
            let scores = self.input(id, 0);
            let scores = vectors(&scores);
            self.steps.push(format!("return {scores}"));
            return;
        }
        let value = if id == network.input() {
            Value { text: "x".to_owned(), maps: true }
        } else {
            let Value { text, maps } = self.operation(id);
            if self.values.values().any(|value| value.text == text) {
                Value { text, maps }
            } else {
                let name = format!("x{}", self.steps.len() + 1);
                self.steps.push(format!("{name} = {text}  # {}", network.node(id).name));
                Value { text: name, maps }
            }
        };
        self.values.insert(id, value);
    }

    /// The state dict, and the source of the module.
    pub(super) fn finish(self) -> (BTreeMap<String, StateTensor>, String) {
        let indented = |lines: Vec<String>| {
            lines.into_iter().flat_map(|line| ["        ".to_owned(), line, "\n".to_owned()]).collect::<String>()
        };
        let Self { model, containers, mut parts, steps, state, .. } = self;
        let is_part = |name: &String| parts.iter().any(|(part, _)| part == name);
        let bare: Vec<String> = containers.into_iter().filter(|name| !is_part(name)).collect();
        parts.splice(0..0, bare.into_iter().map(|name| (name, "nn.Module()".to_owned())));
        // What is inside another comes behind it.
        parts.sort_by_key(|(name, _)| name.matches('.').count());
        let parts = indented(parts.iter().map(|(name, made_by)| format!("self.{name} = {made_by}")).collect());
        let steps = indented(steps);
        let [channels, height, width] = model.input;
        let about = model.about();
        let about = |key: &str| about.iter().find(|(name, _)| *name == key).map_or("", |(_, text)| text);
        let module = format!(
            "# net = Net()\n\
             # net.load_state_dict(safetensors.torch.load_file(\"FILE\"))\n\
             # scores = net.eval()((pixels - mean) / deviation), pixels 0 to 255 of the shape [n, {channels}, {height}, {width}]:\n\
             # mean {}, deviation {}\n\
             import torch\n\
             from torch import nn\n\
             from torch.nn import functional as F\n\n\n\
             class Net(nn.Module):\n    \
                 def __init__(self):\n        \
                     super().__init__()\n\
             {parts}\n    \
                 def forward(self, x):\n\
             {steps}",
            about("mean"),
            about("deviation"),
        );
        (state, module)
    }

    /// An input of a node.
    pub(super) fn input(&self, id: NodeId, position: usize) -> Value {
        self.values[&self.network().node(id).inputs[position]].clone()
    }

    /// A module of PyTorch under a name; the Python expression for it.
    pub(super) fn part(&mut self, name: &str, made_by: &str) -> String {
        let dots: Vec<usize> = name.match_indices('.').map(|(dot, _)| dot).collect();
        self.containers.extend(dots.into_iter().map(|dot| name[..dot].to_owned()));
        self.parts.push((name.to_owned(), made_by.to_owned()));
        format!("self.{name}")
    }

    /// A tensor of the state dict.
    pub(super) fn tensor(&mut self, name: &str, shape: &[usize], values: Vec<f64>) {
        self.state.insert(name.to_owned(), StateTensor { shape: shape.to_vec(), values });
    }

    /// The same of a tensor of the model.
    pub(super) fn own_tensor(&mut self, name: &str, shape: &[usize], own: &str) {
        let values = self.model.tensors[own].values.clone();
        self.tensor(name, shape, values);
    }

    /// A parameter of no module of PyTorch; the Python expression for it.
    pub(super) fn parameter(&mut self, name: &str, shape: &[usize], values: Vec<f64>) -> String {
        self.tensor(name, shape, values);
        let sizes = shape.iter().map(usize::to_string).collect::<Vec<_>>().join(", ");
        self.part(name, &format!("nn.Parameter(torch.zeros({sizes}))"))
    }

    /// The values of a tensor of the model; none where it has been taken away.
    pub(super) fn values(&self, name: &str) -> Option<Vec<f64>> {
        self.model.tensors.get(name).map(|tensor| tensor.values.clone())
    }
}

/// The value as feature maps `[n, c, h, w]`.
pub(super) fn maps(value: &Value) -> String {
    if value.maps { value.text.clone() } else { format!("{}[:, :, None, None]", value.text) }
}

/// The value as vectors `[n, c]`.
pub(super) fn vectors(value: &Value) -> String {
    if value.maps { format!("{}.flatten(1)", value.text) } else { value.text.clone() }
}
