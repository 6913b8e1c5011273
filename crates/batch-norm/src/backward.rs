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
//! The bracket takes from g its component along the constant vector, and along x̂ all but a share ε/(σ² + ε): what
//! normalization makes J blind to, to a scale only as far as ε does not count. Summed over i, the first two terms cancel and the third vanishes as Σᵢ x̂ᵢ = 0, so
//! **Σᵢ ∂J/∂xᵢ = 0**: a bias that is the same for a whole channel gets no gradient. It is redundant.
//!
//! **As computed** (in [`gradients`]), with means in place of sums, since sums grow with m, and γ outside:
//!
//! ```text
//! dxᵢ = γ r · ( duᵢ − mean(du) − x̂ᵢ · mean(du x̂) ),    r = 1/√(σ² + ε)
//! ```
//!
//! **With a ReLU behind it**, y = max(u, 0): ∂J/∂uᵢ = ∂J/∂yᵢ where yᵢ > 0, else 0. The rest stays. (In a half type, y is
//! also 0 where u is too small for it.)

use burn::backend::tensor::FloatTensor;
use burn::backend::{Backend, TensorMetadata};
use burn::tensor::FloatDType;

use crate::channels::Channels;
use crate::forward::{row, scale_and_shift, x_hat};
use crate::{Row, statistics_dtype};

/// The closed form above in a backend's primitives: (dx, dγ, dβ), given dy = ∂J/∂u, or ∂J/∂max(u, 0) with `relu`.
///
/// Shapes and types: see [`BatchNormBackend`](crate::BatchNormBackend).
pub fn gradients<B: Backend>(
    x: FloatTensor<B>,
    gamma: FloatTensor<B>,
    beta: FloatTensor<B>,
    statistics: &FloatTensor<B>,
    dy: FloatTensor<B>,
    relu: bool,
) -> (FloatTensor<B>, FloatTensor<B>, FloatTensor<B>) {
    let dtype = x.dtype();
    let wide = |tensor| B::float_cast(tensor, FloatDType::from(statistics_dtype(dtype)));
    let channels = Channels::of::<B>(&x);
    let x_hat = x_hat::<B>(wide(x), &channels, statistics);
    let dy = if relu {
        // The same operations and the same rounding as in the forward pass: the same locations are cut off.
        let y = B::relu(scale_and_shift::<B>(&channels, x_hat.clone(), gamma.clone(), beta));
        B::relu_backward(wide(B::float_cast(y, FloatDType::from(dtype))), wide(dy))
    } else {
        wide(dy)
    };
    let dy_x_hat = B::float_mul(dy.clone(), x_hat.clone());

    // Step 1.
    let dbeta = channels.sum::<B>(dy.clone());
    let dgamma = channels.sum::<B>(dy_x_hat.clone());

    // The closed form.
    let along_ones = channels.spread::<B>(channels.mean::<B>(dy.clone()));
    let along_x_hat = B::float_mul(x_hat, channels.spread::<B>(channels.mean::<B>(dy_x_hat)));
    let bracket = B::float_sub(B::float_sub(dy, along_ones), along_x_hat);
    let r = row::<B>(statistics, Row::ReciprocalStd);
    let dx = B::float_mul(bracket, channels.spread::<B>(B::float_mul(gamma, r)));
    (B::float_cast(dx, FloatDType::from(dtype)), dgamma, dbeta)
}
