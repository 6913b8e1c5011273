//! Batch normalization as a node of the autodiff graph.

use burn::backend::autodiff::{
    Autodiff, NodeId,
    checkpoint::{base::Checkpointer, strategy::CheckpointStrategy},
    grads::Gradients,
    ops::{Backward, Ops, OpsKind},
};
use burn::backend::tensor::FloatTensor;

use crate::BatchNormBackend;

/// Node with the parents x, γ and β. Saved: those (checkpointed), the statistics, and whether a ReLU is behind it.
#[derive(Debug)]
struct BatchNormNode;

impl<B: BatchNormBackend> Backward<B, 3> for BatchNormNode {
    type State = ([NodeId; 3], FloatTensor<B>, bool);

    fn backward(self, ops: Ops<Self::State, 3>, grads: &mut Gradients, checkpointer: &mut Checkpointer) {
        let (inputs, statistics, relu) = ops.state;
        let [x, gamma, beta] = inputs.map(|input| checkpointer.retrieve_node_output::<FloatTensor<B>>(input));
        let dy = grads.consume::<B>(&ops.node);

        let (dx, dgamma, dbeta) = B::untied_batch_norm_backward(x, gamma, beta, statistics, dy, relu);
        register::<B, 3>(ops.parents.map(|parent| parent.map(|node| node.id)), [dx, dgamma, dbeta], grads);
    }
}

/// Node with the parents x, γ, β and what is added. Saved: the first three (checkpointed), the statistics, and y.
#[derive(Debug)]
struct AddReluNode;

impl<B: BatchNormBackend> Backward<B, 4> for AddReluNode {
    type State = ([NodeId; 3], FloatTensor<B>, FloatTensor<B>);

    fn backward(self, ops: Ops<Self::State, 4>, grads: &mut Gradients, checkpointer: &mut Checkpointer) {
        let (inputs, statistics, y) = ops.state;
        let [x, gamma, beta] = inputs.map(|input| checkpointer.retrieve_node_output::<FloatTensor<B>>(input));
        let dy = grads.consume::<B>(&ops.node);

        let (dx, dgamma, dbeta, du) = B::untied_batch_norm_add_relu_backward(x, gamma, beta, statistics, y, dy);
        register::<B, 4>(ops.parents.map(|parent| parent.map(|node| node.id)), [dx, dgamma, dbeta, du], grads);
    }
}

/// Node with the parents x, γ and β. Saved: those (checkpointed), and the statistics.
#[derive(Debug)]
struct ReluPoolNode;

impl<B: BatchNormBackend> Backward<B, 3> for ReluPoolNode {
    type State = ([NodeId; 3], FloatTensor<B>);

    fn backward(self, ops: Ops<Self::State, 3>, grads: &mut Gradients, checkpointer: &mut Checkpointer) {
        let (inputs, statistics) = ops.state;
        let [x, gamma, beta] = inputs.map(|input| checkpointer.retrieve_node_output::<FloatTensor<B>>(input));
        let dy = grads.consume::<B>(&ops.node);

        let (dx, dgamma, dbeta) = B::untied_batch_norm_relu_pool_backward(x, gamma, beta, statistics, dy);
        register::<B, 3>(ops.parents.map(|parent| parent.map(|node| node.id)), [dx, dgamma, dbeta], grads);
    }
}

/// Adds the gradients of the parents that are tracked.
fn register<B: BatchNormBackend, const N: usize>(
    parents: [Option<NodeId>; N],
    gradients: [FloatTensor<B>; N],
    grads: &mut Gradients,
) {
    for (parent, gradient) in parents.into_iter().zip(gradients) {
        if let Some(id) = parent {
            grads.register::<B>(id, gradient);
        }
    }
}

impl<B: BatchNormBackend, C: CheckpointStrategy> BatchNormBackend for Autodiff<B, C> {
    fn untied_batch_norm(
        x: FloatTensor<Self>,
        gamma: FloatTensor<Self>,
        beta: FloatTensor<Self>,
        epsilon: f64,
        relu: bool,
    ) -> (FloatTensor<Self>, FloatTensor<Self>) {
        let prepared = BatchNormNode.prepare::<C>([x.node(), gamma.node(), beta.node()]).compute_bound().stateful();
        let run = |x: FloatTensor<Self>, gamma: FloatTensor<Self>, beta: FloatTensor<Self>| {
            B::untied_batch_norm(x.into_primitive(), gamma.into_primitive(), beta.into_primitive(), epsilon, relu)
        };
        let (y, statistics) = match prepared {
            OpsKind::Tracked(mut prepared) => {
                let inputs = [&x, &gamma, &beta].map(|input| prepared.checkpoint(input));
                let (y, statistics) = run(x, gamma, beta);
                (prepared.finish((inputs, statistics.clone(), relu), y), statistics)
            }
            OpsKind::UnTracked(prepared) => {
                let (y, statistics) = run(x, gamma, beta);
                (prepared.finish(y), statistics)
            }
        };
        (y, FloatTensor::<Self>::new(statistics))
    }
    fn untied_batch_norm_add_relu(
        x: FloatTensor<Self>,
        gamma: FloatTensor<Self>,
        beta: FloatTensor<Self>,
        other: FloatTensor<Self>,
        epsilon: f64,
    ) -> (FloatTensor<Self>, FloatTensor<Self>) {
        let parents = [x.node(), gamma.node(), beta.node(), other.node()];
        let run = |x: FloatTensor<Self>, gamma: FloatTensor<Self>, beta: FloatTensor<Self>| {
            let (gamma, beta) = (gamma.into_primitive(), beta.into_primitive());
            B::untied_batch_norm_add_relu(x.into_primitive(), gamma, beta, other.into_primitive(), epsilon)
        };
        let (y, statistics) = match AddReluNode.prepare::<C>(parents).compute_bound().stateful() {
            OpsKind::Tracked(mut prepared) => {
                let inputs = [&x, &gamma, &beta].map(|input| prepared.checkpoint(input));
                let (y, statistics) = run(x, gamma, beta);
                (prepared.finish((inputs, statistics.clone(), y.clone()), y), statistics)
            }
            OpsKind::UnTracked(prepared) => {
                let (y, statistics) = run(x, gamma, beta);
                (prepared.finish(y), statistics)
            }
        };
        (y, FloatTensor::<Self>::new(statistics))
    }

    fn untied_batch_norm_relu_pool(
        x: FloatTensor<Self>,
        gamma: FloatTensor<Self>,
        beta: FloatTensor<Self>,
        epsilon: f64,
    ) -> (FloatTensor<Self>, FloatTensor<Self>) {
        let run = |x: FloatTensor<Self>, gamma: FloatTensor<Self>, beta: FloatTensor<Self>| {
            B::untied_batch_norm_relu_pool(x.into_primitive(), gamma.into_primitive(), beta.into_primitive(), epsilon)
        };
        let prepared = ReluPoolNode.prepare::<C>([x.node(), gamma.node(), beta.node()]).compute_bound().stateful();
        let (y, statistics) = match prepared {
            OpsKind::Tracked(mut prepared) => {
                let inputs = [&x, &gamma, &beta].map(|input| prepared.checkpoint(input));
                let (y, statistics) = run(x, gamma, beta);
                (prepared.finish((inputs, statistics.clone()), y), statistics)
            }
            OpsKind::UnTracked(prepared) => {
                let (y, statistics) = run(x, gamma, beta);
                (prepared.finish(y), statistics)
            }
        };
        (y, FloatTensor::<Self>::new(statistics))
    }
}
