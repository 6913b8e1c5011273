//! Fused kernels for every CubeCL backend: Vulkan, Metal, DirectX 12, WebGPU, CUDA.
//!
//! Each direction reads its input twice, for the sums and for the output, and writes once; in one launch where the
//! channels alone keep the device busy, else in two (see [`Plan`]). Sums are taken in an order that depends on
//! nothing but the shape.
#![allow(
    clippy::too_many_arguments,
    clippy::needless_pass_by_value,
    reason = "a kernel has an argument per buffer, and takes its layout by value"
)]

use burn::backend::Backend;
use burn_cubecl::CubeBackend;
use burn_cubecl::tensor::CubeTensor;

use crate::operation::statistics_dtype;
use crate::{BatchNormBackend, backward, check, forward};

mod gradients;
mod normalize;
mod plan;
mod walk;

use plan::Plan;

impl BatchNormBackend for CubeBackend {
    fn untied_batch_norm(
        x: CubeTensor,
        gamma: CubeTensor,
        beta: CubeTensor,
        epsilon: f64,
        relu: bool,
    ) -> (CubeTensor, CubeTensor) {
        check::forward(&x, &gamma, &beta);
        if !has_kernels(&x) {
            return forward::normalize::<Self>(x, gamma, beta, epsilon, relu);
        }
        normalize::launch(x, gamma, beta, epsilon, relu)
    }

    fn untied_batch_norm_backward(
        x: CubeTensor,
        gamma: CubeTensor,
        beta: CubeTensor,
        statistics: CubeTensor,
        dy: CubeTensor,
        relu: bool,
    ) -> (CubeTensor, CubeTensor, CubeTensor) {
        check::backward(&x, &gamma, &beta, &statistics, &dy);
        if !has_kernels(&x) {
            return backward::gradients::<Self>(x, gamma, beta, &statistics, dy, relu);
        }
        gradients::launch([x, gamma, beta, statistics, dy], relu)
    }
}

/// Whether the device computes in the types that the kernels need for this input.
fn has_kernels(x: &CubeTensor) -> bool {
    let wide = statistics_dtype(x.dtype);
    plan::element(x.dtype).is_some()
        && CubeBackend::supports_dtype(&x.device, x.dtype)
        && CubeBackend::supports_dtype(&x.device, wide)
}
