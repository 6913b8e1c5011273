//! The normalizations, written entry by entry: each entry finds the others of its statistics set by itself.

use untied_redundancy::{BiasShape, Normalization};

use crate::dual::Dual;

pub(crate) const IMAGES: usize = 3;
/// Large, so that sets of two entries keep derivatives far above rounding.
const EPSILON: f64 = 0.1;

/// The index of the bias number that serves `channel` at the row-major `location`.
pub(crate) fn bias_index(shape: &BiasShape, channel: usize, mut location: usize) -> usize {
    let dimensions = shape.dimensions();
    let (mut index, mut stride) = (0, 1);
    for axis in (0..shape.spatial().len()).rev() {
        let size = shape.spatial()[axis];
        index += location % size % dimensions[axis + 1] * stride;
        stride *= dimensions[axis + 1];
        location /= size;
    }
    channel * stride + index
}

/// Whether two entries (n, c, l) share their statistics.
fn share(normalization: Normalization, channels: usize, a: [usize; 3], b: [usize; 3]) -> bool {
    match normalization {
        Normalization::None | Normalization::BatchFrozen => a == b,
        Normalization::BatchPerChannel => a[1] == b[1],
        Normalization::BatchPerActivation => a[1..] == b[1..],
        Normalization::Instance => a[..2] == b[..2],
        Normalization::Group { groups } => a[0] == b[0] && a[1] / (channels / groups) == b[1] / (channels / groups),
        Normalization::Layer | Normalization::Rms => a[0] == b[0],
    }
}

fn mean(values: &[Dual]) -> Dual {
    values.iter().copied().sum::<Dual>() / Dual::constant(values.len() as f64)
}

fn normalize_entry(normalization: Normalization, z: Dual, set: &[Dual]) -> Dual {
    let square =
        |values: &[Dual], centre: Dual| values.iter().map(|&v| (v - centre) * (v - centre)).collect::<Vec<_>>();
    let (centre, variance) = match normalization {
        Normalization::None => return z,
        Normalization::BatchFrozen => (Dual::constant(0.3), Dual::constant(1.7)),
        Normalization::Rms => (Dual::constant(0.0), mean(&square(set, Dual::constant(0.0)))),
        _ => (mean(set), mean(&square(set, mean(set)))),
    };
    (z - centre) / (variance + Dual::constant(EPSILON)).sqrt()
}

/// The normalized `z` of dimensions [`IMAGES`, `channels`, `locations`].
pub(crate) fn normalize(normalization: Normalization, channels: usize, locations: usize, z: &[Dual]) -> Vec<Dual> {
    let position = |i: usize| [i / locations / channels, i / locations % channels, i % locations];
    let set = |i| -> Vec<Dual> {
        let of_set = |&j: &usize| share(normalization, channels, position(i), position(j));
        (0..z.len()).filter(of_set).map(|j| z[j]).collect()
    };
    (0..z.len()).map(|i| normalize_entry(normalization, z[i], &set(i))).collect()
}
