//! Fused kernels for Flex, Burn's CPU backend.
//!
//! An input `[n, c, ...]` is seen as `[n, c, s]`. In each direction a channel is read twice (sums; output), but only the
//! first reading comes from memory where a channel fits into the cache. (f64 takes its sums twice forward, as their
//! own round-off matters there.) Many locations go [`by_channel`], one channel at a time; few [`by_column`], many channels at
//! once. What stands behind the norm, and inference, is in [`tails`].
//!
//! All sums are kept in f64 and added in an order that depends on the shape alone, never on the number of threads
//! or the width of the machine's registers, and no multiplication is fused with an addition: results are equal bit
//! by bit on any number of threads, and on any machine.
#![expect(
    clippy::inline_always,
    clippy::needless_range_loop,
    reason = "only what is inlined is compiled for the machine's wide registers, and only loops by index use them"
)]

mod arguments;
mod by_channel;
mod by_column;
mod columns;
mod gradient;
mod inference;
mod maps;
mod moments;
mod pooled;
mod reduce;
mod residual;
mod runs;
mod tails;
mod training;

use burn::backend::Flex;
use burn::backend::flex::FlexTensor;
use untied_kernels::for_element;

use training::{backward, forward};

use crate::BatchNormBackend;
use crate::arguments::{
    check_backward_arguments, check_forward_arguments, check_inference_arguments, check_like, check_pooled_arguments,
};

impl BatchNormBackend for Flex {
    fn untied_batch_norm(
        x: FlexTensor,
        gamma: FlexTensor,
        beta: FlexTensor,
        epsilon: f64,
        relu: bool,
    ) -> (FlexTensor, FlexTensor) {
        check_forward_arguments(&x, &gamma, &beta);
        let [x, gamma, beta] = [x, gamma, beta].map(|tensor| tensor.to_contiguous());
        for_element!(x.dtype(), E => forward::<E>(&x, &gamma, &beta, epsilon, relu))
    }

    fn untied_batch_norm_backward(
        x: FlexTensor,
        gamma: FlexTensor,
        beta: FlexTensor,
        statistics: FlexTensor,
        dy: FlexTensor,
        relu: bool,
    ) -> (FlexTensor, FlexTensor, FlexTensor) {
        check_backward_arguments(&x, &gamma, &beta, &statistics, &dy);
        let [x, gamma, beta, statistics] = [x, gamma, beta, statistics].map(|tensor| tensor.to_contiguous());
        for_element!(x.dtype(), E => backward::<E>(&x, &[gamma, beta, statistics], dy, relu))
    }

    fn untied_batch_norm_add_relu(
        x: FlexTensor,
        gamma: FlexTensor,
        beta: FlexTensor,
        other: FlexTensor,
        epsilon: f64,
    ) -> (FlexTensor, FlexTensor) {
        check_forward_arguments(&x, &gamma, &beta);
        check_like("other", &other, &x);
        let [x, gamma, beta, other] = [x, gamma, beta, other].map(|tensor| tensor.to_contiguous());
        for_element!(x.dtype(), E => tails::add_relu::<E>(&x, &[gamma, beta], other, epsilon))
    }

    fn untied_batch_norm_add_relu_backward(
        x: FlexTensor,
        gamma: FlexTensor,
        beta: FlexTensor,
        statistics: FlexTensor,
        y: FlexTensor,
        dy: FlexTensor,
    ) -> (FlexTensor, FlexTensor, FlexTensor, FlexTensor) {
        check_backward_arguments(&x, &gamma, &beta, &statistics, &dy);
        check_like("y", &y, &x);
        let [x, gamma, beta, statistics, y] = [x, gamma, beta, statistics, y].map(|tensor| tensor.to_contiguous());
        for_element!(x.dtype(), E => tails::add_relu_backward::<E>(&x, &[gamma, beta, statistics], y, dy))
    }

    fn untied_batch_norm_relu_pool(
        x: FlexTensor,
        gamma: FlexTensor,
        beta: FlexTensor,
        epsilon: f64,
    ) -> (FlexTensor, FlexTensor) {
        check_forward_arguments(&x, &gamma, &beta);
        let [x, gamma, beta] = [x, gamma, beta].map(|tensor| tensor.to_contiguous());
        for_element!(x.dtype(), E => tails::relu_pool::<E>(&x, &[gamma, beta], epsilon))
    }

    fn untied_batch_norm_relu_pool_backward(
        x: FlexTensor,
        gamma: FlexTensor,
        beta: FlexTensor,
        statistics: FlexTensor,
        dy: FlexTensor,
    ) -> (FlexTensor, FlexTensor, FlexTensor) {
        check_pooled_arguments(&x, &gamma, &beta, &statistics, &dy);
        let [x, gamma, beta, statistics, dy] = [x, gamma, beta, statistics, dy].map(|tensor| tensor.to_contiguous());
        for_element!(x.dtype(), E => tails::relu_pool_backward::<E>(&x, &[gamma, beta, statistics], &dy))
    }

    fn untied_batch_norm_inference(
        x: FlexTensor,
        gamma: FlexTensor,
        beta: FlexTensor,
        mean: FlexTensor,
        var: FlexTensor,
        epsilon: f64,
        relu: bool,
    ) -> FlexTensor {
        check_inference_arguments(&x, [&gamma, &beta, &mean, &var]);
        let rows = [gamma, beta, mean, var].map(|tensor| tensor.to_contiguous());
        tails::inference(x, rows, epsilon, relu)
    }

    fn untied_batch_norm_inference_add_relu(
        x: FlexTensor,
        other: FlexTensor,
        gamma: FlexTensor,
        beta: FlexTensor,
        mean: FlexTensor,
        var: FlexTensor,
        epsilon: f64,
    ) -> FlexTensor {
        check_inference_arguments(&x, [&gamma, &beta, &mean, &var]);
        check_like("other", &other, &x);
        let rows = [gamma, beta, mean, var].map(|tensor| tensor.to_contiguous());
        tails::inference_add_relu(x, other.to_contiguous(), rows, epsilon)
    }
}
