//! The sizes of one convolution.

use crate::ConvSpec;

/// All sizes; channels are counted per group. Axes that a lower rank lacks come first, with size 1.
#[derive(Debug, Clone, Copy)]
pub(super) struct Sizes {
    pub(super) images: usize,
    pub(super) channels_in: usize,
    pub(super) channels_out: usize,
    pub(super) input: [usize; 3],
    pub(super) output: [usize; 3],
    pub(super) kernel: [usize; 3],
    pub(super) spec: ConvSpec,
}

impl Sizes {
    /// For x `[n, channels_in, …]`, y `[n, channels_out, …]` and weight `[channels_out, channels_in/groups, …]`.
    pub(super) fn new(x: &[usize], y: &[usize], weight: &[usize], spec: &ConvSpec) -> Self {
        let spatial = |shape: &[usize]| {
            let missing = 5 - shape.len();
            std::array::from_fn(|axis| if axis < missing { 1 } else { shape[axis + 2 - missing] })
        };
        Self {
            images: x[0],
            channels_in: weight[1],
            channels_out: weight[0] / spec.groups,
            input: spatial(x),
            output: spatial(y),
            kernel: spatial(weight),
            spec: *spec,
        }
    }

    /// Numbers of a filter, and of the patch that it is multiplied by.
    pub(super) fn patch(&self) -> usize {
        self.channels_in * volume(self.kernel)
    }

    pub(super) fn locations(&self) -> usize {
        volume(self.output)
    }
}

pub(super) fn volume(size: [usize; 3]) -> usize {
    size.iter().product()
}
