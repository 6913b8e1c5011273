//! Pooling of feature maps, and the padding of their borders and channels.

use burn::tensor::Tensor;
use burn::tensor::module::{avg_pool2d, max_pool2d};
use burn::tensor::ops::{AvgPoolOptions, ConvOptions, MaxPoolOptions, PadMode};
use untied_conv::{Geometry, Side};
use untied_redundancy::network::{Convolution, Fill, Padding, Pool, Pooling};

/// Pooling of feature maps `[n, c, h, w]`; maxima of 2×2 windows, and windows of one element, have a kernel of this project's own.
pub(in crate::model) fn pooled(pooling: &Pooling, x: Tensor<4>) -> Tensor<4> {
    let Pooling { pool, kernel, stride, padding } = *pooling;
    let pairs = padding.map(|[before, after]| (before, after));
    match pool {
        _ if kernel == [1, 1] && padding == [[0, 0]; 2] => untied_pool::subsample2d(x, stride),
        Pool::Max if *pooling == Pooling::new(Pool::Max, [2, 2]) => untied_pool::max_pool2d(x),
        Pool::Max => max_pool2d(x, MaxPoolOptions::new(kernel).with_stride(stride).with_padding_pairs(pairs)),
        Pool::Average { count_padding } => {
            let options = AvgPoolOptions::new(kernel).with_stride(stride).with_padding_pairs(pairs);
            avg_pool2d(x, options.with_count_include_pad(count_padding))
        }
    }
}

/// The input of a convolution with whatever padding is no zeros, and its geometry.
pub(in crate::model) fn fitted(convolution: &Convolution, x: Tensor<4>) -> (Tensor<4>, ConvOptions<2>) {
    let Convolution { stride, dilation, fill, groups, .. } = *convolution;
    let [_, _, height, width] = x.dims();
    let pairs = padding_pairs(convolution, [height, width]);
    match fill {
        Fill::Zero => (x, ConvOptions::new_with_padding(stride, pairs, dilation, groups)),
        Fill::Circular | Fill::Replicate => {
            let sides = pairs.map(|(before, after)| [before, after]);
            (surrounded(x, sides, fill), ConvOptions::new(stride, [0; 2], dilation, groups))
        }
    }
}

/// Rows above and below, columns left and right, that a convolution pads an input of this size by.
pub(crate) fn padding_pairs(convolution: &Convolution, size: [usize; 2]) -> [(usize, usize); 2] {
    let Convolution { kernel, stride, dilation, padding, .. } = *convolution;
    let padding = match padding {
        Padding::Valid => [Side::Valid; 2],
        Padding::Same => [Side::Same; 2],
        Padding::Explicit(pairs) => pairs.map(|[before, after]| Side::Explicit(before, after)),
    };
    let pairs = Geometry { kernel, stride, dilation, padding }.padding_pairs(size);
    pairs.expect("the network was planned for this size")
}

/// Feature maps with rows and columns around them: `sides` above and below, left and right.
fn surrounded(x: Tensor<4>, sides: [[usize; 2]; 2], fill: Fill) -> Tensor<4> {
    let [[above, below], [left, right]] = sides;
    match fill {
        Fill::Zero => x.pad((left, right, above, below), PadMode::Constant(0.0)),
        Fill::Replicate => x.pad((left, right, above, below), PadMode::Edge),
        Fill::Circular => wrapped(&wrapped(&x, 2, sides[0]), 3, sides[1]),
    }
}

/// The input from its other end on, along one axis, as often as it takes.
fn wrapped(x: &Tensor<4>, axis: usize, [before, after]: [usize; 2]) -> Tensor<4> {
    let size = x.dims()[axis];
    let part = |start: usize, length: usize| (length > 0).then(|| x.clone().narrow(axis, start, length));
    let whole = std::iter::repeat_n(x.clone(), before / size + 1 + after / size);
    let first = part(size - before % size, before % size);
    let last = part(0, after % size);
    Tensor::cat(first.into_iter().chain(whole).chain(last).collect(), axis)
}

/// Feature maps with channels of zeros around theirs.
pub(in crate::model) fn with_channels(x: Tensor<4>, before: usize, after: usize) -> Tensor<4> {
    x.pad([(before, after), (0, 0), (0, 0)], PadMode::Constant(0.0))
}

#[cfg(test)]
mod tests {
    use burn::tensor::{DType, Device, TensorData};
    use untied_gradcheck::{Arguments, GradCheck, Input};

    use super::*;
    use crate::model::tensors::host;

    const SHAPE: [usize; 4] = [2, 3, 4, 5];

    fn at(values: &[f64], [n, c, y, x]: [usize; 4], [_, channels, height, width]: [usize; 4]) -> f64 {
        values[((n * channels + c) * height + y) * width + x]
    }

    /// The values of a result, by its definition at each index.
    fn assert_defined(got: Tensor<4>, shape: [usize; 4], defined: impl Fn([usize; 4]) -> f64) {
        assert_eq!(got.dims(), shape);
        let [_, channels, height, width] = shape;
        for (index, got) in host(got).into_iter().enumerate() {
            let (rest, x) = (index / width, index % width);
            let (rest, y) = (rest / height, rest % height);
            let expected = defined([rest / channels, rest % channels, y, x]);
            assert!((got - expected).abs() < 1e-14, "at {index}: {got} instead of {expected}");
        }
    }

    fn input() -> (Vec<f64>, Tensor<4>) {
        let values = Input::random("x", SHAPE, 5).values;
        let x = Tensor::from_data(TensorData::new(values.clone(), SHAPE), (&Device::flex(), DType::F64));
        (values, x)
    }

    #[test]
    fn borders_are_filled_by_their_rule() {
        let (values, x) = input();
        for sides in [[[1, 1], [2, 1]], [[0, 2], [0, 0]], [[6, 9], [5, 11]]] {
            let shape = [2, 3, 4 + sides[0][0] + sides[0][1], 5 + sides[1][0] + sides[1][1]];
            for fill in [Fill::Zero, Fill::Circular, Fill::Replicate] {
                let defined = |[n, c, y, x]: [usize; 4]| {
                    let inside = |at: usize, before: usize, size: usize| {
                        let at = at as isize - before as isize;
                        match fill {
                            Fill::Zero => (0..size as isize).contains(&at).then_some(at as usize),
                            Fill::Circular => Some(at.rem_euclid(size as isize) as usize),
                            Fill::Replicate => Some(at.clamp(0, size as isize - 1) as usize),
                        }
                    };
                    match (inside(y, sides[0][0], 4), inside(x, sides[1][0], 5)) {
                        (Some(y), Some(x)) => at(&values, [n, c, y, x], SHAPE),
                        _ => 0.0,
                    }
                };
                assert_defined(surrounded(x.clone(), sides, fill), shape, defined);
            }
        }
    }

    #[test]
    fn channels_of_zeros_stand_around() {
        let (values, x) = input();
        for (before, after) in [(0, 0), (1, 2), (0, 1), (3, 0)] {
            let inside = |c: usize| (before..before + 3).contains(&c);
            let defined =
                |[n, c, y, x]: [usize; 4]| if inside(c) { at(&values, [n, c - before, y, x], SHAPE) } else { 0.0 };
            assert_defined(with_channels(x.clone(), before, after), [2, 3 + before + after, 4, 5], defined);
        }
    }

    #[test]
    fn pooling_is_its_definition() {
        let (values, x) = input();
        let padding = [[1, 0], [0, 1]];
        for pool in [Pool::Max, Pool::Average { count_padding: true }, Pool::Average { count_padding: false }] {
            for (kernel, stride) in [([2, 2], [1, 2]), ([3, 2], [2, 2])] {
                let pooling = Pooling { pool, kernel, stride, padding };
                let shape = [2, 3, (5 - kernel[0]) / stride[0] + 1, (6 - kernel[1]) / stride[1] + 1];
                let defined = |[n, c, y, x]: [usize; 4]| {
                    let taps = (0..kernel[0]).flat_map(|i| (0..kernel[1]).map(move |j| [i, j]));
                    let inside: Vec<f64> = taps
                        .filter_map(|[i, j]| {
                            let (y, x) = ((y * stride[0] + i).checked_sub(1)?, x * stride[1] + j);
                            (y < 4 && x < 5).then(|| at(&values, [n, c, y, x], SHAPE))
                        })
                        .collect();
                    match pool {
                        Pool::Max => inside.iter().copied().fold(f64::NEG_INFINITY, f64::max),
                        Pool::Average { count_padding: true } => {
                            inside.iter().sum::<f64>() / (kernel[0] * kernel[1]) as f64
                        }
                        Pool::Average { count_padding: false } => inside.iter().sum::<f64>() / inside.len() as f64,
                    }
                };
                assert_defined(pooled(&pooling, x.clone()), shape, defined);
            }
        }
    }

    #[test]
    fn gradients_are_those_of_finite_differences() {
        let inputs = [Input::random("x", SHAPE, 6)];
        let check = |function: &dyn Fn(Tensor<4>) -> Tensor<4>| {
            let function = |given: &Arguments| function(given.get::<4>("x"));
            GradCheck::default().check(function, &inputs, &Device::flex()).assert();
        };
        for fill in [Fill::Circular, Fill::Replicate] {
            check(&|x| surrounded(x, [[1, 2], [6, 0]], fill));
        }
        check(&|x| with_channels(x, 1, 2));
        for pool in [Pool::Max, Pool::Average { count_padding: true }, Pool::Average { count_padding: false }] {
            let pooling = Pooling { pool, kernel: [3, 2], stride: [2, 1], padding: [[1, 1], [0, 1]] };
            check(&|x| pooled(&pooling, x));
        }
    }
}
