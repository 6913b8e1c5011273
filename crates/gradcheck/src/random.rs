//! Random values, the same for the same seed.

use burn::tensor::{DType, Device, Tensor, TensorData};
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

/// Purpose of random values: an input and a cotangent of equal seeds must not be equal, since batch norm's ∂x is zero
/// under the cotangent x.
#[derive(Clone, Copy)]
pub(crate) enum Stream {
    Input,
    Cotangent,
}

/// Values drawn uniformly from [−1, 1), the same for the same seed and stream.
pub(crate) fn random_values(count: usize, seed: u64, stream: Stream) -> Vec<f64> {
    let mut generator = ChaCha8Rng::seed_from_u64(seed);
    generator.set_stream(stream as u64);
    (0..count).map(|_| generator.random_range(-1.0..1.0)).collect()
}

/// A random cotangent R for an output of the given shape, in f64.
///
/// Random, since an all-ones one hides bugs: batch norm's ∂x under it is zero, whatever the backward leaves out.
#[must_use]
pub fn random_cotangent<const D: usize>(shape: [usize; D], seed: u64, device: &Device) -> Tensor<D> {
    let values = random_values(shape.iter().product(), seed, Stream::Cotangent);
    Tensor::from_data(TensorData::new(values, shape), (device, DType::F64))
}
