//! The backward pass of batch normalization, derived step by step.
//!
//! One channel at a time: its m values xᵢ of the batch (all images, all locations) become
//!
//! ```text
//! (1)  μ  = 1/m Σᵢ xᵢ
//! (2)  σ² = 1/m Σᵢ (xᵢ − μ)²
//! (3)  x̂ᵢ = (xᵢ − μ) / √(σ² + ε)
//! (4)  uᵢ = γ x̂ᵢ + β
//! ```
//!
//! Given ∂J/∂uᵢ for every i, wanted are ∂J/∂xᵢ, ∂J/∂γ and ∂J/∂β.
//!
//! **Step 1: γ, β and x̂.** By (4), with every i contributing to the same γ and β,
//!
//! ```text
//! ∂J/∂β = Σᵢ ∂J/∂uᵢ        ∂J/∂γ = Σᵢ ∂J/∂uᵢ · x̂ᵢ        gᵢ := ∂J/∂x̂ᵢ = γ ∂J/∂uᵢ
//! ```
//!
//! **Step 2: the variance.** Every x̂ⱼ depends on σ². By (3), ∂x̂ⱼ/∂σ² = −½ (σ² + ε)^(−3/2) (xⱼ − μ), so
//!
//! ```text
//! ∂J/∂σ² = Σⱼ gⱼ · −½ (σ² + ε)^(−3/2) (xⱼ − μ)
//!        = −½ (σ² + ε)⁻¹ Σⱼ gⱼ x̂ⱼ
//! ```
//!
//! **Step 3: the mean.** μ reaches J through every x̂ⱼ and through σ². By (3), ∂x̂ⱼ/∂μ = −(σ² + ε)^(−½).
//! By (2), ∂σ²/∂μ = −2/m Σⱼ (xⱼ − μ), which is zero by (1). So
//!
//! ```text
//! ∂J/∂μ = −(σ² + ε)^(−½) Σⱼ gⱼ
//! ```
//!
//! **Step 4: the input.** xᵢ reaches J by three ways: x̂ᵢ, μ and σ². By (3), ∂x̂ᵢ/∂xᵢ = (σ² + ε)^(−½);
//! by (1), ∂μ/∂xᵢ = 1/m; by (2), ∂σ²/∂xᵢ = 2 (xᵢ − μ)/m (its own detour over μ is the zero of step 3). So
//!
//! ```text
//! ∂J/∂xᵢ = gᵢ (σ² + ε)^(−½)  +  ∂J/∂μ · 1/m  +  ∂J/∂σ² · 2 (xᵢ − μ)/m
//! ```
//!
//! **Closed form.** Put steps 2 and 3 in, take (σ² + ε)^(−½) out, and write x̂ᵢ for (xᵢ − μ)(σ² + ε)^(−½):
//!
//! ```text
//! ∂J/∂xᵢ = 1/(m √(σ² + ε)) · ( m gᵢ − Σⱼ gⱼ − x̂ᵢ Σⱼ gⱼ x̂ⱼ )
//! ```
//!
//! The bracket takes from g its component along the constant vector and along x̂: what normalization makes J
//! blind to. Summed over i, the first two terms cancel and the third vanishes as Σᵢ x̂ᵢ = 0, so
//! **Σᵢ ∂J/∂xᵢ = 0**: a bias that is the same for a whole channel gets no gradient. It is redundant.
//!
//! **As computed** (in [`gradients`]), with means in place of sums, since sums grow with m, and γ outside:
//!
//! ```text
//! dxᵢ = γ r · ( duᵢ − mean(du) − x̂ᵢ · mean(du x̂) ),    r = 1/√(σ² + ε)
//! ```

use burn::backend::Backend;
use burn::backend::autodiff::NodeId;
use burn::backend::autodiff::{
    Autodiff,
    checkpoint::{base::Checkpointer, strategy::CheckpointStrategy},
    grads::Gradients,
    ops::{Backward, Ops, OpsKind},
};
use burn::backend::tensor::FloatTensor;

use crate::operation::{BatchNormBackend, Channels, reciprocal_std};

/// The closed form above in a backend's primitives: (dx, dγ, dβ), given dy = ∂J/∂u.
///
/// `x` and `dy` have shape `[n, c, ...]`, all else `[c]`; `var` is the biased variance of the batch.
pub fn gradients<B: Backend>(
    x: FloatTensor<B>,
    gamma: FloatTensor<B>,
    mean: FloatTensor<B>,
    var: FloatTensor<B>,
    dy: FloatTensor<B>,
    epsilon: f64,
) -> (FloatTensor<B>, FloatTensor<B>, FloatTensor<B>) {
    let channels = Channels::of::<B>(&x);
    let r = reciprocal_std::<B>(var, epsilon);
    let x_hat = B::float_mul(B::float_sub(x, channels.spread::<B>(mean)), channels.spread::<B>(r.clone()));
    let dy_x_hat = B::float_mul(dy.clone(), x_hat.clone());

    // Step 1.
    let dbeta = channels.sum::<B>(dy.clone());
    let dgamma = channels.sum::<B>(dy_x_hat.clone());

    // The closed form. Its means are not dβ/m and dγ/m: a sum overflows in half precision where a mean does not.
    let along_ones = channels.spread::<B>(channels.mean::<B>(dy.clone()));
    let along_x_hat = B::float_mul(x_hat, channels.spread::<B>(channels.mean::<B>(dy_x_hat)));
    let bracket = B::float_sub(B::float_sub(dy, along_ones), along_x_hat);
    let dx = B::float_mul(bracket, channels.spread::<B>(B::float_mul(gamma, r)));
    (dx, dgamma, dbeta)
}

/// One node of the autodiff graph. Saved: x, γ (checkpointed), μ, σ².
#[derive(Debug)]
struct BatchNormNode;

impl<B: BatchNormBackend> Backward<B, 3> for BatchNormNode {
    type State = (NodeId, NodeId, FloatTensor<B>, FloatTensor<B>, f64);

    fn backward(self, ops: Ops<Self::State, 3>, grads: &mut Gradients, checkpointer: &mut Checkpointer) {
        let (x, gamma, mean, var, epsilon) = ops.state;
        let x = checkpointer.retrieve_node_output::<FloatTensor<B>>(x);
        let gamma = checkpointer.retrieve_node_output::<FloatTensor<B>>(gamma);
        let dy = grads.consume::<B>(&ops.node);

        let (dx, dgamma, dbeta) = B::untied_batch_norm_backward(x, gamma, mean, var, dy, epsilon);
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
    ) -> (FloatTensor<Self>, FloatTensor<Self>, FloatTensor<Self>) {
        let prepared = BatchNormNode.prepare::<C>([x.node(), gamma.node(), beta.node()]).compute_bound().stateful();
        let (y, mean, var) = match prepared {
            OpsKind::Tracked(mut prepared) => {
                let saved_x = prepared.checkpoint(&x);
                let saved_gamma = prepared.checkpoint(&gamma);
                let (y, mean, var) =
                    B::untied_batch_norm(x.into_primitive(), gamma.into_primitive(), beta.into_primitive(), epsilon);
                let state = (saved_x, saved_gamma, mean.clone(), var.clone(), epsilon);
                (prepared.finish(state, y), mean, var)
            }
            OpsKind::UnTracked(prepared) => {
                let (y, mean, var) =
                    B::untied_batch_norm(x.into_primitive(), gamma.into_primitive(), beta.into_primitive(), epsilon);
                (prepared.finish(y), mean, var)
            }
        };
        (y, FloatTensor::<Self>::new(mean), FloatTensor::<Self>::new(var))
    }
}
