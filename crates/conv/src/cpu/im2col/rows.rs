//! Rows that are copied to rows of another distance, whole or some of their columns.
//!
//! Rows of small images are short, and there are very many: whatever is the same for all of them is told once, and the
//! compiler knows how many registers a row of usual width has.

use pulp::Simd;
use untied_kernels::cpu::Real;

/// Rows, as they lie in two places.
#[derive(Debug, Clone, Copy)]
pub(super) struct Rows {
    pub(super) count: usize,
    /// Elements of a row that are written.
    pub(super) width: usize,
    /// Distance of two rows where they are read.
    pub(super) from: usize,
    /// Distance of two rows where they are written.
    pub(super) to: usize,
}

impl Rows {
    /// Copies whole rows.
    ///
    /// # Safety
    /// They lie at `from`, and nobody else holds what lies at `to`.
    #[inline(always)]
    pub(super) unsafe fn copy<S: Simd, T: Real>(&self, _: S, from: *const T, to: *mut T) {
        let lanes = T::lanes::<S>();
        // SAFETY: by the contract; a block is at most as long as a row.
        unsafe {
            match self.width {
                width if width >= lanes => match width.div_ceil(lanes) {
                    1 => self.blocks::<T::Register<S>, T, 1>(from, to),
                    2 => self.blocks::<T::Register<S>, T, 2>(from, to),
                    4 => self.blocks::<T::Register<S>, T, 4>(from, to),
                    _ => self.long::<T::Register<S>, T>(from, to),
                },
                0 => {}
                1 => self.blocks::<[T; 1], T, 1>(from, to),
                2 => self.blocks::<[T; 2], T, 1>(from, to),
                3 => self.blocks::<[T; 2], T, 2>(from, to),
                4 => self.blocks::<[T; 4], T, 1>(from, to),
                5..=7 => self.blocks::<[T; 4], T, 2>(from, to),
                8 => self.blocks::<[T; 8], T, 1>(from, to),
                _ => self.blocks::<[T; 8], T, 2>(from, to),
            }
        }
    }

    /// Copies rows of so many blocks, whose last one ends with the row, and so is written twice in part.
    ///
    /// # Safety
    /// As [`Self::copy`]; a row has a block at least, and at most so many.
    #[inline(always)]
    unsafe fn blocks<B: Copy, T, const N: usize>(&self, from: *const T, to: *mut T) {
        let size = size_of::<B>() / size_of::<T>();
        let mut starts = [0; N];
        for (i, start) in starts.iter_mut().enumerate() {
            *start = (i * size).min(self.width - size);
        }
        for row in 0..self.count {
            for start in starts {
                // SAFETY: by the contract.
                unsafe { move_block::<B, T>(from.add(row * self.from + start), to.add(row * self.to + start)) };
            }
        }
    }

    /// The same of any number of blocks.
    ///
    /// # Safety
    /// As [`Self::copy`]; a row has a block at least.
    #[inline(always)]
    unsafe fn long<B: Copy, T>(&self, from: *const T, to: *mut T) {
        let size = size_of::<B>() / size_of::<T>();
        for row in 0..self.count {
            for start in (0..self.width).step_by(size) {
                let start = start.min(self.width - size);
                // SAFETY: by the contract.
                unsafe { move_block::<B, T>(from.add(row * self.from + start), to.add(row * self.to + start)) };
            }
        }
    }

    /// Copies every `step`-th column from the first one on, `width` of them.
    ///
    /// # Safety
    /// As [`Self::copy`], for these columns.
    #[inline(always)]
    pub(super) unsafe fn copy_every<T: Real>(&self, step: usize, from: *const T, to: *mut T) {
        for row in 0..self.count {
            // SAFETY: by the contract.
            unsafe {
                let (from, to) = (from.add(row * self.from), to.add(row * self.to));
                let mut done = 0;
                if step == 2 {
                    // So many at once that the compiler shuffles registers.
                    while done + 8 <= self.width {
                        halve::<T, 15, 8>(from.add(2 * done), to.add(done));
                        done += 8;
                    }
                    if done + 4 <= self.width {
                        halve::<T, 7, 4>(from.add(2 * done), to.add(done));
                        done += 4;
                    }
                }
                for column in done..self.width {
                    to.add(column).write(*from.add(step * column));
                }
            }
        }
    }
}

/// Copies a block of neighbours.
///
/// # Safety
/// A block lies at `from`, and there is room for it at `to`.
#[inline(always)]
pub(super) unsafe fn move_block<B: Copy, T>(from: *const T, to: *mut T) {
    // SAFETY: by the contract.
    unsafe { to.cast::<B>().write_unaligned(from.cast::<B>().read_unaligned()) };
}

/// Every other one of so many neighbours.
///
/// # Safety
/// As [`move_block`].
#[inline(always)]
unsafe fn halve<T: Real, const ALL: usize, const HALF: usize>(from: *const T, to: *mut T) {
    // SAFETY: by the contract.
    unsafe {
        let all = from.cast::<[T; ALL]>().read_unaligned();
        let mut half = [T::ZERO; HALF];
        for (i, value) in half.iter_mut().enumerate() {
            *value = all[2 * i];
        }
        to.cast::<[T; HALF]>().write_unaligned(half);
    }
}

#[cfg(test)]
mod tests {
    use pulp::WithSimd;
    use untied_kernels::cpu::dispatch;

    use super::*;

    /// Rows of every width, whole and by steps: what was to be written, and nothing else.
    struct EveryWidth<T>(T);

    impl<T: Real> WithSimd for EveryWidth<T> {
        type Output = ();

        #[inline(always)]
        fn with_simd<S: Simd>(self, simd: S) {
            for width in 0..70 {
                for step in 1..4 {
                    let rows = Rows { count: 3, width, from: width * step + 2, to: width + 5 };
                    // Nothing lies behind the last column, in case more is read.
                    let all = ((rows.count - 1) * rows.from + width * step).saturating_sub(step - 1);
                    let from: Vec<T> = (0..all).map(|i| T::from_f64(1.0 + i as f64)).collect();
                    let mut to = vec![T::ZERO; rows.count * rows.to];
                    // SAFETY: rows of both.
                    unsafe {
                        if step == 1 {
                            rows.copy(simd, from.as_ptr(), to.as_mut_ptr());
                        } else {
                            rows.copy_every(step, from.as_ptr(), to.as_mut_ptr());
                        }
                    }
                    for (i, value) in to.into_iter().enumerate() {
                        let (row, column) = (i / rows.to, i % rows.to);
                        let expected = if column < width { from[row * rows.from + column * step] } else { T::ZERO };
                        assert!(value == expected, "width {width}, step {step}, row {row}, column {column}");
                    }
                }
            }
        }
    }

    #[test]
    fn rows_are_copied_and_nothing_else() {
        dispatch(EveryWidth(0f32));
        dispatch(EveryWidth(0f64));
        EveryWidth(0f32).with_simd(pulp::Scalar);
        EveryWidth(0f64).with_simd(pulp::Scalar);
    }
}
