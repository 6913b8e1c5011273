//! The norm alone, forward and backward, on tensors.

use burn::backend::flex::FlexTensor;
use burn::tensor::Shape;
use untied_kernels::cpu::{Element, Parts, Real, filled, tensor};

use super::arguments::{BackwardArguments, Dims, ForwardArguments};
use super::gradient::Gradient;
use super::maps::ChannelStatistics;
use super::{by_channel, by_column};

/// y, behind a ReLU where asked for, and the statistics; all are contiguous.
pub(super) fn forward<E: Element>(
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
    (y, rows(&statistics))
}

/// The statistics of the channels, `[4, c]`.
pub(super) fn rows<W: Real>(statistics: &[ChannelStatistics<W>]) -> FlexTensor {
    let mut rows = Vec::with_capacity(4 * statistics.len());
    rows.extend(statistics.iter().map(|of| of.mean));
    rows.extend(statistics.iter().map(|of| of.residual));
    rows.extend(statistics.iter().map(|of| of.var));
    rows.extend(statistics.iter().map(|of| of.r));
    tensor(rows, Shape::new([4, statistics.len()]))
}

/// (dx, dγ, dβ); all but dy are contiguous.
pub(super) fn backward<E: Element>(
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
    let [dgamma, dbeta] = of_parameters::<E::Wide>(&gradients);
    (dx, dgamma, dbeta)
}

/// dγ and dβ, `[c]`.
pub(super) fn of_parameters<W: Real>(gradients: &[[f64; 2]]) -> [FlexTensor; 2] {
    let row = |which: usize| gradients.iter().map(|of| W::from_f64(of[which])).collect();
    [0, 1].map(|which| tensor(row(which), Shape::new([gradients.len()])))
}

/// The tensor itself where its memory is just its elements in order, so that it stays the only owner.
pub(super) fn contiguous(tensor: FlexTensor) -> FlexTensor {
    let bytes = tensor.layout().num_elements() * tensor.dtype().size();
    let whole = tensor.is_contiguous() && tensor.layout().start_offset() == 0 && tensor.bytes().len() == bytes;
    if whole { tensor } else { tensor.to_contiguous() }
}
