//! The epilogue: sums are written to the output, and a bias is added on the way.

use std::ops::Range;

use pulp::Simd;
use untied_kernels::cpu::{Parts, Real};

use super::microkernel::Tile;
use crate::cpu::im2col::locations::Locations;

/// Bias, as it is added to each filter's output.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Addend<'a, T> {
    Nothing,
    /// One element per filter.
    PerFilter(&'a [T]),
    /// One element per filter and location.
    PerLocation(&'a [T]),
}

/// Neighbouring locations of one image, at most a register of them, that are written.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Target {
    /// Column of the sums for the first one.
    pub(crate) column: usize,
    pub(crate) len: usize,
    /// Start of its image in the output.
    pub(crate) image: usize,
    /// Its offset in its image.
    pub(crate) offset: usize,
    /// Whether a whole register may be written: what lies behind, the same task writes later.
    pub(crate) whole: bool,
}

impl Target {
    /// Whether a location, at a column of the sums and an offset in its image, is the next one.
    pub(crate) fn goes_on(&self, column: usize, image: usize, offset: usize) -> bool {
        self.column + self.len == column && self.image == image && self.offset + self.len == offset
    }
}

/// Memory for all filters at all locations of all images, which tasks share.
pub(crate) struct Output<'a, T> {
    pub(crate) memory: &'a Parts<'a, T>,
    /// Locations of the first filter.
    pub(crate) locations: Locations,
    /// Distance of two filters.
    pub(crate) plane: usize,
}

impl<T: Real> Output<'_, T> {
    /// Writes the sums of `MR` filters from `first` on, plus the addend: each register as a whole to its target.
    ///
    /// # Safety
    /// The memory is large enough, and no other task writes to these locations.
    #[inline(always)]
    pub(crate) unsafe fn write_tile<S: Simd, const MR: usize, const NR: usize>(
        &self,
        simd: S,
        first: usize,
        mut tile: Tile<S, T, MR, NR>,
        targets: &[Target; NR],
        addend: &Addend<T>,
    ) {
        let offset = |row: usize, target: &Target| (first + row) * self.plane + target.offset;
        // All addends are read before anything is written: they and the output are often as far apart as the processor
        // mistakes for the same.
        for (row, sums) in tile.iter_mut().enumerate() {
            match *addend {
                Addend::Nothing => {}
                Addend::PerFilter(addends) => {
                    let addend = T::splat(simd, addends[first + row]);
                    for sum in sums {
                        *sum = T::plus(simd, *sum, addend);
                    }
                }
                Addend::PerLocation(addends) => {
                    for (sum, target) in sums.iter_mut().zip(targets) {
                        let addends = &addends[offset(row, target)..][..T::lanes::<S>()];
                        // SAFETY: a register of them.
                        *sum = T::plus(simd, *sum, unsafe { T::load::<S>(addends.as_ptr()) });
                    }
                }
            }
        }
        for (row, sums) in tile.into_iter().enumerate() {
            for (sum, target) in sums.into_iter().zip(targets) {
                // SAFETY: within the memory, which is this task's.
                unsafe { T::store::<S>(self.memory.pointer(target.image + offset(row, target)), sum) };
            }
        }
    }

    /// Writes `sums [filters, width]`, plus the addend, to the locations `targets` of at most `MR` filters.
    ///
    /// # Safety
    /// The sums are that many and a register more, the memory is large enough, and no other task writes to these
    /// locations.
    #[inline(always)]
    pub(crate) unsafe fn write<S: Simd, const MR: usize>(
        &self,
        simd: S,
        filters: Range<usize>,
        sums: *const T,
        width: usize,
        targets: &[Target],
        addend: &Addend<T>,
    ) {
        for target in targets {
            let mask = T::tail(simd, target.len);
            let offset = |row: usize| (filters.start + row) * self.plane + target.offset;
            // All are read before any is written: addends and output are often as far apart as the processor mistakes
            // for the same. The loops are of MR rounds, known to the compiler, so that the values stay in registers.
            let mut values = [T::splat(simd, T::ZERO); MR];
            for (row, value) in values.iter_mut().enumerate() {
                if row < filters.len() {
                    // SAFETY: within sums and addends.
                    unsafe {
                        *value = T::load::<S>(sums.add(row * width + target.column));
                        match *addend {
                            Addend::Nothing => {}
                            Addend::PerFilter(addends) => {
                                *value = T::plus(simd, *value, T::splat(simd, addends[filters.start + row]));
                            }
                            Addend::PerLocation(addends) => {
                                let addend = T::load_part(simd, mask, addends.as_ptr().add(offset(row)));
                                *value = T::plus(simd, *value, addend);
                            }
                        }
                    }
                }
            }
            for (row, value) in values.into_iter().enumerate() {
                if row < filters.len() {
                    // SAFETY: within the memory, which is this task's.
                    unsafe {
                        let to = self.memory.pointer(target.image + offset(row));
                        if self.locations.step() > 1 {
                            self.store_each::<S>(value, to, target.len);
                        } else {
                            T::store_part(simd, if target.whole { None } else { mask }, to, value);
                        }
                    }
                }
            }
        }
    }

    /// Stores the first elements of a register apart, at the distance of neighbouring locations.
    ///
    /// (Not inlined: a register whose elements are looked at is kept in memory, which would hold up [`Self::write`].)
    ///
    /// # Safety
    /// There is room.
    #[inline(never)]
    pub(super) unsafe fn store_each<S: Simd>(&self, register: T::Register<S>, to: *mut T, len: usize) {
        for (i, &element) in T::elements::<S>(&register)[..len].iter().enumerate() {
            // SAFETY: by the contract.
            unsafe { to.add(i * self.locations.step()).write(element) };
        }
    }
}
