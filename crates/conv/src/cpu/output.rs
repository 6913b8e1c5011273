//! Where sums go, and what is added to them on the way.

use std::ops::Range;

use pulp::Simd;

use super::grid::Grid;
use super::real::Real;

/// What is added to each filter's output.
#[derive(Debug, Clone, Copy)]
pub(super) enum Addend<'a, T> {
    Nothing,
    /// One number per filter.
    PerFilter(&'a [T]),
    /// One number per filter and location.
    PerLocation(&'a [T]),
}

/// Neighbouring locations of one image, at most a register of them.
#[derive(Debug, Clone, Copy)]
pub(super) struct Written {
    /// The column of the sums for the first one.
    pub(super) at: usize,
    pub(super) len: usize,
    /// Where its image begins in the output.
    pub(super) image: usize,
    /// Where it lies in its image.
    pub(super) to: usize,
}

/// Memory for all filters at all locations of all images, which tasks share.
pub(super) struct Output<T> {
    pub(super) first: *mut T,
    /// Locations of the first filter.
    pub(super) grid: Grid,
    /// Distance of two filters.
    pub(super) plane: usize,
}

// SAFETY: tasks write by an unsafe method, whose callers promise that no two write to one location.
unsafe impl<T: Send> Sync for Output<T> {}

impl<T: Real> Output<T> {
    /// Writes `sums [filters, width]`, plus the addend, to the locations `pieces` of at most `ROWS` filters.
    ///
    /// # Safety
    /// The sums are that many and a register more, the memory is large enough, and no other task writes to these
    /// locations.
    #[inline(always)]
    pub(super) unsafe fn write<S: Simd, const ROWS: usize>(
        &self,
        simd: S,
        filters: Range<usize>,
        sums: *const T,
        width: usize,
        pieces: &[Written],
        addend: &Addend<T>,
    ) {
        for piece in pieces {
            let mask = T::rest(simd, piece.len);
            let place = |row: usize| (filters.start + row) * self.plane + piece.to;
            // All are read before any is written: addends and output are often as far apart as the processor mistakes
            // for the same.
            let mut values = [T::splat(simd, T::default()); ROWS];
            for (row, value) in values[..filters.len()].iter_mut().enumerate() {
                // SAFETY: within sums and addends.
                unsafe {
                    *value = T::load::<S>(sums.add(row * width + piece.at));
                    match *addend {
                        Addend::Nothing => {}
                        Addend::PerFilter(addends) => {
                            *value = T::sum(simd, *value, T::splat(simd, addends[filters.start + row]));
                        }
                        Addend::PerLocation(addends) => {
                            *value = T::sum(simd, *value, T::load_part(simd, mask, addends.as_ptr().add(place(row))));
                        }
                    }
                }
            }
            for (row, &value) in values[..filters.len()].iter().enumerate() {
                // SAFETY: within the memory, which is this task's.
                unsafe {
                    let to = self.first.add(piece.image + place(row));
                    if self.grid.step() > 1 {
                        self.spread::<S>(value, to, piece.len);
                    } else {
                        T::store_part(simd, mask, to, value);
                    }
                }
            }
        }
    }

    /// Writes the first numbers of a register at the grid's distances.
    ///
    /// # Safety
    /// There is room.
    unsafe fn spread<S: Simd>(&self, register: T::Register<S>, to: *mut T, len: usize) {
        for i in 0..len {
            // SAFETY: by the contract.
            unsafe { to.add(i * self.grid.step()).write(T::lane::<S>(&register, i)) };
        }
    }
}
