//! Zeros around the input of a convolution.

use burn::nn::{PaddingConfig1d, PaddingConfig2d, PaddingConfig3d};
use serde::{Deserialize, Serialize};

/// Padding of one axis.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Side {
    /// As much as makes the output ⌈input/stride⌉ long, dilation taken into account; the odd one at the end.
    ///
    /// (Burn's own `Same` forgets dilation: its output is shorter where there is one.)
    Same,
    /// Burn's own `Same`: as much as would make the output ⌈input/stride⌉ long if the kernel were not dilated. What
    /// Burn's configurations and layers become where they have both.
    SameUndilated,
    /// None: the kernel stays inside the input.
    Valid,
    /// Given numbers of zeros before and after.
    Explicit(usize, usize),
}

/// Padding of every axis: one [`Side`] for all or one for each, or Burn's `PaddingConfig1d` to `3d`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Padding<const D: usize>(pub [Side; D]);

impl<const D: usize> From<Side> for Padding<D> {
    fn from(side: Side) -> Self {
        Self([side; D])
    }
}

impl<const D: usize> From<[Side; D]> for Padding<D> {
    fn from(sides: [Side; D]) -> Self {
        Self(sides)
    }
}

/// Burn's paddings, whose `Same` forgets dilation.
pub(crate) fn undilated<const D: usize>(padding: [Side; D], dilation: [usize; D]) -> [Side; D] {
    std::array::from_fn(|axis| match padding[axis] {
        Side::Same if dilation[axis] != 1 => Side::SameUndilated,
        side => side,
    })
}

/// One of Burn's paddings, if this is one: `all` of them alike, or the zeros of each axis.
pub(crate) fn burn_padding<const D: usize, P>(
    padding: [Side; D],
    dilation: [usize; D],
    [same, valid]: [P; 2],
    explicit: impl Fn([(usize, usize); D]) -> Option<P>,
) -> Option<P> {
    let is_same = |axis| match padding[axis] {
        Side::SameUndilated => true,
        Side::Same => dilation[axis] == 1,
        _ => false,
    };
    if (0..D).all(is_same) {
        return Some(same);
    }
    if padding == [Side::Valid; D] {
        return Some(valid);
    }
    let mut zeros = [(0, 0); D];
    for (zeros, side) in zeros.iter_mut().zip(padding) {
        *zeros = match side {
            Side::Valid => (0, 0),
            Side::Explicit(before, after) => (before, after),
            Side::Same | Side::SameUndilated => return None,
        };
    }
    explicit(zeros)
}

impl From<PaddingConfig1d> for Padding<1> {
    fn from(padding: PaddingConfig1d) -> Self {
        match padding {
            PaddingConfig1d::Same => Side::Same.into(),
            PaddingConfig1d::Valid => Side::Valid.into(),
            PaddingConfig1d::Explicit(left, right) => Self([Side::Explicit(left, right)]),
        }
    }
}

impl From<PaddingConfig2d> for Padding<2> {
    fn from(padding: PaddingConfig2d) -> Self {
        match padding {
            PaddingConfig2d::Same => Side::Same.into(),
            PaddingConfig2d::Valid => Side::Valid.into(),
            PaddingConfig2d::Explicit(top, left, bottom, right) => {
                Self([Side::Explicit(top, bottom), Side::Explicit(left, right)])
            }
        }
    }
}

impl From<PaddingConfig3d> for Padding<3> {
    fn from(padding: PaddingConfig3d) -> Self {
        match padding {
            PaddingConfig3d::Same => Side::Same.into(),
            PaddingConfig3d::Valid => Side::Valid.into(),
            PaddingConfig3d::Explicit(depth, height, width) => {
                Self([depth, height, width].map(|size| Side::Explicit(size, size)))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn burns_own_paddings_keep_their_order() {
        assert_eq!(Padding::from(PaddingConfig1d::Explicit(1, 2)), Padding([Side::Explicit(1, 2)]));
        let top_left_bottom_right = PaddingConfig2d::Explicit(1, 2, 3, 4);
        assert_eq!(Padding::from(top_left_bottom_right), Padding([Side::Explicit(1, 3), Side::Explicit(2, 4)]));
        assert_eq!(Padding::from(PaddingConfig3d::Explicit(1, 2, 3)), Padding([1, 2, 3].map(|p| Side::Explicit(p, p))));
        assert_eq!(Padding::from(PaddingConfig2d::Same), Padding::from(Side::Same));
        assert_eq!(Padding::from(PaddingConfig3d::Valid), Padding([Side::Valid; 3]));
    }
}
