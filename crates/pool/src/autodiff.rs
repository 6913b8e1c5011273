//! The backward passes of max pooling and subsampling as nodes of the autodiff graph.

use burn::backend::TensorMetadata;
use burn::backend::autodiff::{
    Autodiff, NodeId,
    checkpoint::{base::Checkpointer, strategy::CheckpointStrategy},
    grads::Gradients,
    ops::{Backward, Ops, OpsKind},
};
use burn::backend::tensor::FloatTensor;
use burn::tensor::Shape;

use crate::PoolBackend;

/// Saved: x (checkpointed).
#[derive(Debug)]
struct MaxPoolNode;

impl<B: PoolBackend> Backward<B, 1> for MaxPoolNode {
    type State = NodeId;

    fn backward(self, ops: Ops<NodeId, 1>, grads: &mut Gradients, checkpointer: &mut Checkpointer) {
        let x = checkpointer.retrieve_node_output::<FloatTensor<B>>(ops.state);
        let dy = grads.consume::<B>(&ops.node);
        let [parent] = ops.parents;
        if let Some(node) = parent {
            grads.register::<B>(node.id, B::untied_max_pool_backward(x, dy));
        }
    }
}

/// Saved: the shape of x, the stride.
#[derive(Debug)]
struct SubsampleNode;

impl<B: PoolBackend> Backward<B, 1> for SubsampleNode {
    type State = (Shape, [usize; 2]);

    fn backward(self, ops: Ops<Self::State, 1>, grads: &mut Gradients, _checkpointer: &mut Checkpointer) {
        let dy = grads.consume::<B>(&ops.node);
        let ([parent], (shape, stride)) = (ops.parents, ops.state);
        if let Some(node) = parent {
            grads.register::<B>(node.id, B::untied_subsample_backward(dy, shape, stride));
        }
    }
}

impl<B: PoolBackend, C: CheckpointStrategy> PoolBackend for Autodiff<B, C> {
    fn untied_max_pool(x: FloatTensor<Self>) -> FloatTensor<Self> {
        match MaxPoolNode.prepare::<C>([x.node()]).compute_bound().stateful() {
            OpsKind::Tracked(mut prepared) => {
                let id = prepared.checkpoint(&x);
                prepared.finish(id, B::untied_max_pool(x.into_primitive()))
            }
            OpsKind::UnTracked(prepared) => prepared.finish(B::untied_max_pool(x.into_primitive())),
        }
    }
    fn untied_subsample(x: FloatTensor<Self>, stride: [usize; 2]) -> FloatTensor<Self> {
        match SubsampleNode.prepare::<C>([x.node()]).compute_bound().stateful() {
            OpsKind::Tracked(prepared) => {
                let state = (x.shape(), stride);
                prepared.finish(state, B::untied_subsample(x.into_primitive(), stride))
            }
            OpsKind::UnTracked(prepared) => prepared.finish(B::untied_subsample(x.into_primitive(), stride)),
        }
    }
}
