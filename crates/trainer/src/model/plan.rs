//! The network of a config, worked out before anything is allocated.

use std::collections::BTreeMap;

use untied_redundancy::network::{Network, Node, NodeId, Operation};
use untied_redundancy::shift_flow::{Path, ShiftFlow};
use untied_redundancy::{BiasTerms, Mode, Redundancy};
use untied_study::{Bias, Head, Initialisation, ModelConfig, Parameters, TrainConfig};

use super::layers::Builder;
use super::step::{Step, evaluation_steps, joint_steps, steps};
use crate::TrainerError;

/// Channels, height and width of an image or feature map.
pub(crate) type Shape = [usize; 3];

/// What normalizations add to a variance or a mean square where no config says it.
pub(crate) const EPSILON: f64 = 1e-5;
/// Parameters of a model, at most: 8 GiB in f64.
const MOST_PARAMETERS: usize = 1 << 30;

/// A model as a list of operations, and what derives from it.
#[derive(Debug, Clone)]
pub(crate) struct Plan {
    pub(crate) network: Network,
    /// The operations in the order and the groups in which a forward pass computes them that is looked into.
    pub(crate) steps: Vec<Step>,
    /// The same, in fewer passes over memory, where nobody looks.
    pub(crate) joint_steps: Vec<Step>,
    /// The same, in fewer still, in evaluation.
    pub(crate) evaluation_steps: Vec<Step>,
    /// The biases of feature maps; that of the linear head is none of them.
    pub(crate) biases: Vec<BiasPlan>,
    /// Weight of the newest batch in running statistics.
    pub(crate) running_momentum: f64,
    /// Added to a variance or a mean square by normalizations.
    pub(crate) epsilon: f64,
    /// The distribution that weights start from.
    pub(crate) init: Initialisation,
    /// The share of elements that each dropout takes away.
    pub(crate) dropout: BTreeMap<NodeId, f64>,
    /// The one in which training steps see the network, and which decides what of the biases is redundant.
    pub(crate) mode: Mode,
}

/// A bias and the part of it that changes nothing behind it.
#[derive(Debug, Clone)]
pub(crate) struct BiasPlan {
    pub(crate) node: NodeId,
    /// The name of its layer in results: `block1`, …
    pub(crate) layer: String,
    /// The name of its tensor in files: `block1.convolution.bias`, …
    pub(crate) tensor: String,
    pub(crate) terms: BiasTerms,
    pub(crate) redundancy: Redundancy,
    /// What removes the redundant part, and where the rest is at work.
    pub(crate) path: Path,
    /// The norm right behind the bias whose running mean follows the redundant part.
    pub(crate) follower: Option<NodeId>,
}

impl Plan {
    /// Expands a config into its network: its layers, then the head.
    pub(crate) fn new(model: &ModelConfig, input: Shape, classes: usize) -> Result<Self, TrainerError> {
        let network = Network::new(input).map_err(TrainerError::Network)?;
        let mut builder = Builder::new(model, network);
        let mut last = builder.add_layers()?;
        let Builder { mut network, dropout, .. } = builder;
        for (name, operation) in head(model, classes) {
            last = network.add(name, operation, &[last]).map_err(TrainerError::Network)?;
        }
        let plan =
            Self { dropout, epsilon: model.epsilon, init: model.init, ..Self::of(network, model.running_momentum) };
        if model.is_plain() { Ok(plan) } else { plan.with_few_parameters() }
    }

    /// The plan of any network that ends in a loss, without dropout.
    pub(crate) fn of(network: Network, running_momentum: f64) -> Self {
        let mode = Mode::Training;
        Self {
            steps: steps(&network),
            joint_steps: joint_steps(&network),
            evaluation_steps: evaluation_steps(&network),
            biases: BiasPlan::all(&network, mode),
            network,
            running_momentum,
            epsilon: EPSILON,
            init: Initialisation::default(),
            dropout: BTreeMap::new(),
            mode,
        }
    }

    /// The plan once batch norm is frozen: what it removed of biases is at work. None without batch norm.
    pub(crate) fn frozen(&self) -> Option<Self> {
        let mode = Mode::FrozenNorm;
        let runs = |(_, node): (NodeId, &Node)| runs(node);
        self.network.nodes().any(runs).then(|| Self {
            biases: BiasPlan::all(&self.network, mode),
            mode,
            ..self.clone()
        })
    }

    /// The plan at the end of a training by this rule, if it lasts for all of its epochs.
    pub(crate) fn trained_by(self, train: &TrainConfig) -> Self {
        let frozen = train.freeze_norm.after().and_then(|_| self.frozen());
        frozen.unwrap_or(self)
    }

    /// Whether shifts that arrive at the node, and are redundant, are removed there.
    pub(crate) fn removes(&self, node: &Node) -> bool {
        match node.operation {
            Operation::Normalization { normalization, .. } => normalization
                .spec()
                .is_some_and(|spec| spec.centres && !(spec.running && self.mode.takes_running_statistics())),
            Operation::Loss => true,
            _ => false,
        }
    }

    /// The plan, if a machine can hold its parameters: those of `plain` are counted without the images.
    fn with_few_parameters(self) -> Result<Self, TrainerError> {
        let found = self.parameters().total;
        if found > MOST_PARAMETERS { Err(TrainerError::Parameters { most: MOST_PARAMETERS, found }) } else { Ok(self) }
    }

    /// Elements that training changes, and those of biases of feature maps among them.
    pub(crate) fn parameters(&self) -> Parameters {
        Parameters {
            total: self.network.nodes().map(|(id, _)| self.network.parameters(id)).sum(),
            bias: self.biases.iter().map(|bias| bias.terms.parameters()).sum(),
        }
    }

    /// The shape of every tensor of the model, by its name in files.
    pub(crate) fn tensors(&self) -> BTreeMap<String, Vec<usize>> {
        let of_node = |(id, node): (NodeId, &Node)| {
            let mut tensors: Vec<_> =
                self.network.tensors(id).into_iter().map(|tensor| (tensor.name, tensor.shape)).collect();
            // Burn's group norm has γ and β or neither; a β that is not trained stays 0.
            if let Operation::Normalization { normalization, beta: false } = node.operation
                && let Some(layout) = normalization.spec().filter(|spec| !spec.running).and_then(|spec| spec.beta)
            {
                tensors.push(("beta", vec![layout.count(node.output)]));
            }
            if is_behind_linear(&self.network, node) {
                for (_, shape) in &mut tensors {
                    shape.truncate(1);
                }
            }
            let named = tensors.into_iter().map(|(tensor, shape)| (tensor_name(node, tensor), shape));
            named.collect::<Vec<_>>()
        };
        self.network.nodes().flat_map(of_node).collect()
    }

    /// Whether the node gives the output of a convolution with its bias.
    pub(crate) fn ends_convolution(&self, id: NodeId) -> bool {
        let begins = |step: &Step| matches!(self.network.node(step.node).operation, Operation::Convolution(_));
        self.steps.iter().any(|step| step.output() == id && begins(step))
    }

    /// The layers that have a convolution or a bias of feature maps, by name, in order.
    pub(crate) fn layers(&self) -> Vec<&str> {
        let mut layers: Vec<&str> = vec![];
        for (id, node) in self.network.nodes() {
            let is_convolution = matches!(node.operation, Operation::Convolution(_));
            if (is_convolution || self.biases.iter().any(|bias| bias.node == id)) && !layers.contains(&layer(node)) {
                layers.push(layer(node));
            }
        }
        layers
    }

    /// The bias of a layer.
    pub(crate) fn bias_of(&self, layer: &str) -> Option<&BiasPlan> {
        self.biases.iter().find(|bias| bias.layer == layer)
    }

    /// The name of a node's layer in results: that of its block.
    pub(crate) fn layer(&self, id: NodeId) -> &str {
        layer(self.network.node(id))
    }
}

impl BiasPlan {
    fn all(network: &Network, mode: Mode) -> Vec<Self> {
        network.nodes().filter_map(|(id, _)| Self::new(network, mode, id)).collect()
    }

    /// None where the node has no bias of a feature map.
    fn new(network: &Network, mode: Mode, id: NodeId) -> Option<Self> {
        let node = network.node(id);
        if !matches!(node.operation, Operation::Bias(_)) || is_behind_linear(network, node) {
            return None;
        }
        let site = ShiftFlow::new(network, mode).site(id)?;
        let mut consumers = network.consumers(id);
        let follower = match (consumers.next(), consumers.next()) {
            (Some((consumer, _)), None) if follows(network.node(consumer)) => Some(consumer),
            _ => None,
        };
        Some(Self {
            node: id,
            layer: layer(node).to_owned(),
            tensor: tensor_name(node, "bias"),
            terms: site.terms,
            redundancy: site.redundancy,
            path: site.path,
            follower,
        })
    }
}

/// Whether the node is a norm with running statistics.
fn runs(node: &Node) -> bool {
    let Operation::Normalization { normalization, .. } = node.operation else { return false };
    normalization.spec().is_some_and(|spec| spec.running)
}

/// The shapes `[c|1, h|1, w|1]` of a bias's terms.
pub(crate) fn term_shapes(terms: &BiasTerms) -> Vec<Shape> {
    terms.terms().iter().map(|shape| [shape[0], shape[1], shape[2]]).collect()
}

fn follows(node: &Node) -> bool {
    let Operation::Normalization { normalization, .. } = node.operation else { return false };
    normalization.spec().is_some_and(|spec| spec.follows())
}

/// Whether the node is the bias of a linear map.
pub(super) fn is_behind_linear(network: &Network, node: &Node) -> bool {
    let is_linear = |id: &NodeId| matches!(network.node(*id).operation, Operation::Linear { .. });
    matches!(node.operation, Operation::Bias(_)) && node.inputs.iter().any(is_linear)
}

/// `block1.convolution`, `weight` → `block1.convolution.weight`. A bias's node is called as its tensor.
pub(super) fn tensor_name(node: &Node, tensor: &str) -> String {
    match node.operation {
        Operation::Bias(_) => node.name.clone(),
        _ => format!("{}.{tensor}", node.name),
    }
}

/// `block1.convolution.bias` and `block1.convolution` → `block1`; `stem.bias` → `stem`.
fn layer(node: &Node) -> &str {
    let name = node.name.strip_suffix(".bias").unwrap_or(&node.name);
    name.strip_suffix(".convolution").unwrap_or(name)
}

/// The operations behind the last layer, by name.
fn head(model: &ModelConfig, classes: usize) -> Vec<(&'static str, Operation)> {
    let mean = (model.head == Head::Mean).then_some(("mean", Operation::Mean));
    let scores = [("features", Operation::Flatten), ("head", Operation::Linear { features: classes })];
    let bias = model.head_bias.then_some(("head.bias", Operation::Bias(Bias::Tied)));
    mean.into_iter().chain(scores).chain(bias).chain([("loss", Operation::Loss)]).collect()
}
