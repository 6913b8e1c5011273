//! The backward pass of max pooling as a node of the autodiff graph.

use burn::backend::autodiff::{
    Autodiff, NodeId,
    checkpoint::{base::Checkpointer, strategy::CheckpointStrategy},
    grads::Gradients,
    ops::{Backward, Ops, OpsKind},
};
use burn::backend::tensor::FloatTensor;

use crate::MaxPoolBackend;

/// Saved: x (checkpointed).
#[derive(Debug)]
struct MaxPoolNode;

impl<B: MaxPoolBackend> Backward<B, 1> for MaxPoolNode {
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

impl<B: MaxPoolBackend, C: CheckpointStrategy> MaxPoolBackend for Autodiff<B, C> {
    fn untied_max_pool(x: FloatTensor<Self>) -> FloatTensor<Self> {
        match MaxPoolNode.prepare::<C>([x.node()]).compute_bound().stateful() {
            OpsKind::Tracked(mut prepared) => {
                let id = prepared.checkpoint(&x);
                prepared.finish(id, B::untied_max_pool(x.into_primitive()))
            }
            OpsKind::UnTracked(prepared) => prepared.finish(B::untied_max_pool(x.into_primitive())),
        }
    }
}
