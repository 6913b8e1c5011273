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
        for (parent, gradient) in ops.parents.into_iter().zip([dx, dgamma, dbeta]) {
            if let Some(node) = parent {
                grads.register::<B>(node.id, gradient);
            }
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
}
