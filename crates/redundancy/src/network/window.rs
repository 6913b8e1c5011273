/// The content of a convolution's padding.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fill {
    /// Zeros.
    Zero,
    /// The input from its other end on.
    Circular,
    /// The elements of the border.
    Replicate,
}

/// The windows of a convolution or of pooling along one axis: element k of window o lies at o·stride + k·dilation − before.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Window {
    pub(crate) kernel: usize,
    pub(crate) stride: usize,
    pub(crate) dilation: usize,
    pub(crate) before: usize,
    pub(crate) after: usize,
    pub(crate) input: usize,
}

impl Window {
    /// Windows over an input of this size; without given padding, the output is ⌈input/stride⌉ long.
    pub(super) fn new(
        kernel: usize,
        stride: usize,
        dilation: usize,
        padding: Option<[usize; 2]>,
        input: usize,
    ) -> Self {
        let unpadded = Self { kernel, stride, dilation, before: 0, after: 0, input };
        let same = || {
            let steps = input.div_ceil(stride.max(1)).saturating_sub(1);
            let total = steps.saturating_mul(stride).saturating_add(unpadded.extent()).saturating_sub(input);
            [total / 2, total - total / 2]
        };
        let [before, after] = padding.unwrap_or_else(same);
        Self { before, after, ..unpadded }
    }

    /// The length of a window, gaps included: dilation·(kernel − 1) + 1.
    pub(super) fn extent(&self) -> usize {
        self.kernel.saturating_sub(1).saturating_mul(self.dilation).saturating_add(1)
    }

    /// The number of windows: ⌊(input + padding − extent)/stride⌋ + 1; none where no window fits.
    pub(crate) fn output(&self) -> Option<usize> {
        let padded = self.input.saturating_add(self.before).saturating_add(self.after);
        Some(padded.checked_sub(self.extent())? / self.stride + 1)
    }

    /// The index of the input at element k of window o; none in zero padding.
    pub(crate) fn index(&self, o: usize, k: usize, fill: Fill) -> Option<usize> {
        let at = (o * self.stride + k * self.dilation).checked_signed_diff(self.before)?;
        let last = self.input as isize - 1;
        let inside = match fill {
            Fill::Zero => at,
            Fill::Circular => at.rem_euclid(self.input as isize),
            Fill::Replicate => at.clamp(0, last),
        };
        (0..=last).contains(&inside).then_some(inside as usize)
    }

    /// The elements of window o that lie in the input: the first, and the one behind the last.
    fn inside(&self, o: usize) -> [usize; 2] {
        let start = o * self.stride;
        let first = self.before.saturating_sub(start).div_ceil(self.dilation);
        let end = (self.before + self.input).saturating_sub(start).div_ceil(self.dilation);
        [first, end.min(self.kernel)]
    }

    /// Whether some element of all windows lies in the input.
    pub(crate) fn has_inner_element(&self) -> bool {
        let last = self.output().map_or(0, |count| count - 1);
        (0..self.kernel).any(|k| [0, last].iter().all(|&o| self.index(o, k, Fill::Zero).is_some()))
    }

    /// Whether the same elements of every window lie in the input, so that a constant input gives a constant output.
    pub(crate) fn is_uniform(&self) -> bool {
        // Both ends move one way with the window.
        self.output().is_none_or(|count| self.inside(0) == self.inside(count - 1))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn uniform_windows_are_those_that_see_the_same_elements() {
        for case in 0..3 * 3 * 2 * 4 * 4 * 6 {
            let digit = |divisor: usize, base: usize| case / divisor % base;
            let (kernel, stride, dilation) = (digit(1, 3) + 1, digit(3, 3) + 1, digit(9, 2) + 1);
            let (before, after, input) = (digit(18, 4), digit(72, 4), digit(288, 6) + 1);
            let window = Window { kernel, stride, dilation, before, after, input };
            let Some(count) = window.output() else { continue };
            let seen = |o| (0..kernel).filter(|&k| window.index(o, k, Fill::Zero).is_some()).collect::<Vec<_>>();
            let expected = (0..count).all(|o| seen(o) == seen(0));
            // Windows that see nothing at all may differ in which nothing they see.
            if (0..count).all(|o| !seen(o).is_empty()) {
                assert_eq!(window.is_uniform(), expected, "{window:?}");
            }
            assert!(expected || !window.is_uniform(), "{window:?}");
        }
    }

    #[test]
    fn padding_is_filled_by_its_rule() {
        let window = Window { kernel: 3, stride: 1, dilation: 1, before: 1, after: 1, input: 4 };
        let row = |fill| [0, 1, 2].map(|k| window.index(0, k, fill));
        assert_eq!(row(Fill::Zero), [None, Some(0), Some(1)]);
        assert_eq!(row(Fill::Circular), [Some(3), Some(0), Some(1)]);
        assert_eq!(row(Fill::Replicate), [Some(0), Some(0), Some(1)]);
        assert_eq!(window.index(3, 2, Fill::Replicate), Some(3));
    }
}
