//! Planes with zeros around them.
//!
//! Where a convolution strides along the rows, the columns of one residue modulo the stride are brought together, so that
//! neighbouring locations read neighbouring elements at any stride:
//!
//! ```text
//! a row of 7 columns, stride 2     0 1 2 3 4 5 6 → 0 2 4 6 | 1 3 5 ·
//! ```

use std::borrow::Cow;
use std::ops::Range;

use pulp::Simd;
use untied_kernels::cpu::Real;

use crate::spec::volume;

/// Padding of planes.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Padding {
    /// Size of a plane.
    pub(crate) size: [usize; 3],
    /// Zeros before it.
    pub(crate) before: [usize; 3],
    /// Size in memory, with all zeros: a row is `residues` times as long as the columns of one of them.
    pub(crate) padded: [usize; 3],
    /// Residues of columns: 1 if they stay in their order.
    pub(crate) residues: usize,
    /// Residues, from the first on, that are read; the columns of the others stay zero.
    pub(crate) read: usize,
}

impl Padding {
    /// Padding of planes that stay in their order.
    pub(crate) fn in_order(size: [usize; 3], before: [usize; 3], padded: [usize; 3]) -> Self {
        Self { size, before, padded, residues: 1, read: 1 }
    }

    /// Offset in a row of a column, counted from the padding's first.
    pub(crate) fn column(&self, column: usize) -> usize {
        column % self.residues * (self.padded[2] / self.residues) + column / self.residues
    }

    /// Whether memory holds the planes as they are.
    pub(crate) fn is_none(&self) -> bool {
        self.residues == 1 && self.size == self.padded
    }

    /// Memory for so many planes, zeros as yet, and a register of zeros behind them.
    pub(crate) fn room<S: Simd, T: Real>(&self, _: S, planes: usize) -> Vec<T> {
        vec![T::ZERO; planes * volume(self.padded) + T::lanes::<S>()]
    }

    /// Writes planes to such memory, from its start on; the zeros around them stay.
    #[inline(always)]
    pub(crate) fn fill<S: Simd, T: Real>(&self, simd: S, planes: &[T], to: &mut [T]) {
        let [_, height, width] = self.size;
        let planes = planes.chunks_exact(volume(self.size)).zip(to.chunks_exact_mut(volume(self.padded)));
        for (plane, to) in planes {
            for (row, values) in plane.chunks_exact(width).enumerate() {
                let (z, y) = (row / height + self.before[0], row % height + self.before[1]);
                let to = &mut to[(z * self.padded[1] + y) * self.padded[2]..][..self.padded[2]];
                match self.residues {
                    1 => copy(simd, values, &mut to[self.before[2]..][..width]),
                    2 => self.by_residues::<2, T>(values, to),
                    3 => self.by_residues::<3, T>(values, to),
                    _ => self.by_residues::<0, T>(values, to),
                }
            }
        }
    }

    /// Writes a row, the columns of each residue together. `STEP` is the number of residues, or 0 if it isn't known yet.
    #[inline(always)]
    fn by_residues<const STEP: usize, T: Real>(&self, values: &[T], to: &mut [T]) {
        let step = if STEP == 0 { self.residues } else { STEP };
        for (residue, to) in to.chunks_exact_mut(self.padded[2] / self.residues).enumerate().take(self.read) {
            // Columns of padding before the first value.
            let before = self.before[2].saturating_sub(residue).div_ceil(step);
            let first = residue + before * step - self.before[2];
            let Some(values) = values.get(first..) else { continue };
            let whole = values.chunks_exact(step);
            let last = whole.remainder().first();
            let mut to = to[before..].iter_mut();
            for (values, to) in whole.zip(&mut to) {
                *to = values[0];
            }
            if let (Some(&value), Some(to)) = (last, to.next()) {
                *to = value;
            }
        }
    }

    /// The planes with their zeros, and a register of zeros behind: the planes themselves where nothing is padded.
    #[inline(always)]
    pub(crate) fn apply<'a, S: Simd, T: Real>(&self, simd: S, planes: &'a [T], which: Range<usize>) -> Cow<'a, [T]> {
        let plane = volume(self.size);
        let planes = &planes[which.start * plane..which.end * plane];
        if self.is_none() {
            return Cow::Borrowed(planes);
        }
        let mut all = self.room(simd, which.len());
        self.fill(simd, planes, &mut all);
        Cow::Owned(all)
    }
}

#[inline(always)]
fn copy<S: Simd, T: Real>(simd: S, from: &[T], to: &mut [T]) {
    let count = from.len().min(to.len());
    for at in (0..count).step_by(T::lanes::<S>()) {
        let mask = T::tail(simd, count - at);
        // SAFETY: within both slices.
        unsafe { T::store_part(simd, mask, to.as_mut_ptr().add(at), T::load_part(simd, mask, from.as_ptr().add(at))) };
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A row of so many columns, numbered from 1, with one zero at both ends, for a stride.
    fn row(columns: usize, residues: usize, read: usize) -> Vec<f64> {
        let padded = [1, 1, (columns + 2).next_multiple_of(residues)];
        let padding = Padding { size: [1, 1, columns], before: [0, 0, 1], padded, residues, read };
        let values: Vec<f64> = (1..=columns).map(|value| value as f64).collect();
        let mut all = padding.room(pulp::Scalar, 1);
        padding.fill(pulp::Scalar, &values, &mut all);
        for column in 0..columns {
            let residue = (column + 1) % residues;
            assert_eq!(all[padding.column(column + 1)], if residue < read { values[column] } else { 0.0 });
        }
        all
    }

    #[test]
    fn columns_of_one_residue_come_together() {
        assert_eq!(row(4, 1, 1), [0., 1., 2., 3., 4., 0., 0.]);
        assert_eq!(row(5, 2, 2), [0., 2., 4., 0., 1., 3., 5., 0., 0.]);
        assert_eq!(row(4, 2, 2), [0., 2., 4., 1., 3., 0., 0.]);
        assert_eq!(row(4, 2, 1), [0., 2., 4., 0., 0., 0., 0.]);
        assert_eq!(row(5, 3, 3), [0., 3., 0., 1., 4., 0., 2., 5., 0., 0.]);
        assert_eq!(row(1, 4, 3), [0., 1., 0., 0., 0.]);
        let _ = row(13, 5, 5);
    }
}
