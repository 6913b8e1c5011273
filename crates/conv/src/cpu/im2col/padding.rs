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
        let [depth, height, width] = self.size;
        let planes = planes.chunks_exact(volume(self.size)).zip(to.chunks_exact_mut(volume(self.padded)));
        for (plane, to) in planes {
            let mut rows = plane.chunks_exact(width);
            for z in 0..depth {
                let slice = (z + self.before[0]) * self.padded[1] + self.before[1];
                for (y, values) in rows.by_ref().take(height).enumerate() {
                    let to = &mut to[(slice + y) * self.padded[2]..][..self.padded[2]];
                    match self.residues {
                        1 => copy(simd, values, &mut to[self.before[2]..][..width]),
                        2 => self.by_residues::<2, T>(values, to),
                        3 => self.by_residues::<3, T>(values, to),
                        _ => self.by_residues::<0, T>(values, to),
                    }
                }
            }
        }
    }

    /// Writes a row, the columns of each residue together. `STEP` is the number of residues, or 0 if it isn't known yet.
    #[inline(always)]
    fn by_residues<const STEP: usize, T: Real>(&self, values: &[T], to: &mut [T]) {
        let step = if STEP == 0 { self.residues } else { STEP };
        for (residue, to) in to.chunks_exact_mut(self.padded[2] / step).enumerate().take(self.read) {
            // Columns of padding before the first value.
            let before = self.before[2].saturating_sub(residue).div_ceil(step);
            let first = residue + before * step - self.before[2];
            let Some(values) = values.get(first..) else { continue };
            let to = &mut to[before..];
            if STEP == 2 {
                halve(values, to);
            } else {
                for (value, to) in values.iter().step_by(step).zip(to) {
                    *to = *value;
                }
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

/// Copies every other value, from the first one on, so many at once that the compiler shuffles registers.
#[inline(always)]
fn halve<T: Real>(mut from: &[T], mut to: &mut [T]) {
    // Eight or four of so many neighbours.
    while let Some(block) = from.first_chunk::<15>() {
        let (some, rest) = to.split_first_chunk_mut::<8>().expect("room for every other value");
        *some = std::array::from_fn(|i| block[2 * i]);
        (from, to) = (from.get(16..).unwrap_or_default(), rest);
    }
    if let Some(block) = from.first_chunk::<7>() {
        let (some, rest) = to.split_first_chunk_mut::<4>().expect("room for every other value");
        *some = std::array::from_fn(|i| block[2 * i]);
        (from, to) = (from.get(8..).unwrap_or_default(), rest);
    }
    for (value, to) in from.iter().step_by(2).zip(to) {
        *to = *value;
    }
}

/// Copies as many as both hold.
#[inline(always)]
fn copy<S: Simd, T: Real>(simd: S, from: &[T], to: &mut [T]) {
    let (count, lanes) = (from.len().min(to.len()), T::lanes::<S>());
    // SAFETY: within both slices.
    unsafe {
        let (from, to) = (from.as_ptr(), to.as_mut_ptr());
        if count < lanes {
            let mask = T::tail(simd, count);
            T::store_part(simd, mask, to, T::load_part(simd, mask, from));
            return;
        }
        for at in (0..count).step_by(lanes) {
            // The last register ends with the row, and so writes some again.
            let at = at.min(count - lanes);
            T::store::<S>(to.add(at), T::load::<S>(from.add(at)));
        }
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
