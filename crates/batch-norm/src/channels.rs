//! The channel axis of a `[n, c, ...]` tensor, in a backend's primitives.

use burn::backend::tensor::FloatTensor;
use burn::backend::{Backend, TensorMetadata};
use burn::tensor::{Shape, Slice};

/// Reductions to the channel axis and broadcasts from it.
#[derive(Clone)]
pub(crate) struct Channels {
    count: usize,
    values_per_channel: usize,
    broadcast: Shape,
}

impl Channels {
    pub(crate) fn of<B: Backend>(x: &FloatTensor<B>) -> Self {
        let shape = x.shape();
        let count = shape[1];
        let mut broadcast = vec![1; shape.num_dims()];
        broadcast[1] = count;
        Self { count, values_per_channel: shape.num_elements() / count, broadcast: Shape::from(broadcast) }
    }

    /// `[c]` → `[1, c, 1, ...]`.
    pub(crate) fn spread<B: Backend>(&self, per_channel: FloatTensor<B>) -> FloatTensor<B> {
        B::float_reshape(per_channel, self.broadcast.clone())
    }

    /// `[c]` → `[1, c]`.
    pub(crate) fn as_row<B: Backend>(&self, per_channel: FloatTensor<B>) -> FloatTensor<B> {
        B::float_reshape(per_channel, Shape::new([1, self.count]))
    }

    /// The first value of each channel: `[n, c, ...]` → `[c]`.
    pub(crate) fn first<B: Backend>(&self, x: FloatTensor<B>) -> FloatTensor<B> {
        let slices: Vec<Slice> = self.broadcast.iter().map(|&size| (0..size).into()).collect();
        B::float_reshape(B::float_slice(x, &slices), Shape::new([self.count]))
    }

    /// Mean over everything but the channel: `[n, c, ...]` → `[c]`.
    pub(crate) fn mean<B: Backend>(&self, x: FloatTensor<B>) -> FloatTensor<B> {
        B::float_reshape(B::float_mean_dim(self.rows::<B>(x), 1), Shape::new([self.count]))
    }

    /// Sum over everything but the channel: `[n, c, ...]` → `[c]`.
    pub(crate) fn sum<B: Backend>(&self, x: FloatTensor<B>) -> FloatTensor<B> {
        B::float_reshape(B::float_sum_dim(self.rows::<B>(x), 1), Shape::new([self.count]))
    }

    fn rows<B: Backend>(&self, x: FloatTensor<B>) -> FloatTensor<B> {
        B::float_reshape(B::float_swap_dims(x, 0, 1), Shape::new([self.count, self.values_per_channel]))
    }
}
