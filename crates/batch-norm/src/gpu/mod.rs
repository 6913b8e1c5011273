//! Fused kernels for every CubeCL backend: Vulkan, Metal, DirectX 12, WebGPU, CUDA.
//!
//! Each direction reads its input twice, for the sums and for the output, and writes once; in one launch where the
//! channels alone keep the device busy, else in two (see [`Plan`](plan::Plan)). Sums are taken in an order that depends on
//! nothing but the shape.
#![allow(
    clippy::too_many_arguments,
    clippy::needless_pass_by_value,
    reason = "a kernel has an argument per buffer, and takes its layout by value"
)]

use burn_cubecl::CubeBackend;
use burn_cubecl::tensor::CubeTensor;
use untied_kernels::gpu::has_kernels;

use crate::BatchNormBackend;
use crate::arguments::{check_backward_arguments, check_forward_arguments};

mod backward;
mod forward;
mod launch;
mod plan;
mod units;

impl BatchNormBackend for CubeBackend {
    fn untied_batch_norm(
        x: CubeTensor,
        gamma: CubeTensor,
        beta: CubeTensor,
        epsilon: f64,
        relu: bool,
    ) -> (CubeTensor, CubeTensor) {
        check_forward_arguments(&x, &gamma, &beta);
        if !has_kernels(&x) {
            return crate::forward::normalize::<Self>(x, gamma, beta, epsilon, relu);
        }
        forward::launch(x, gamma, beta, epsilon, relu)
    }

    fn untied_batch_norm_backward(
        x: CubeTensor,
        gamma: CubeTensor,
        beta: CubeTensor,
        statistics: CubeTensor,
        dy: CubeTensor,
        relu: bool,
    ) -> (CubeTensor, CubeTensor, CubeTensor) {
        check_backward_arguments(&x, &gamma, &beta, &statistics, &dy);
        if !has_kernels(&x) {
            return crate::backward::gradients::<Self>(x, gamma, beta, &statistics, dy, relu);
        }
        backward::launch([x, gamma, beta, statistics, dy], relu)
    }
}
