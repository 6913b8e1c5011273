//! Sizes of one convolution, checked once: one type for every rank.

use burn::tensor::Shape;
use burn::tensor::ops::ConvOptions;

use crate::geometry::{Sizes, check_groups, fits};
use crate::{ConvError, Geometry, Side};

/// All sizes of a convolution over up to three spatial axes; they fit together, and memory can hold its tensors.
///
/// Axes that a lower rank lacks come first, with size 1, stride 1, dilation 1 and no padding: an image uses the last two.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ConvSpec {
    /// Spatial axes of the tensors.
    rank: usize,
    pub(crate) images: usize,
    /// Groups of channels that are convolved apart.
    pub(crate) groups: usize,
    /// Input channels of a group.
    pub(crate) channels_in: usize,
    /// Output channels, or filters, of a group.
    pub(crate) channels_out: usize,
    pub(crate) input: [usize; 3],
    pub(crate) kernel: [usize; 3],
    pub(crate) output: [usize; 3],
    /// Distance of two output locations in the input.
    pub(crate) stride: [usize; 3],
    /// Distance of two kernel elements in the input.
    pub(crate) dilation: [usize; 3],
    /// Zeros before and after the input.
    pub(crate) padding: [[usize; 2]; 3],
}

impl ConvSpec {
    /// For x `[n, channels_in, …]` and weight `[channels_out, channels_in/groups, kernel…]`.
    ///
    /// # Errors
    /// If a size other than the number of images is zero, or one too large for memory, the groups do not divide the channels, the weight has other channels
    /// than x, or the kernel is larger than the padded input.
    ///
    /// # Panics
    /// If x or the weight does not have D spatial axes, or D is not 1, 2 or 3.
    pub fn new<const D: usize>(x: &[usize], weight: &[usize], options: &ConvOptions<D>) -> Result<Self, ConvError> {
        let geometry = Geometry {
            kernel: spatial(weight),
            stride: options.stride,
            dilation: options.dilation,
            padding: options.padding.map(|(before, after)| Side::Explicit(before, after)),
        };
        Self::with_geometry(x, weight, &geometry, options.groups)
    }

    /// As [`new`](Self::new), with padding that may depend on the size of x.
    pub(crate) fn with_geometry<const D: usize>(
        x: &[usize],
        weight: &[usize],
        geometry: &Geometry<D>,
        groups: usize,
    ) -> Result<Self, ConvError> {
        assert!((1..=3).contains(&D), "convolution: expected one to three spatial axes, got {D}");
        let input = spatial::<D>(x);
        let ([n, channels_in], [channels_out, per_group]) = ([x[0], x[1]], [weight[0], weight[1]]);
        check_groups(groups, [channels_in, channels_out])?;
        if per_group != channels_in / groups {
            let expected = format!("[channels_out, {}, kernel...] for {channels_in} channels", channels_in / groups);
            return Err(ConvError::Shape { what: "a weight", expected, got: weight.to_vec() });
        }
        let Sizes { padding, padded, output } = geometry.sizes(input)?;
        fits("a padded input", &[&[n, channels_in], &padded[..]].concat())?;
        fits("an output", &[&[n, channels_out], &output[..]].concat())?;
        fits("a weight", weight)?;
        Ok(Self {
            rank: D,
            images: n,
            groups,
            channels_in: per_group,
            channels_out: channels_out / groups,
            input: last_axes(input, 1),
            kernel: last_axes(geometry.kernel, 1),
            output: last_axes(output, 1),
            stride: last_axes(geometry.stride, 1),
            dilation: last_axes(geometry.dilation, 1),
            padding: last_axes(padding.map(<[usize; 2]>::from), [0; 2]),
        })
    }

    /// The same for another number of images.
    pub(crate) fn with_images(self, images: usize) -> Self {
        Self { images, ..self }
    }

    /// Shape of x and dx: `[n, channels_in, …]`.
    #[must_use]
    pub fn x_shape(&self) -> Shape {
        self.shape([self.images, self.groups * self.channels_in], self.input)
    }

    /// Shape of the weight and its gradient: `[channels_out, channels_in/groups, kernel…]`.
    #[must_use]
    pub fn weight_shape(&self) -> Shape {
        self.shape([self.groups * self.channels_out, self.channels_in], self.kernel)
    }

    /// Shape of y and dy: `[n, channels_out, …]`.
    #[must_use]
    pub fn y_shape(&self) -> Shape {
        self.shape([self.images, self.groups * self.channels_out], self.output)
    }

    fn shape(&self, first: [usize; 2], spatial: [usize; 3]) -> Shape {
        Shape::from([&first, &spatial[3 - self.rank..]].concat())
    }

    /// Checks that a bias is `[channels_out, …]` with the size of the output or 1 along each axis.
    pub(crate) fn check_bias(&self, bias: &[usize]) -> Result<(), ConvError> {
        let (channels_out, output) = (self.groups * self.channels_out, &self.output[3 - self.rank..]);
        let shared_or_own = bias[1..].iter().zip(output).all(|(&got, &size)| got == 1 || got == size);
        if bias[0] == channels_out && bias.len() == 1 + self.rank && shared_or_own {
            return Ok(());
        }
        let spatial = output.iter().map(|size| if *size == 1 { ", 1".into() } else { format!(", {size}|1") });
        let expected = format!("[{channels_out}{}]", spatial.collect::<String>());
        Err(ConvError::Shape { what: "a bias", expected, got: bias.to_vec() })
    }

    /// In Burn's form, for three axes.
    pub(crate) fn options(&self) -> ConvOptions<3> {
        let padding = self.padding.map(|[before, after]| (before, after));
        ConvOptions::new_with_padding(self.stride, padding, self.dilation, self.groups)
    }

    /// Elements of a filter, and of the patch that it is multiplied by.
    pub(crate) fn patch(&self) -> usize {
        self.channels_in * volume(self.kernel)
    }

    /// Locations of the output.
    pub(crate) fn locations(&self) -> usize {
        volume(self.output)
    }
}

pub(crate) fn volume(size: [usize; 3]) -> usize {
    size.iter().product()
}

/// Spatial sizes of a tensor `[_, _, …]`.
fn spatial<const D: usize>(shape: &[usize]) -> [usize; D] {
    let axes = shape.get(2..).unwrap_or_default();
    axes.try_into().unwrap_or_else(|_| panic!("convolution: expected {D} spatial axes, got {shape:?}"))
}

/// The values of `D` axes as those of the last of three.
fn last_axes<T: Copy, const D: usize>(values: [T; D], lacking: T) -> [T; 3] {
    std::array::from_fn(|axis| if axis + D < 3 { lacking } else { values[axis + D - 3] })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lower_ranks_use_the_last_axes() {
        let image = ConvOptions::new_with_padding([2, 3], [(0, 1), (4, 5)], [6, 7], 8);
        let spec = ConvSpec::new(&[5, 16, 20, 30], &[24, 2, 3, 4], &image).expect("a convolution");
        assert_eq!((spec.stride, spec.dilation), ([1, 2, 3], [1, 6, 7]));
        assert_eq!(spec.padding, [[0, 0], [0, 1], [4, 5]]);
        assert_eq!((spec.input, spec.kernel, spec.output), ([1, 20, 30], [1, 3, 4], [1, 5, 6]));
        assert_eq!((spec.groups, spec.channels_in, spec.channels_out), (8, 2, 3));
        assert_eq!(spec.options().padding[1..], image.padding);
    }

    #[test]
    fn shapes_have_the_rank_of_the_tensors() {
        let options = ConvOptions::new_with_padding([3], [(2, 0)], [2], 1);
        let sequence = ConvSpec::new(&[5, 2, 9], &[4, 2, 3], &options).expect("a convolution");
        assert_eq!(sequence.x_shape().to_vec(), [5, 2, 9]);
        assert_eq!(sequence.weight_shape().to_vec(), [4, 2, 3]);
        assert_eq!(sequence.y_shape().to_vec(), [5, 4, 3]);
        let options = ConvOptions::new_with_padding([1, 2, 3], [(0, 0), (0, 1), (2, 0)], [1, 1, 2], 1);
        let volume = ConvSpec::new(&[5, 2, 7, 6, 9], &[4, 2, 2, 3, 3], &options).expect("a convolution");
        assert_eq!(volume.y_shape().to_vec(), [5, 4, 6, 3, 3]);
    }

    #[test]
    fn a_bias_has_the_size_of_the_output_or_1_along_each_axis() {
        let spec = ConvSpec::new(&[5, 2, 6, 9], &[4, 2, 3, 3], &ConvOptions::new([1, 1], [0, 0], [1, 1], 1)).unwrap();
        for bias in [[4, 1, 1], [4, 4, 1], [4, 1, 7], [4, 4, 7]] {
            assert_eq!(spec.check_bias(&bias), Ok(()));
        }
        for bias in [&[2, 1, 1][..], &[4, 6, 1], &[4, 1, 2], &[4, 1]] {
            assert!(matches!(spec.check_bias(bias), Err(ConvError::Shape { what: "a bias", .. })));
        }
    }
}
