//! The layers of a planned network, and its forward pass.

use std::sync::Arc;

use burn::module::{Module, Param};
use burn::tensor::module::linear;
use burn::tensor::{DType, Device, Tensor};
use untied_conv::{conv2d, conv2d_with_epilogue};
use untied_redundancy::network::{Convolution, NodeId, Operation};

use untied_study::Initialisation;

use super::dropout::Draws;
use super::host_tensor::{HostTensors, host};
use super::norm::Norm;
use super::operation::activation::activated;
use super::operation::weight::weight;
use super::operation::window::{fitted, pooled, with_channels};
use super::plan::{Plan, is_behind_linear, tensor_name, term_shapes};
use super::source::Source;
use super::step::Step;
use super::value::{Value, Values};
use crate::random::Generator;

/// The model of one cell: the tensors of a plan's nodes.
#[derive(Module, Debug)]
pub(crate) struct Net {
    /// By the index of the node; none where it has no tensors.
    layers: Vec<Option<Layer>>,
    /// What the dropout of a training step is drawn from; without it, dropout is the identity.
    #[module(skip)]
    draws: Option<Draws>,
    #[module(skip)]
    plan: Arc<Plan>,
}

/// The tensors of one node.
#[expect(clippy::large_enum_variant, reason = "a model has few nodes, and Burn's modules are not boxed")]
#[derive(Module, Debug)]
pub(crate) enum Layer {
    /// The parameters `[c_out, c_in/groups, h, w]` of the weight.
    Convolution(Param<Tensor<4>>),
    /// The weight `[in, out]`.
    Linear(Param<Tensor<2>>),
    /// The terms `[c|1, h|1, w|1]` whose sum is the bias.
    Bias(Vec<Param<Tensor<3>>>),
    /// γ, β and running statistics.
    Norm(Norm),
}

/// Looks at, and may change, the feature maps that a step of the forward pass gives; gets the node whose output they are.
pub(crate) type Probe<'p> = &'p mut dyn FnMut(NodeId, Tensor<4>) -> Tensor<4>;

impl Net {
    /// Draws the weights on the host, from one stream per layer, where `start` gives none: variants of one seed start from the
    /// same weights on every device. Weights are uniform within ±1/√fan_in, as in PyTorch; biases of feature maps are zero.
    pub(crate) fn started(plan: &Plan, start: &HostTensors, seed: u64, device: &Device, dtype: DType) -> Self {
        Self::made(plan, &Source { generator: Generator::new(seed), given: start, device, dtype })
    }

    /// With all weights drawn.
    #[cfg(test)]
    pub(crate) fn new(plan: &Plan, seed: u64, device: &Device, dtype: DType) -> Self {
        Self::started(plan, &HostTensors::new(), seed, device, dtype)
    }

    /// The model with these tensors, in evaluation mode on a device without autodiff.
    pub(crate) fn with_tensors(plan: &Plan, tensors: &HostTensors, device: &Device, dtype: DType) -> Self {
        Self::made(plan, &Source { generator: Generator::new(0), given: tensors, device, dtype })
    }

    fn made(plan: &Plan, source: &Source<'_>) -> Self {
        let layers = plan.network.nodes().map(|(id, _)| Layer::new(plan, id, source)).collect();
        Self { layers, draws: None, plan: Arc::new(plan.clone()) }
    }

    /// Class scores `[n, classes]` of images `[n, c, h, w]`.
    pub(crate) fn forward(&self, x: Tensor<4>) -> Tensor<2> {
        let steps = if x.device().is_autodiff() { &self.plan.joint_steps } else { &self.plan.evaluation_steps };
        self.in_steps(steps, x, &mut |_, z| z)
    }

    /// As [`forward`](Self::forward), to the bit, with a probe behind every step of the plan.
    pub(crate) fn forward_with(&self, x: Tensor<4>, probe: Probe<'_>) -> Tensor<2> {
        self.in_steps(&self.plan.steps, x, probe)
    }

    fn in_steps(&self, steps: &[Step], x: Tensor<4>, probe: Probe<'_>) -> Tensor<2> {
        let network = &self.plan.network;
        let mut values = Values::new(network, x);
        for step in steps {
            let value = match self.compute(step.node, &step.fused, values.read(&step.inputs)) {
                Value::Maps(maps) => Value::Maps(probe(step.output(), maps)),
                vectors @ Value::Vectors(_) => vectors,
            };
            values.put(step.output(), value);
        }
        let scores = values.read(&network.node(network.last()).inputs);
        let [scores] = scores.try_into().expect("a loss has one input");
        scores.vectors()
    }

    /// The output of one node alone.
    pub(crate) fn output(&self, node: NodeId, inputs: Vec<Value>) -> Value {
        self.compute(node, &[], inputs)
    }

    /// As [`output`](Self::output), with the absolute values of the weights that a linear operation multiplies with.
    pub(crate) fn absolute_output(&self, node: NodeId, inputs: Vec<Value>) -> Value {
        match (&self.plan.network.node(node).operation, &self.layers[node.index()], inputs.as_slice()) {
            (Operation::Convolution(convolution), _, [Value::Maps(x)]) => {
                let weight = self.weight(node).expect("a convolution has a weight").detach().abs();
                let (x, options) = fitted(convolution, x.clone());
                Value::Maps(conv2d(x, weight, None, options))
            }
            (Operation::Linear { .. }, Some(Layer::Linear(weight)), [Value::Vectors(x)]) => {
                Value::Vectors(linear(x.clone(), weight.val().detach().abs(), None))
            }
            (Operation::Normalization { .. }, Some(Layer::Norm(norm)), [Value::Maps(x)]) => {
                Value::Maps(norm.absolute_frozen(x.clone()))
            }
            _ => self.output(node, inputs),
        }
    }

    /// The output of a node with what is fused with it: see [`Step`].
    fn compute(&self, node: NodeId, fused: &[NodeId], inputs: Vec<Value>) -> Value {
        let (bias, behind) = match fused.split_first() {
            Some((&first, behind)) if matches!(self.operation(first), Operation::Bias(_)) => (self.bias(first), behind),
            _ => (None, fused),
        };
        let mut inputs = inputs.into_iter();
        let x = inputs.next().expect("every operation has an input");
        match (self.operation(node), &self.layers[node.index()]) {
            (Operation::Convolution(convolution), Some(Layer::Convolution(parameters))) => {
                let (x, weight) = (x.maps(), weight(convolution.weight, parameters.val()));
                let (x, options) = fitted(convolution, x);
                Value::Maps(match behind {
                    [] => conv2d(x, weight, bias, options),
                    [norm, tail @ ..] => {
                        let other = inputs.next().map(Value::maps);
                        let epilogue = self.norm(*norm).epilogue(other, !tail.is_empty());
                        conv2d_with_epilogue(x, weight, bias, options, epilogue)
                    }
                })
            }
            (Operation::Linear { features }, Some(Layer::Linear(weight))) => {
                let bias = bias.map(|bias| bias.reshape([*features]));
                Value::Vectors(linear(x.vectors(), weight.val(), bias))
            }
            (Operation::Bias(_), _) => match self.bias(node) {
                Some(bias) => Value::Maps(x.maps() + bias.unsqueeze()),
                None => x,
            },
            (Operation::Normalization { .. }, Some(Layer::Norm(norm))) => {
                Value::Maps(normalized(norm, fused, x.maps(), inputs.next()))
            }
            // Without a normalization.
            (Operation::Normalization { .. }, _) => self.rest(fused, x, inputs),
            (Operation::Activation(activation), _) => activated(*activation, x),
            (Operation::Dropout, _) => self.dropped(node, x),
            (Operation::Pooling(pooling), _) => Value::Maps(pooled(pooling, x.maps())),
            (Operation::ChannelPadding { before, after }, _) => Value::Maps(with_channels(x.maps(), *before, *after)),
            (Operation::Mean, _) => Value::Maps(x.maps().mean_dim(3).mean_dim(2)),
            (Operation::Addition, _) => inputs.fold(x, Value::plus),
            (Operation::Flatten, _) => Value::Vectors(x.flattened()),
            (operation, _) => unreachable!("no config plans {operation:?}"),
        }
    }

    fn operation(&self, node: NodeId) -> &Operation {
        &self.plan.network.node(node).operation
    }

    /// The normalization of a node that has one.
    fn norm(&self, node: NodeId) -> &Norm {
        let Some(Layer::Norm(norm)) = &self.layers[node.index()] else { unreachable!("{node:?} is no normalization") };
        norm
    }

    /// What is fused with a node, one operation after the other.
    fn rest(&self, fused: &[NodeId], x: Value, others: impl Iterator<Item = Value>) -> Value {
        let mut others: Vec<Value> = others.collect();
        fused.iter().fold(x, |x, &node| {
            let inputs = std::iter::once(x);
            let adds = self.plan.network.node(node).operation == Operation::Addition;
            let more = if adds { std::mem::take(&mut others) } else { vec![] };
            self.compute(node, &[], inputs.chain(more).collect())
        })
    }

    /// The weight `[c_out, c_in/groups, h, w]` that a convolution multiplies with, whatever its parameters are; none of
    /// other nodes.
    pub(crate) fn weight(&self, id: NodeId) -> Option<Tensor<4>> {
        match (&self.plan.network.node(id).operation, &self.layers[id.index()]) {
            (Operation::Convolution(convolution), Some(Layer::Convolution(parameters))) => {
                Some(weight(convolution.weight, parameters.val()))
            }
            _ => None,
        }
    }

    /// The terms of a node's bias; none where it has been taken away.
    pub(crate) fn terms(&self, id: NodeId) -> &[Param<Tensor<3>>] {
        match &self.layers[id.index()] {
            Some(Layer::Bias(terms)) => terms,
            _ => &[],
        }
    }

    /// The parameters of a node's bias: the terms one after the other.
    pub(crate) fn bias_parameters(&self, id: NodeId) -> Vec<f64> {
        self.terms(id).iter().flat_map(|term| host(term.val())).collect()
    }

    /// Puts other terms in place of those of a node's bias; without any, it adds nothing.
    pub(crate) fn set_terms(&mut self, id: NodeId, terms: Vec<Param<Tensor<3>>>) {
        self.layers[id.index()] = (!terms.is_empty()).then_some(Layer::Bias(terms));
    }

    /// The bias `[c, h|1, w|1]` of a node, the sum of its terms.
    pub(crate) fn bias(&self, id: NodeId) -> Option<Tensor<3>> {
        self.terms(id).iter().map(Param::val).reduce(|sum, term| sum + term)
    }

    /// The normalizations.
    pub(crate) fn norms(&self) -> impl Iterator<Item = &Norm> {
        self.layers.iter().flatten().filter_map(|layer| if let Layer::Norm(norm) = layer { Some(norm) } else { None })
    }

    /// The normalizations, to be changed.
    pub(crate) fn norms_mut(&mut self) -> impl Iterator<Item = &mut Norm> {
        let layers = self.layers.iter_mut().flatten();
        layers.filter_map(|layer| if let Layer::Norm(norm) = layer { Some(norm) } else { None })
    }

    /// The γ of a node's normalization, `[c]` or `[c·h·w]`; none without one.
    pub(crate) fn gamma(&self, id: NodeId) -> Option<Tensor<1>> {
        let Some(Layer::Norm(norm)) = &self.layers[id.index()] else { return None };
        norm.tensors().into_iter().find_map(|(part, tensor)| (part == "gamma").then_some(tensor))
    }

    /// The nodes that have tensors, with them.
    pub(super) fn layers(&self) -> impl Iterator<Item = (NodeId, &Layer)> {
        self.plan.network.nodes().filter_map(|(id, _)| Some((id, self.layers[id.index()].as_ref()?)))
    }

    pub(crate) fn plan(&self) -> &Plan {
        &self.plan
    }

    /// Puts another plan of the same network in place of this one.
    pub(super) fn set_plan(&mut self, plan: &Plan) {
        self.plan = Arc::new(plan.clone());
    }

    /// A model of its own: clones share their running statistics. Its dropout is the identity.
    pub(crate) fn copy(&self) -> Self {
        Self { draws: None, ..self.valid().train() }
    }

    /// Draws the dropout of forward passes on a device with autodiff from these.
    pub(crate) fn draw_from(&mut self, draws: Draws) {
        self.draws = Some(draws);
    }

    fn dropped(&self, node: NodeId, x: Value) -> Value {
        let (Some(draws), Some(&share)) = (self.draws.filter(|_| x.is_autodiff()), self.plan.dropout.get(&node)) else {
            return x;
        };
        let layer = &self.plan.network.node(node).name;
        x.map(|x| draws.dropped(x, layer, share), |x| draws.dropped(x, layer, share))
    }
}

impl Layer {
    fn new(plan: &Plan, id: NodeId, source: &Source<'_>) -> Option<Self> {
        let (network, node) = (&plan.network, plan.network.node(id));
        let inputs = network.input_shapes(id).first().map_or(0, |shape| shape[0]);
        let (init, stream) = (plan.init, |part: &str| format!("{}/{part}", plan.layer(id)));
        let weight = tensor_name(node, "weight");
        Some(match &node.operation {
            Operation::Convolution(Convolution { channels, kernel: [height, width], groups, .. }) => {
                let shape = [*channels, inputs / groups, *height, *width];
                let fan_in = shape[1..].iter().product();
                Self::Convolution(source.drawn(init, &weight, &stream("weight"), shape, fan_in))
            }
            Operation::Linear { features } => {
                Self::Linear(source.drawn(init, &weight, &stream("weight"), [inputs, *features], inputs))
            }
            Operation::Bias(_) if init == Initialisation::Uniform && is_behind_linear(network, node) => {
                let fan_in = network.input_shapes(node.inputs[0])[0][0];
                Self::Bias(vec![source.drawn(init, &node.name, &stream("bias"), node.output, fan_in)])
            }
            Operation::Bias(_) => {
                let shapes = term_shapes(&network.bias_terms(id)?);
                Self::Bias(source.terms(&node.name, &shapes).into_iter().map(Param::from_tensor).collect())
            }
            Operation::Normalization { normalization, beta } => {
                let constant = |part: &str, count, value| source.constant(&tensor_name(node, part), [count], value);
                Self::Norm(Norm::new(plan, *normalization, *beta, node.output, source.device, &constant)?)
            }
            _ => return None,
        })
    }
}

/// A norm's output, with what is fused with it.
fn normalized(norm: &Norm, fused: &[NodeId], x: Tensor<4>, other: Option<Value>) -> Tensor<4> {
    match (fused, other) {
        ([], _) => norm.forward(x),
        ([_relu], _) => norm.forward_relu(x),
        (_, None) => norm.forward_relu_pool(x),
        (_, Some(other)) => norm.forward_add_relu(x, other.maps()),
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use burn::module::ModuleVisitor;
    use burn::tensor::TensorData;
    use untied_redundancy::network::{Activation, Network, Padding};
    use untied_study::{Bias, BiasPlace, Head, ModelConfig, Normalization, Order};

    use super::*;

    /// Counts the elements that ask for a gradient.
    #[derive(Default)]
    struct Counter {
        total: usize,
    }

    impl ModuleVisitor for Counter {
        fn visit_float<const D: usize>(&mut self, param: &Param<Tensor<D>>) {
            let count = if param.is_require_grad() { param.dims().iter().product() } else { 0 };
            self.total += count;
        }
    }

    #[test]
    fn the_planned_parameters_are_those_trained() {
        let norms = [
            Normalization::None,
            Normalization::Batch,
            Normalization::BatchPerActivation,
            Normalization::Layer,
            Normalization::Instance,
            Normalization::Group(2),
            Normalization::Rms,
            Normalization::FilterResponse,
        ];
        let biases = [Bias::None, Bias::Tied, Bias::UntiedAlong(vec![1]), Bias::Untied, Bias::Factorised];
        for (norm, bias) in norms.into_iter().flat_map(|norm| biases.clone().map(|bias| (norm, bias))) {
            let model =
                ModelConfig { padding: untied_study::Padding::Valid, bias, norm, ..ModelConfig::new(vec![4, 6]) };
            assert_as_planned(&model);
            assert_as_planned(&ModelConfig { bias_after: BiasPlace::Norm, beta: false, ..model.clone() });
            assert_as_planned(&ModelConfig { bias_after: BiasPlace::Activation, head: Head::Mean, ..model.clone() });
            assert_as_planned(&ModelConfig { order: Order::ActivationFirst, beta: false, ..model });
        }
    }

    fn assert_as_planned(model: &ModelConfig) {
        let plan = Plan::new(model, [1, 12, 14], 10).unwrap();
        let device = Device::flex().autodiff();
        let net = Net::new(&plan, 0, &device, DType::F32);
        let mut counter = Counter::default();
        net.visit(&mut counter);
        let bias: usize = plan.biases.iter().map(|bias| net.bias_parameters(bias.node).len()).sum();
        let planned = plan.parameters();
        assert_eq!((planned.total, planned.bias), (counter.total, bias), "{model:?}");
        assert_eq!(net.forward(Tensor::ones([2, 1, 12, 14], &device)).dims(), [2, 10]);
    }

    /// A residual block: convolution → ReLU, then that plus a convolution of it with an untied bias, then batch norm.
    fn residual() -> Network {
        let convolution =
            || Operation::Convolution(Convolution { padding: Padding::Same, ..Convolution::new(3, [3, 3]) });
        let mut network = Network::new([2, 4, 4]).unwrap();
        network.then("block1.convolution", convolution()).unwrap();
        let relu = network.then("block1.activation", Operation::Activation(Activation::Relu)).unwrap();
        network.then("block2.convolution", convolution()).unwrap();
        let branch = network.then("block2.convolution.bias", Operation::Bias(Bias::Untied)).unwrap();
        network.add("block2.addition", Operation::Addition, &[relu, branch]).unwrap();
        let norm = Operation::Normalization { normalization: Normalization::Batch, beta: true };
        for (name, operation) in [
            ("block2.norm", norm),
            ("block2.activation", Operation::Activation(Activation::Relu)),
            ("mean", Operation::Mean),
            ("features", Operation::Flatten),
            ("head", Operation::Linear { features: 2 }),
            ("loss", Operation::Loss),
        ] {
            network.then(name, operation).unwrap();
        }
        network
    }

    #[test]
    fn a_node_may_have_several_consumers() {
        let (plan, device) = (Plan::of(residual(), 0.1), Device::flex().autodiff());
        assert_eq!((plan.biases.len(), plan.biases[0].redundancy.dimensions()), (1, 3));
        let net = Net::new(&plan, 0, &device, DType::F64);
        let values: Vec<f64> = (0..64).map(|index| f64::from(index * 37 % 64) / 64.0 - 0.5).collect();
        let x = Tensor::<4>::from_data(TensorData::new(values, [2, 2, 4, 4]), (&device, DType::F64));
        let mut outputs = BTreeMap::new();
        let scores = net.forward_with(x, &mut |node, z| {
            outputs.insert(plan.network.node(node).name.clone(), host(z.clone()));
            z
        });
        let [relu, branch, sum] =
            ["block1.activation", "block2.convolution.bias", "block2.addition"].map(|name| &outputs[name]);
        assert!(relu.iter().zip(branch).zip(sum).all(|((relu, branch), sum)| relu + branch == *sum));
        // Batch norm behind the addition removes the mean of each channel of the bias.
        let gradients = scores.narrow(1, 0, 1).sum().backward();
        let gradient = host(net.terms(plan.biases[0].node)[0].grad(&gradients).expect("the scores depend on it"));
        let norm = |values: &[f64]| values.iter().map(|value| value * value).sum::<f64>().sqrt();
        assert!(norm(&plan.biases[0].redundancy.project(&gradient)) < 1e-14 && norm(&gradient) > 1e-4);
    }
}
