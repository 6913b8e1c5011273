//! Planes with zeros around them.

use std::borrow::Cow;
use std::ops::Range;

use super::real::Real;
use super::sizes::volume;

/// How planes are padded.
#[derive(Debug, Clone, Copy)]
pub(super) struct Padding {
    /// Size of a plane.
    pub(super) size: [usize; 3],
    /// Zeros before it.
    pub(super) before: [usize; 3],
    /// Size with all zeros.
    pub(super) padded: [usize; 3],
}

impl Padding {
    /// The planes with their zeros: themselves where nothing is padded.
    pub(super) fn apply<'a, T: Real>(&self, planes: &'a [T], which: Range<usize>) -> Cow<'a, [T]> {
        let plane = volume(self.size);
        let planes = &planes[which.start * plane..which.end * plane];
        if self.size == self.padded {
            return Cow::Borrowed(planes);
        }
        let mut all = Vec::with_capacity(which.len() * volume(self.padded));
        for plane in planes.chunks_exact(plane) {
            self.append(plane, &mut all);
        }
        Cow::Owned(all)
    }

    fn append<T: Real>(&self, plane: &[T], all: &mut Vec<T>) {
        let end = all.len() + volume(self.padded);
        let [_, height, width] = self.size;
        let start = |z: usize, y: usize| ((z + self.before[0]) * self.padded[1] + y + self.before[1]) * self.padded[2];
        let first = all.len();
        for (row, values) in plane.chunks_exact(width).enumerate() {
            all.resize(first + start(row / height, row % height) + self.before[2], T::default());
            all.extend_from_slice(values);
        }
        all.resize(end, T::default());
    }
}
