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

use super::rows::Rows;
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
        let Self { size: [depth, height, width], before, padded: [_, rows, row], .. } = *self;
        let (plane, padded) = (volume(self.size), volume(self.padded));
        debug_assert!(plane > 0, "no axis of an input is empty");
        // Counted by addition: small planes are so many that dividing by their size shows.
        let (mut from, mut at) = (0, (before[0] * rows + before[1]) * row);
        while from + plane <= planes.len() {
            for z in 0..depth {
                let slice = &planes[from + z * height * width..][..height * width];
                let to = &mut to[at + z * rows * row..][..height * row];
                match self.residues {
                    1 => {
                        let to = &mut to[before[2]..][..height * row - before[2]];
                        let rows = Rows { count: height, width, from: width, to: row };
                        // SAFETY: as many rows as the slice has, whose room is as long.
                        unsafe { rows.copy(simd, slice.as_ptr(), to.as_mut_ptr()) };
                    }
                    2 => self.by_residues::<2, T>(slice, to),
                    3 => self.by_residues::<3, T>(slice, to),
                    _ => self.by_residues::<0, T>(slice, to),
                }
            }
            (from, at) = (from + plane, at + padded);
        }
    }

    /// Writes the rows of a slice, the columns of each residue together. `RESIDUES` is their number, or 0 if the compiler
    /// doesn't know it.
    #[inline(always)]
    fn by_residues<const RESIDUES: usize, T: Real>(&self, slice: &[T], to: &mut [T]) {
        let Self { size: [_, height, width], before, padded: [_, _, row], read, .. } = *self;
        let residues = if RESIDUES == 0 { self.residues } else { RESIDUES };
        for residue in 0..read {
            // Columns of padding before the first value.
            let skipped = before[2].saturating_sub(residue).div_ceil(residues);
            let first = residue + skipped * residues - before[2];
            let columns = width.saturating_sub(first).div_ceil(residues);
            if columns > 0 {
                let to = &mut to[residue * (row / residues) + skipped..];
                let rows = Rows { count: height, width: columns, from: width, to: row };
                // SAFETY: as many rows as the slice has, of which the last one too has so many columns, and room for them.
                unsafe { rows.copy_every(residues, slice[first..].as_ptr(), to.as_mut_ptr()) };
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
        // Blocks of eight and of four columns of one residue, and what is left.
        for columns in 6..70 {
            let _ = row(columns, 2, 2);
        }
    }
}
