//! The order of a forward pass, with the operations that one kernel computes together.

use untied_redundancy::Normalization;
use untied_redundancy::network::{Activation, Network, NodeId, Operation, Pool, Pooling};

/// Operations that are computed in one pass over memory: each reads the one before, which nothing else reads.
#[derive(Debug, Clone)]
pub(crate) struct Step {
    pub(crate) node: NodeId,
    /// What is computed with the node: a bias behind a linear operation; a ReLU behind a norm, and then pooling; an addition
    /// and a ReLU behind a norm; in evaluation, behind a convolution and its bias, a batch norm with either.
    pub(crate) fused: Vec<NodeId>,
    /// What the step reads: the inputs of its node, then the other ones of what is fused.
    pub(crate) inputs: Vec<NodeId>,
}

impl Step {
    fn new(network: &Network, node: NodeId, fused: Vec<NodeId>) -> Self {
        let is_within = |input: &&NodeId| **input == node || fused.contains(input);
        let nodes = std::iter::once(&node).chain(&fused);
        let inputs = nodes.flat_map(|&node| network.node(node).inputs.iter().filter(|input| !is_within(input)));
        Self { node, inputs: inputs.copied().collect(), fused }
    }

    /// The node whose output the step gives.
    pub(crate) fn output(&self) -> NodeId {
        self.fused.last().copied().unwrap_or(self.node)
    }
}

/// The steps of a network, without its input and its loss. The output of each norm can be looked at, with its ReLU.
pub(super) fn steps(network: &Network) -> Vec<Step> {
    in_steps(network, |node| pair(network, node).into_iter().collect())
}

/// The same in fewer steps, which give the same bits: of a norm with what stands behind it, the last output alone is there.
pub(super) fn joint_steps(network: &Network) -> Vec<Step> {
    // The gradient of what more than two operations read is a sum whose order depends on the steps.
    if network.nodes().any(|(id, _)| network.consumers(id).count() > 2) {
        return steps(network);
    }
    in_steps(network, |node| [joint(network, node), pair(network, node)].into_iter().flatten().collect())
}

/// The same where no gradient is asked for, and batch norms go by their running statistics.
pub(super) fn evaluation_steps(network: &Network) -> Vec<Step> {
    in_steps(network, |node| {
        let others = [joint(network, node), pair(network, node)].into_iter().flatten();
        convolved(network, node).into_iter().flatten().chain(others).collect()
    })
}

/// Steps in an order in which all that they read has been computed: that of their outputs. With each node the first of those
/// is computed of which nothing has been yet.
fn in_steps(network: &Network, fused: impl Fn(NodeId) -> Vec<Vec<NodeId>>) -> Vec<Step> {
    let mut steps: Vec<Step> = Vec::new();
    for (node, planned) in network.nodes() {
        let is_computed = |node: &NodeId| steps.iter().any(|step| step.fused.contains(node));
        if !is_computed(&node) && !matches!(planned.operation, Operation::Input | Operation::Loss) {
            // An addition of two norms is computed with the first.
            let fused = fused(node).into_iter().find(|fused| !fused.iter().any(is_computed));
            steps.push(Step::new(network, node, fused.unwrap_or_default()));
        }
    }
    steps.sort_by_key(|step| step.output().index());
    steps
}

/// A bias behind a linear operation, or a ReLU behind a norm.
fn pair(network: &Network, node: NodeId) -> Option<Vec<NodeId>> {
    let next = reader(network, node)?;
    let fits = matches!(
        (&network.node(node).operation, &network.node(next).operation),
        (Operation::Convolution(_) | Operation::Linear { .. }, Operation::Bias(_))
            | (Operation::Normalization { .. }, Operation::Activation(Activation::Relu))
    );
    fits.then(|| vec![next])
}

/// A ReLU and 2×2 max pooling behind a norm, or the addition to something else and a ReLU.
fn joint(network: &Network, node: NodeId) -> Option<Vec<NodeId>> {
    let operation = |id: NodeId| &network.node(id).operation;
    let is_relu = |id: NodeId| *operation(id) == Operation::Activation(Activation::Relu);
    if !matches!(operation(node), Operation::Normalization { .. }) {
        return None;
    }
    let next = reader(network, node)?;
    let last = reader(network, next)?;
    let pools = is_relu(next) && *operation(last) == Operation::Pooling(Pooling::new(Pool::Max, [2, 2]));
    let adds = *operation(next) == Operation::Addition && network.node(next).inputs.len() == 2 && is_relu(last);
    (pools || adds).then(|| vec![next, last])
}

/// A bias if there is one, and a batch norm, behind a convolution; with a ReLU behind them or the addition to something else
/// and a ReLU, and without.
fn convolved(network: &Network, node: NodeId) -> Option<[Vec<NodeId>; 2]> {
    let operation = |id: NodeId| &network.node(id).operation;
    if !matches!(operation(node), Operation::Convolution(_)) {
        return None;
    }
    let next = reader(network, node)?;
    let bias = matches!(operation(next), Operation::Bias(_)).then_some(next);
    let norm = if bias.is_some() { reader(network, next)? } else { next };
    if !matches!(operation(norm), Operation::Normalization { normalization: Normalization::Batch, .. }) {
        return None;
    }
    let tail = match joint(network, norm) {
        Some(tail) if *operation(tail[0]) == Operation::Addition => tail,
        _ => pair(network, norm).unwrap_or_default(),
    };
    let alone: Vec<NodeId> = bias.into_iter().chain([norm]).collect();
    Some([alone.iter().copied().chain(tail).collect(), alone])
}

/// The sole reader of a node's output.
fn reader(network: &Network, node: NodeId) -> Option<NodeId> {
    let mut consumers = network.consumers(node);
    let (Some((next, _)), None) = (consumers.next(), consumers.next()) else { return None };
    Some(next)
}

#[cfg(test)]
mod tests {
    use burn::module::{Module, ModuleVisitor, Param};
    use burn::tensor::{DType, Device, Gradients, Tensor, TensorData};
    use untied_study::{Bias, ModelConfig, Net as Name, Normalization, Shortcut};

    use super::{Operation, Step};
    use crate::model::net::Net;
    use crate::model::norm::Norm;
    use crate::model::plan::Plan;
    use crate::model::tensors::host;
    use crate::random::Generator;

    /// The gradients of all parameters, in the order of the model.
    struct Collected<'a> {
        gradients: &'a Gradients,
        found: Vec<Vec<f64>>,
    }

    impl ModuleVisitor for Collected<'_> {
        fn visit_float<const D: usize>(&mut self, param: &Param<Tensor<D>>) {
            self.found.extend(param.grad(self.gradients).map(host));
        }
    }

    /// Scores, gradients and running statistics of a training pass, and the scores of an evaluation, of a new model.
    fn results(plan: &Plan, dtype: DType, forward: fn(&Net, Tensor<4>) -> Tensor<2>) -> Vec<Vec<f64>> {
        let device = Device::flex().autodiff();
        let net = Net::new(plan, 1, &device, dtype);
        let mut stream = Generator::new(2).stream("images");
        let values: Vec<f64> = (0..6 * 3 * 16 * 16).map(|_| stream.normal()).collect();
        let x = |device: &Device| Tensor::from_data(TensorData::new(values.clone(), [6, 3, 16, 16]), (device, dtype));
        let scores = forward(&net, x(&device));
        let gradients = scores.clone().square().sum().backward();
        let mut collected = Collected { gradients: &gradients, found: vec![host(scores)] };
        net.visit(&mut collected);
        let running = net.norms().flat_map(Norm::tensors).map(|(_, tensor)| host(tensor));
        collected.found.extend(running);
        collected.found.push(host(forward(&net.valid(), x(&Device::flex()))));
        collected.found
    }

    #[test]
    fn fewer_steps_give_the_same_bits() {
        let norms =
            [Normalization::Batch, Normalization::None, Normalization::Group(2), Normalization::BatchPerActivation];
        let of = |net, shortcut, norm| ModelConfig { bias: Bias::Untied, norm, shortcut, ..ModelConfig::of_net(net) };
        let mut models: Vec<ModelConfig> =
            norms.iter().map(|&norm| of(Name::Resnet8, Shortcut::ZeroPadded, norm)).collect();
        models.push(of(Name::Resnet8, Shortcut::Convolution, Normalization::Batch));
        models.extend(norms.map(|norm| ModelConfig { norm, bias: Bias::Tied, ..ModelConfig::new(vec![4, 6, 8]) }));
        for model in models {
            let plan = Plan::new(&model, [3, 16, 16], 10).expect("a plan");
            assert!(plan.joint_steps.len() < plan.steps.len(), "something is computed together");
            if model.norm == Normalization::Batch {
                let alone =
                    |step: &Step| matches!(plan.network.node(step.node).operation, Operation::Normalization { .. });
                assert!(!plan.evaluation_steps.iter().any(alone), "every norm is computed with its convolution");
            }
            for dtype in [DType::F32, DType::F64] {
                let together = results(&plan, dtype, Net::forward);
                let apart = results(&plan, dtype, |net, x| net.forward_with(x, &mut |_, z| z));
                assert!(together == apart, "{:?} {:?} {dtype:?}", model.net, model.norm);
            }
        }
    }
}
