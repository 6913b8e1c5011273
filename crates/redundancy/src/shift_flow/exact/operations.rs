//! The linear maps of operations, on shifts `[c, y, x]` in plain loops.

use super::Values;
use crate::network::{Convolution, Fill, NodeId, Pooling, Shape, Window};
use crate::{Layout, NormSpec};

/// The elements of each window along an axis that lie in the input, each with its index there.
type Taps = Vec<Vec<(usize, usize)>>;

fn taps(window: &Window, outputs: usize, fill: Fill) -> Taps {
    let of_window = |o| (0..window.kernel).filter_map(|k| Some((k, window.index(o, k, fill)?))).collect();
    (0..outputs).map(of_window).collect()
}

/// w ∗ x.
pub(super) fn convolution(
    convolution: &Convolution,
    weight: &[f64],
    x: &[f64],
    [channels_in, height, width]: Shape,
    [channels_out, rows, columns]: Shape,
) -> Vec<f64> {
    let [vertical, horizontal] = convolution.windows([channels_in, height, width]);
    let (down, across) = (taps(&vertical, rows, convolution.fill), taps(&horizontal, columns, convolution.fill));
    let [kernel_height, kernel_width] = convolution.kernel;
    let (inputs, outputs) = (channels_in / convolution.groups, channels_out / convolution.groups);
    let mut y = Vec::with_capacity(channels_out * rows * columns);
    for o in 0..channels_out {
        for (down, across) in down.iter().flat_map(|down| across.iter().map(move |across| (down, across))) {
            let mut sum = 0.0;
            for i in 0..inputs {
                let plane = (o / outputs * inputs + i) * height * width;
                for (ky, iy) in down {
                    for (kx, ix) in across {
                        let w = weight[((o * inputs + i) * kernel_height + ky) * kernel_width + kx];
                        sum += w * x[plane + iy * width + ix];
                    }
                }
            }
            y.push(sum);
        }
    }
    y
}

/// The means of windows.
pub(super) fn average(
    pooling: &Pooling,
    count_padding: bool,
    x: &[f64],
    [channels, height, width]: Shape,
    [_, rows, columns]: Shape,
) -> Vec<f64> {
    let [vertical, horizontal] = pooling.windows([channels, height, width]);
    let (down, across) = (taps(&vertical, rows, Fill::Zero), taps(&horizontal, columns, Fill::Zero));
    let mut y = Vec::with_capacity(channels * rows * columns);
    for plane in x.chunks_exact(height * width) {
        for (down, across) in down.iter().flat_map(|down| across.iter().map(move |across| (down, across))) {
            let elements = down.iter().flat_map(|(_, iy)| across.iter().map(move |(_, ix)| iy * width + ix));
            let count = if count_padding { vertical.kernel * horizontal.kernel } else { down.len() * across.len() };
            y.push(elements.map(|index| plane[index]).sum::<f64>() / count as f64);
        }
    }
    y
}

/// xᵀ·w for a weight `[in, out]`.
pub(super) fn linear(weight: &[f64], x: &[f64], features: usize) -> Vec<f64> {
    let mut y = vec![0.0; features];
    for (x, row) in x.iter().zip(weight.chunks_exact(features)) {
        y.iter_mut().zip(row).for_each(|(y, w)| *y += w * x);
    }
    y
}

pub(super) fn sum(inputs: &[&[f64]]) -> Vec<f64> {
    let mut y = inputs[0].to_vec();
    for x in &inputs[1..] {
        y.iter_mut().zip(*x).for_each(|(y, x)| *y += x);
    }
    y
}

/// The mean of each channel.
pub(super) fn channel_means(x: &[f64], [_, height, width]: Shape) -> Vec<f64> {
    let locations = height * width;
    x.chunks_exact(locations).map(|plane| plane.iter().sum::<f64>() / locations as f64).collect()
}

/// One value per channel at all locations.
pub(super) fn spread(values: &[f64], [_, height, width]: Shape) -> Vec<f64> {
    values.iter().flat_map(|&value| std::iter::repeat_n(value, height * width)).collect()
}

/// For each element the mean over its statistics set: of a batch whose images all have the same shift, that of one image.
pub(super) fn set_means(spec: &NormSpec, x: &[f64], [channels, height, width]: Shape) -> Vec<f64> {
    let element = |index: usize| [0, index / (height * width), index / width % height, index % width];
    let sets: Vec<usize> =
        (0..x.len()).map(|index| spec.statistics_set([channels, height, width], element(index))).collect();
    let (mut sums, mut counts) = (vec![0.0; x.len()], vec![0.0; x.len()]);
    for (&set, x) in sets.iter().zip(x) {
        sums[set] += x;
        counts[set] += 1.0;
    }
    sets.iter().map(|&set| sums[set] / counts[set]).collect()
}

/// γ·x/√(running variance + ε).
pub(super) fn scaled(spec: &NormSpec, values: &Values, id: NodeId, x: &[f64], [_, height, width]: Shape) -> Vec<f64> {
    let of = |layout: Option<Layout>, name: &'static str, index: usize| match layout? {
        Layout::Channel => values.get(id, name).get(index / (height * width)),
        Layout::Activation => values.get(id, name).get(index),
    };
    let factor = |index: usize| {
        let gamma = of(spec.gamma, "gamma", index).copied().unwrap_or(1.0);
        let variance = of(spec.running_layout(), "running_var", index).copied().unwrap_or(1.0);
        gamma / (variance + values.epsilon).sqrt()
    };
    x.iter().enumerate().map(|(index, x)| x * factor(index)).collect()
}
