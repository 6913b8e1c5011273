//! Fused kernels for Flex, Burn's CPU backend.
//!
//! An input `[n, c, ...]` is seen as `[n, c, s]`. In each direction a channel is read twice (sums; output), but only the
//! first reading comes from memory where a channel fits into the cache. (f64 takes its sums twice forward, as their
//! own round-off matters there.) Long rows go by [`rows`], one channel at a time; short ones by [`columns`], many channels at once.
//!
//! All sums are kept in f64 and added in an order that depends on the shape alone, never on the number of threads
//! or the width of the machine's registers, and no multiplication is fused with an addition: results are equal bit
//! by bit on any number of threads, and on any machine.
#![expect(
    clippy::inline_always,
    clippy::needless_range_loop,
    reason = "only what is inlined is compiled for the machine's wide registers, and only loops by index use them"
)]

mod affine;
mod columns;
mod fetch;
mod moments;
mod number;
mod part;
mod reduce;
mod rows;

use burn::backend::Flex;
use burn::backend::flex::{FlexTensor, Layout};
use burn::tensor::{Bytes, DType, Shape, bf16, f16};

use affine::{Backward, Forward};
use number::{Number, Wide};
use part::{Gradient, Parts};

use crate::check;
use crate::operation::{BatchNormBackend, statistics_dtype};

/// Calls a function that is generic over the elements of a tensor.
macro_rules! with_number_type {
    ($dtype:expr, $run:ident($($argument:expr),*)) => {
        match $dtype {
            DType::F32 => $run::<f32>($($argument),*),
            DType::F64 => $run::<f64>($($argument),*),
            DType::F16 => $run::<f16>($($argument),*),
            DType::BF16 => $run::<bf16>($($argument),*),
            other => unreachable!("a float tensor of type {other:?}"),
        }
    };
}

impl BatchNormBackend for Flex {
    fn untied_batch_norm(
        x: FlexTensor,
        gamma: FlexTensor,
        beta: FlexTensor,
        epsilon: f64,
        relu: bool,
    ) -> (FlexTensor, FlexTensor) {
        check::forward(&x, &gamma, &beta);
        let [x, gamma, beta] = [x, gamma, beta].map(|tensor| tensor.to_contiguous());
        with_number_type!(x.dtype(), forward(&x, &gamma, &beta, epsilon, relu))
    }

    fn untied_batch_norm_backward(
        x: FlexTensor,
        gamma: FlexTensor,
        beta: FlexTensor,
        statistics: FlexTensor,
        dy: FlexTensor,
        relu: bool,
    ) -> (FlexTensor, FlexTensor, FlexTensor) {
        check::backward(&x, &gamma, &beta, &statistics, &dy);
        let [x, gamma, beta, statistics] = [x, gamma, beta, statistics].map(|tensor| tensor.to_contiguous());
        with_number_type!(x.dtype(), backward(&x, &[gamma, beta, statistics], dy, relu))
    }
}

/// `[n, c, s]`: images, channels, locations.
#[derive(Debug, Clone, Copy)]
struct Dims {
    n: usize,
    c: usize,
    s: usize,
}

impl Dims {
    fn of(x: &FlexTensor) -> Self {
        let shape = x.layout().shape();
        let (n, c) = (shape[0], shape[1]);
        let s = shape[2..].iter().product();
        // The images of a single channel lie behind each other: one long row.
        if c == 1 { Self { n: 1, c, s: n * s } } else { Self { n, c, s } }
    }

    fn values_per_channel(self) -> usize {
        self.n * self.s
    }

    /// Whether the calling thread does it alone.
    fn is_small(self) -> bool {
        self.c * self.values_per_channel() <= 1 << 15
    }

    /// Whether rows are too short to be worth a loop of their own.
    fn has_short_rows(self) -> bool {
        self.s < 16
    }
}

fn forward<E: Number>(
    x: &FlexTensor,
    gamma: &FlexTensor,
    beta: &FlexTensor,
    epsilon: f64,
    relu: bool,
) -> (FlexTensor, FlexTensor) {
    let dims = Dims::of(x);
    let task = Forward {
        x: x.storage::<E>(),
        dims,
        gamma: gamma.storage::<E::Wide>(),
        beta: beta.storage::<E::Wide>(),
        epsilon,
    };
    let mut y = Vec::<E>::with_capacity(task.x.len());
    let parts = Parts::uninit(y.spare_capacity_mut());
    let run = match (dims.has_short_rows(), relu) {
        (false, false) => rows::forward::<E, false>,
        (false, true) => rows::forward::<E, true>,
        (true, false) => columns::forward::<E, false>,
        (true, true) => columns::forward::<E, true>,
    };
    let statistics = run(&task, &parts);
    // SAFETY: every channel, and so every element, was written.
    unsafe { y.set_len(task.x.len()) };

    let mut rows = Vec::with_capacity(4 * dims.c);
    rows.extend(statistics.iter().map(|of| of.mean));
    rows.extend(statistics.iter().map(|of| of.residual));
    rows.extend(statistics.iter().map(|of| of.var));
    rows.extend(statistics.iter().map(|of| of.r));
    (tensor(y, x.layout().shape().clone()), tensor(rows, Shape::new([4, dims.c])))
}

fn backward<E: Number>(
    x: &FlexTensor,
    [gamma, beta, statistics]: &[FlexTensor; 3],
    dy: FlexTensor,
    relu: bool,
) -> (FlexTensor, FlexTensor, FlexTensor) {
    let dims = Dims::of(x);
    let task = Backward {
        x: x.storage::<E>(),
        dims,
        gamma: gamma.storage::<E::Wide>(),
        beta: beta.storage::<E::Wide>(),
        statistics: statistics.storage::<E::Wide>(),
    };
    let run = match (dims.has_short_rows(), relu) {
        (false, false) => rows::backward::<E, false>,
        (false, true) => rows::backward::<E, true>,
        (true, false) => columns::backward::<E, false>,
        (true, true) => columns::backward::<E, true>,
    };
    let mut dy = contiguous(dy);
    let (dx, gradients) = if let Some(given) = dy.try_storage_mut::<E>() {
        // Nobody else needs dy: dx takes its memory, which saves fetching as much memory for it.
        let gradients = run(&task, &Gradient::in_place(given));
        (dy, gradients)
    } else {
        let mut dx = Vec::<E>::with_capacity(task.x.len());
        let gradients = run(&task, &Gradient::apart(dy.storage(), dx.spare_capacity_mut()));
        // SAFETY: every channel, and so every element, was written.
        unsafe { dx.set_len(task.x.len()) };
        (tensor(dx, x.layout().shape().clone()), gradients)
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

fn tensor<E: Number>(values: Vec<E>, shape: Shape) -> FlexTensor {
    let dtype = E::dtype();
    debug_assert_eq!(statistics_dtype(dtype), <E::Wide as burn::tensor::Element>::dtype());
    FlexTensor::new(Bytes::from_elems(values), Layout::contiguous(shape), dtype)
}
