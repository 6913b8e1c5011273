//! The backward pass of convolution as a node of the autodiff graph: only the gradients that are asked for.

use burn::backend::TensorMetadata;
use burn::backend::autodiff::{
    Autodiff, NodeId,
    checkpoint::{base::Checkpointer, strategy::CheckpointStrategy},
    grads::Gradients,
    ops::{Backward, Ops, OpsKind},
};
use burn::backend::tensor::FloatTensor;
use burn::tensor::Shape;

use crate::{ConvBackend, ConvSpec};

/// Node with the parents x and w, and b if there is one.
#[derive(Debug)]
struct ConvNode;

/// State of a node: x and w (checkpointed), the shape of the bias if there is one, and the sizes.
#[derive(Debug, Clone)]
struct Saved {
    x: NodeId,
    weight: NodeId,
    bias: Option<Shape>,
    spec: ConvSpec,
}

impl<B: ConvBackend> Backward<B, 2> for ConvNode {
    type State = Saved;

    fn backward(self, ops: Ops<Saved, 2>, grads: &mut Gradients, checkpointer: &mut Checkpointer) {
        let dy = grads.consume::<B>(&ops.node);
        let [x, weight] = ops.parents.map(|parent| parent.map(|node| node.id));
        propagate::<B>(&ops.state, [x, weight, None], dy, grads, checkpointer);
    }
}

impl<B: ConvBackend> Backward<B, 3> for ConvNode {
    type State = Saved;

    fn backward(self, ops: Ops<Saved, 3>, grads: &mut Gradients, checkpointer: &mut Checkpointer) {
        let dy = grads.consume::<B>(&ops.node);
        let parents = ops.parents.map(|parent| parent.map(|node| node.id));
        propagate::<B>(&ops.state, parents, dy, grads, checkpointer);
    }
}

/// Registers the gradients of the parents that are tracked.
fn propagate<B: ConvBackend>(
    saved: &Saved,
    [x_parent, weight_parent, bias_parent]: [Option<NodeId>; 3],
    dy: FloatTensor<B>,
    grads: &mut Gradients,
    checkpointer: &mut Checkpointer,
) {
    let [x, weight] = [saved.x, saved.weight].map(|id| checkpointer.retrieve_node_output::<FloatTensor<B>>(id));
    let spec = saved.spec;
    if let Some(parent) = x_parent {
        grads.register::<B>(parent, B::untied_conv_x_backward(weight, dy.clone(), spec));
    }
    let bias = bias_parent.zip(saved.bias.clone());
    match (weight_parent, bias) {
        (Some(weight), Some((bias, bias_shape))) => {
            let (dw, db) = B::untied_conv_parameters_backward(x, dy, bias_shape, spec);
            grads.register::<B>(weight, dw);
            grads.register::<B>(bias, db);
        }
        (Some(weight), None) => {
            grads.register::<B>(weight, B::untied_conv_weight_backward(x, dy, spec));
        }
        (None, Some((bias, bias_shape))) => {
            grads.register::<B>(bias, B::untied_conv_bias_backward(dy, bias_shape));
        }
        (None, None) => {}
    }
}

impl<B: ConvBackend, C: CheckpointStrategy> ConvBackend for Autodiff<B, C> {
    fn untied_conv(x: FloatTensor<Self>, weight: FloatTensor<Self>, spec: ConvSpec) -> FloatTensor<Self> {
        let run = |x: FloatTensor<Self>, weight: FloatTensor<Self>| {
            B::untied_conv(x.into_primitive(), weight.into_primitive(), spec)
        };
        match ConvNode.prepare::<C>([x.node(), weight.node()]).compute_bound().stateful() {
            OpsKind::Tracked(mut prepared) => {
                let [x_id, weight_id] = [&x, &weight].map(|input| prepared.checkpoint(input));
                let saved = Saved { x: x_id, weight: weight_id, bias: None, spec };
                prepared.finish(saved, run(x, weight))
            }
            OpsKind::UnTracked(prepared) => prepared.finish(run(x, weight)),
        }
    }

    fn untied_conv_bias(
        x: FloatTensor<Self>,
        weight: FloatTensor<Self>,
        bias: FloatTensor<Self>,
        spec: ConvSpec,
    ) -> FloatTensor<Self> {
        let run = |x: FloatTensor<Self>, weight: FloatTensor<Self>, bias: FloatTensor<Self>| {
            B::untied_conv_bias(x.into_primitive(), weight.into_primitive(), bias.into_primitive(), spec)
        };
        match ConvNode.prepare::<C>([x.node(), weight.node(), bias.node()]).compute_bound().stateful() {
            OpsKind::Tracked(mut prepared) => {
                let [x_id, weight_id] = [&x, &weight].map(|input| prepared.checkpoint(input));
                let saved = Saved { x: x_id, weight: weight_id, bias: Some(bias.shape()), spec };
                prepared.finish(saved, run(x, weight, bias))
            }
            OpsKind::UnTracked(prepared) => prepared.finish(run(x, weight, bias)),
        }
    }
}
