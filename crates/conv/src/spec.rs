//! What a convolution does, its tensors aside: one type for every rank.

use burn::tensor::Shape;
use burn::tensor::ops::ConvOptions;

use crate::{Geometry, Side};

/// Stride, dilation, padding and groups of a convolution over up to three spatial axes.
///
/// Axes that a lower rank lacks come first, with stride 1, dilation 1 and no padding: an image uses the last two.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ConvSpec {
    /// Distance of two output locations in the input.
    pub stride: [usize; 3],
    /// Distance of two kernel elements in the input.
    pub dilation: [usize; 3],
    /// Zeros before and after the input.
    pub padding: [[usize; 2]; 3],
    /// Groups of channels that are convolved apart.
    pub groups: usize,
}

impl ConvSpec {
    /// `[n, channels_out, d'?, h'?, w']` for x `[n, channels_in, d?, h?, w]` and weight
    /// `[channels_out, channels_in/groups, kernel...]`.
    ///
    /// # Panics
    /// If there are not one to three spatial axes, a size is zero or too large for memory, or the kernel is larger than
    /// the padded input.
    #[must_use]
    pub fn output_shape(&self, x: &Shape, weight: &Shape) -> Shape {
        let output = self.geometry(weight).output_size(spatial(x)).unwrap_or_else(|error| panic!("{error}"));
        Shape::from([&[x[0], weight[0]], &output[5 - x.num_dims()..]].concat())
    }

    pub(crate) fn geometry(&self, weight: &[usize]) -> Geometry<3> {
        let Self { stride, dilation, .. } = *self;
        let padding = self.padding.map(|[before, after]| Side::Explicit(before, after));
        Geometry { kernel: spatial(weight), stride, dilation, padding }
    }

    /// The same for the last `D` axes, in Burn's form.
    pub(crate) fn options<const D: usize>(&self) -> ConvOptions<D> {
        let last = 3 - D;
        ConvOptions::new_with_padding(
            std::array::from_fn(|axis| self.stride[last + axis]),
            std::array::from_fn(|axis| self.padding[last + axis].into()),
            std::array::from_fn(|axis| self.dilation[last + axis]),
            self.groups,
        )
    }
}

/// Spatial sizes of a tensor `[_, _, …]`: those that a lower rank lacks come first, and are 1.
pub(crate) fn spatial(shape: &[usize]) -> [usize; 3] {
    assert!((3..=5).contains(&shape.len()), "convolution: expected one to three spatial axes, got {shape:?}");
    let lacking = 5 - shape.len();
    std::array::from_fn(|axis| if axis < lacking { 1 } else { shape[axis + 2 - lacking] })
}

impl<const D: usize> From<ConvOptions<D>> for ConvSpec {
    fn from(options: ConvOptions<D>) -> Self {
        let mut spec = Self { stride: [1; 3], dilation: [1; 3], padding: [[0; 2]; 3], groups: options.groups };
        for axis in 0..D {
            let at = 3 - D + axis;
            spec.stride[at] = options.stride[axis];
            spec.dilation[at] = options.dilation[axis];
            spec.padding[at] = options.padding[axis].into();
        }
        spec
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lower_ranks_use_the_last_axes() {
        let image = ConvOptions::new_with_padding([2, 3], [(0, 1), (4, 5)], [6, 7], 8);
        let spec = ConvSpec::from(image.clone());
        let padding = [[0, 0], [0, 1], [4, 5]];
        assert_eq!(spec, ConvSpec { stride: [1, 2, 3], dilation: [1, 6, 7], padding, groups: 8 });
        assert_eq!(spec.options::<2>(), image);
    }

    #[test]
    fn output_shapes_follow_the_last_axes() {
        let spec = ConvSpec { stride: [1, 2, 3], dilation: [1, 1, 2], padding: [[0, 0], [0, 1], [2, 0]], groups: 1 };
        let shape = |x: &[usize], weight: &[usize]| spec.output_shape(&Shape::from(x), &Shape::from(weight)).to_vec();
        assert_eq!(shape(&[5, 2, 9], &[4, 2, 3]), [5, 4, 3]);
        assert_eq!(shape(&[5, 2, 6, 9], &[4, 2, 3, 3]), [5, 4, 3, 3]);
        assert_eq!(shape(&[5, 2, 7, 6, 9], &[4, 2, 2, 3, 3]), [5, 4, 6, 3, 3]);
    }
}
