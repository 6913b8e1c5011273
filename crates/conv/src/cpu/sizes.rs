//! The sizes of one convolution.

use crate::ConvSpec;
use crate::geometry::fits;
use crate::spec::spatial;

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
    ///
    /// # Panics
    /// If they do not fit together, or are too large for memory: the kernels write where these sizes tell them.
    pub(super) fn new(x: &[usize], y: &[usize], weight: &[usize], spec: &ConvSpec) -> Self {
        let geometry = spec.geometry(weight);
        let groups = spec.groups;
        let (input, output) = (spatial(x), spatial(y));
        let fit = x.len() == y.len()
            && x.len() == weight.len()
            && x[0] > 0
            && x[0] == y[0]
            && groups > 0
            && weight[1] > 0
            && weight[1].checked_mul(groups) == Some(x[1])
            && weight[0] > 0
            && weight[0] == y[1]
            && weight[0].is_multiple_of(groups)
            && geometry.output_size(input) == Ok(output);
        assert!(
            fit,
            "convolution: expected x [n, channels_in, size...], y [n, channels_out, output size...] and weight \
             [channels_out, channels_in/groups, kernel...], got {x:?}, {y:?} and {weight:?} for {spec:?}"
        );
        let padded = geometry.padded_size(input).expect("an output");
        let [x_padded, y_padded] = [x, y].map(|shape| [&shape[..2], &padded[..]].concat());
        for (what, sizes) in [("a padded input", &x_padded[..]), ("an output", &y_padded), ("a weight", weight)] {
            fits(what, sizes).unwrap_or_else(|error| panic!("{error}"));
        }
        Self {
            images: x[0],
            channels_in: weight[1],
            channels_out: weight[0] / groups,
            input,
            output,
            kernel: geometry.kernel,
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
