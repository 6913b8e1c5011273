//! The geometry of a convolution: padding and output size, apart from any computation.

mod padding;

pub use self::padding::{Padding, Side};
pub(crate) use self::padding::{burn_padding, undilated};
use crate::ConvError;

/// Kernel, stride, dilation and padding of a convolution over `D` spatial axes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Geometry<const D: usize> {
    /// Kernel size.
    pub kernel: [usize; D],
    /// Distance of two output locations in the input.
    pub stride: [usize; D],
    /// Distance of two kernel elements in the input.
    pub dilation: [usize; D],
    /// Zero padding.
    pub padding: [Side; D],
}

/// Sizes of a convolution of one input.
pub(crate) struct Sizes<const D: usize> {
    /// Zeros before and after the input.
    pub(crate) padding: [(usize, usize); D],
    /// Size of the input with its zeros.
    pub(crate) padded: [usize; D],
    pub(crate) output: [usize; D],
}

impl<const D: usize> Geometry<D> {
    /// Zeros before and after the input, per axis.
    ///
    /// # Errors
    /// If a size is zero, or too large for memory.
    pub fn padding_pairs(&self, input: [usize; D]) -> Result<[(usize, usize); D], ConvError> {
        self.check()?;
        positive("input size", &input)?;
        fits("an input", &input)?;
        let extents = self.extents()?;
        Ok(std::array::from_fn(|axis| match self.padding[axis] {
            Side::Valid => (0, 0),
            Side::Explicit(before, after) => (before, after),
            Side::Same => self.same(axis, input[axis], extents[axis]),
            Side::SameUndilated => self.same(axis, input[axis], self.kernel[axis]),
        }))
    }

    /// Zeros that make the output ⌈input/stride⌉ long along an axis, for a kernel of this extent.
    fn same(&self, axis: usize, input: usize, extent: usize) -> (usize, usize) {
        let steps = input.div_ceil(self.stride[axis]) - 1;
        let needed = steps * self.stride[axis] + extent;
        let total = needed.saturating_sub(input);
        (total / 2, total - total / 2)
    }

    /// Size of the output: ⌊(input + padding − extent)/stride⌋ + 1 per axis, with extent dilation·(kernel − 1) + 1.
    ///
    /// # Errors
    /// If a size is zero or too large for memory, or the kernel is larger than the padded input.
    pub fn output_size(&self, input: [usize; D]) -> Result<[usize; D], ConvError> {
        Ok(self.sizes(input)?.output)
    }

    /// All sizes for an input.
    pub(crate) fn sizes(&self, input: [usize; D]) -> Result<Sizes<D>, ConvError> {
        let padding = self.padding_pairs(input)?;
        // Saturated, it does not fit.
        let padded = |axis: usize| input[axis].saturating_add(padding[axis].0).saturating_add(padding[axis].1);
        let (padded, extents) = (std::array::from_fn(padded), self.extents()?);
        fits("a padded input", &padded)?;
        let mut output = [0; D];
        for axis in 0..D {
            let (kernel, input) = (extents[axis], padded[axis]);
            let room = input.checked_sub(kernel).ok_or(ConvError::KernelTooLarge { axis, kernel, input })?;
            output[axis] = room / self.stride[axis] + 1;
        }
        Ok(Sizes { padding, padded, output })
    }

    pub(crate) fn check(&self) -> Result<(), ConvError> {
        positive("kernel size", &self.kernel)?;
        positive("stride", &self.stride)?;
        positive("dilation", &self.dilation)
    }

    /// Kernel size, dilation included.
    fn extents(&self) -> Result<[usize; D], ConvError> {
        // Saturated, it does not fit.
        let extent = |axis: usize| self.dilation[axis].saturating_mul(self.kernel[axis] - 1).saturating_add(1);
        let extents = std::array::from_fn(extent);
        fits("a dilated kernel", &extents)?;
        Ok(extents)
    }
}

/// Elements of a tensor, at most: an allocation may have as many f64.
const ELEMENTS: usize = isize::MAX as usize / size_of::<f64>();

/// Checks that there can be a tensor of these sizes.
pub(crate) fn fits(what: &'static str, sizes: &[usize]) -> Result<(), ConvError> {
    let elements = sizes.iter().try_fold(1, |elements: usize, &size| elements.checked_mul(size));
    let fits = elements.is_some_and(|elements| elements <= ELEMENTS);
    if fits { Ok(()) } else { Err(ConvError::TooLarge { what, got: sizes.to_vec() }) }
}

pub(crate) fn positive(what: &'static str, sizes: &[usize]) -> Result<(), ConvError> {
    if sizes.contains(&0) { Err(ConvError::Zero { what, got: sizes.to_vec() }) } else { Ok(()) }
}

pub(crate) fn check_groups(groups: usize, channels: [usize; 2]) -> Result<(), ConvError> {
    positive("number of channels", &channels)?;
    positive("number of groups", &[groups])?;
    let [channels_in, channels_out] = channels;
    if channels_in % groups != 0 || channels_out % groups != 0 {
        return Err(ConvError::Groups { groups, channels_in, channels_out });
    }
    Ok(())
}

/// `[head..., tail...]`.
pub(crate) fn joined<const A: usize, const B: usize, const N: usize>(head: [usize; A], tail: [usize; B]) -> [usize; N] {
    std::array::from_fn(|at| if at < A { head[at] } else { tail[at - A] })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn output(kernel: usize, stride: usize, dilation: usize, padding: Side, input: usize) -> Result<usize, ConvError> {
        let geometry = Geometry { kernel: [kernel], stride: [stride], dilation: [dilation], padding: [padding] };
        geometry.output_size([input]).map(|[size]| size)
    }

    #[test]
    fn sizes_are_those_of_the_definition() {
        for (kernel, stride, dilation, padding, input, expected) in [
            (3, 1, 1, Side::Valid, 8, 6),
            (3, 1, 1, Side::Same, 8, 8),
            (4, 1, 1, Side::Same, 8, 8),
            (3, 2, 1, Side::Same, 7, 4),
            (3, 2, 1, Side::Same, 8, 4),
            (3, 1, 2, Side::Same, 8, 8),
            (3, 1, 2, Side::Valid, 8, 4),
            (1, 5, 1, Side::Valid, 8, 2),
            (3, 5, 1, Side::Valid, 8, 2),
            (3, 1, 1, Side::Explicit(0, 3), 8, 9),
            (8, 1, 1, Side::Valid, 8, 1),
        ] {
            let case = format!("kernel {kernel} stride {stride} dilation {dilation} {padding:?} input {input}");
            assert_eq!(output(kernel, stride, dilation, padding, input), Ok(expected), "{case}");
        }
    }

    #[test]
    fn impossible_sizes_are_errors() {
        let too_large = ConvError::KernelTooLarge { axis: 0, kernel: 9, input: 8 };
        assert_eq!(output(9, 1, 1, Side::Valid, 8), Err(too_large.clone()));
        assert_eq!(output(5, 1, 2, Side::Valid, 8), Err(too_large));
        for (kernel, stride, dilation, input) in [(0, 1, 1, 8), (1, 0, 1, 8), (1, 1, 0, 8), (1, 1, 1, 0)] {
            assert!(matches!(output(kernel, stride, dilation, Side::Valid, input), Err(ConvError::Zero { .. })));
        }
    }

    #[test]
    fn sizes_beyond_memory_are_errors() {
        for (kernel, stride, dilation, padding) in [
            (2, 1, usize::MAX, Side::Valid),
            (3, 1, usize::MAX / 2 + 1, Side::Same),
            (usize::MAX, 1, 1, Side::Same),
            (1, 1, 1, Side::Explicit(usize::MAX, 8)),
            (1, usize::MAX, 1, Side::Explicit(1 << 60, 0)),
        ] {
            let error = output(kernel, stride, dilation, padding, 8).unwrap_err();
            assert!(matches!(error, ConvError::TooLarge { .. }), "{error}");
        }
        let plane = Geometry { kernel: [1; 2], stride: [1; 2], dilation: [1; 2], padding: [Side::Valid; 2] };
        let got = vec![1 << 32; 2];
        assert_eq!(plane.output_size([1 << 32; 2]), Err(ConvError::TooLarge { what: "an input", got }));
        assert_eq!(output(1, usize::MAX, 1, Side::Same, 8), Ok(1));
    }

    #[test]
    fn padding_without_a_stride_is_an_error() {
        let geometry = Geometry { kernel: [4], stride: [0], dilation: [1], padding: [Side::Same] };
        assert_eq!(geometry.padding_pairs([8]), Err(ConvError::Zero { what: "stride", got: vec![0] }));
    }

    #[test]
    fn odd_padding_goes_to_the_end() {
        let geometry = Geometry { kernel: [4], stride: [1], dilation: [1], padding: [Side::Same] };
        assert_eq!(geometry.padding_pairs([8]), Ok([(1, 2)]));
    }
}
