//! Fused kernels for Flex, Burn's CPU backend.
//!
//! An input `[n, c, ...]` is seen as `[n, c, s]`. In each direction a channel is read twice (sums; output), but only the
//! first reading comes from memory where a channel fits into the cache. (f64 takes its sums twice forward, as their
//! own round-off matters there.) Many locations go [`by_channel`], one channel at a time; few [`by_column`], many channels at
//! once.
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
mod maps;
mod moments;
mod prefetch;
mod reduce;
mod runs;

use burn::backend::Flex;
use burn::backend::flex::FlexTensor;
use burn::tensor::Shape;
use untied_kernels::cpu::{Element, Parts, Real, filled, tensor};
use untied_kernels::for_element;

use arguments::{BackwardArguments, Dims, ForwardArguments};
use gradient::Gradient;

use crate::BatchNormBackend;
use crate::arguments::{check_backward_arguments, check_forward_arguments};

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
}

fn forward<E: Element>(
    x: &FlexTensor,
    gamma: &FlexTensor,
    beta: &FlexTensor,
    epsilon: f64,
    relu: bool,
) -> (FlexTensor, FlexTensor) {
    let dims = Dims::of(x);
    let task = ForwardArguments {
        x: x.storage::<E>(),
        dims,
        gamma: gamma.storage::<E::Wide>(),
        beta: beta.storage::<E::Wide>(),
        epsilon,
    };
    let run = match (dims.has_short_rows(), relu) {
        (false, false) => by_channel::forward::<E, false>,
        (false, true) => by_channel::forward::<E, true>,
        (true, false) => by_column::forward::<E, false>,
        (true, true) => by_column::forward::<E, true>,
    };
    // SAFETY: every channel, and so every element, is written.
    let (y, statistics) = unsafe { filled(x.layout().shape().clone(), |y| run(&task, &Parts::uninit(y))) };

    let mut rows = Vec::with_capacity(4 * dims.c);
    rows.extend(statistics.iter().map(|of| of.mean));
    rows.extend(statistics.iter().map(|of| of.residual));
    rows.extend(statistics.iter().map(|of| of.var));
    rows.extend(statistics.iter().map(|of| of.r));
    (y, tensor(rows, Shape::new([4, dims.c])))
}

fn backward<E: Element>(
    x: &FlexTensor,
    [gamma, beta, statistics]: &[FlexTensor; 3],
    dy: FlexTensor,
    relu: bool,
) -> (FlexTensor, FlexTensor, FlexTensor) {
    let dims = Dims::of(x);
    let task = BackwardArguments {
        x: x.storage::<E>(),
        dims,
        gamma: gamma.storage::<E::Wide>(),
        beta: beta.storage::<E::Wide>(),
        statistics: statistics.storage::<E::Wide>(),
    };
    let run = match (dims.has_short_rows(), relu) {
        (false, false) => by_channel::backward::<E, false>,
        (false, true) => by_channel::backward::<E, true>,
        (true, false) => by_column::backward::<E, false>,
        (true, true) => by_column::backward::<E, true>,
    };
    let mut dy = contiguous(dy);
    let (dx, gradients) = if let Some(given) = dy.try_storage_mut::<E>() {
        // Nobody else needs dy: dx takes its memory, which saves fetching as much memory for it.
        let gradients = run(&task, &Gradient::in_place(given));
        (dy, gradients)
    } else {
        let fill = |dx: &mut [_]| run(&task, &Gradient::apart(dy.storage(), dx));
        // SAFETY: every channel, and so every element, is written.
        unsafe { filled(x.layout().shape().clone(), fill) }
    };
    let narrow = |pick: fn(&[f64; 2]) -> f64| gradients.iter().map(|g| E::Wide::from_f64(pick(g))).collect();
    (dx, tensor(narrow(|g| g[0]), Shape::new([dims.c])), tensor(narrow(|g| g[1]), Shape::new([dims.c])))
}

/// The tensor itself where its memory is just its elements in order, so that it stays the only owner.
fn contiguous(tensor: FlexTensor) -> FlexTensor {
    let bytes = tensor.layout().num_elements() * tensor.dtype().size();
    let whole = tensor.is_contiguous() && tensor.layout().start_offset() == 0 && tensor.bytes().len() == bytes;
    if whole { tensor } else { tensor.to_contiguous() }
}
