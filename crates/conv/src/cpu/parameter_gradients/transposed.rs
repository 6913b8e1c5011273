//! dy, transposed: filters side by side, the columns of the gradient of the weight.

use pulp::Simd;
use untied_kernels::cpu::{Real, lanes_of_fours};

use crate::cpu::gemm::microkernel::Panel;

/// Locations that are multiplied at once.
pub(super) const WIDTH: usize = 96;

/// Elements of dy at up to [`WIDTH`] locations, `[blocks of filters, locations, columns]`.
pub(super) struct Transposed<T> {
    elements: Vec<T>,
    columns: usize,
    /// Lanes, in the order in which four registers are put together.
    lanes: Vec<usize>,
}

impl<T: Real> Transposed<T> {
    #[inline(always)]
    pub(super) fn new<S: Simd>(simd: S, blocks: usize, columns: usize) -> Self {
        let elements = vec![T::ZERO; blocks * WIDTH * columns];
        Self { elements, columns, lanes: lanes_of_fours::<S, T>(simd) }
    }

    /// The columns of a block.
    pub(super) fn block(&self, block: usize) -> Panel<T> {
        Panel { first: self.elements[block * WIDTH * self.columns..].as_ptr(), step: self.columns }
    }

    /// A filter's column, from a location on.
    #[inline(always)]
    fn column(&mut self, filter: usize, location: usize) -> &mut [T] {
        let Self { ref mut elements, columns, .. } = *self;
        &mut elements[(filter / columns * WIDTH + location) * columns + filter % columns..]
    }

    /// Writes a filter's elements from a location on.
    #[inline(always)]
    pub(super) fn write(&mut self, filter: usize, location: usize, values: &[T]) {
        let columns = self.columns;
        for (to, value) in self.column(filter, location).iter_mut().step_by(columns).zip(values) {
            *to = *value;
        }
    }

    /// Whether there are columns for [`Self::write_four`].
    pub(super) fn takes_four(&self) -> bool {
        self.columns.is_multiple_of(4)
    }

    /// Writes the elements, equally many, of four filters from one on whose number four divides.
    #[inline(always)]
    pub(super) fn write_four<S: Simd>(&mut self, simd: S, filter: usize, location: usize, values: [&[T]; 4]) {
        let (columns, lanes) = (self.columns, T::lanes::<S>());
        let count = values[0].len();
        let registers = count / lanes * lanes;
        for at in (0..registers).step_by(lanes) {
            let some = values.map(|values| values[at..][..lanes].as_ptr());
            // SAFETY: a register of values each.
            let groups = T::by_fours(simd, some.map(|values| unsafe { T::load::<S>(values) }));
            let groups = T::fours::<S>(&groups);
            // Known to be as many, so that the compiler unrolls the loop.
            let of = &self.lanes[..groups.len()];
            let to = self.elements[(filter / columns * WIDTH + location + at) * columns + filter % columns..]
                [..(lanes - 1) * columns + 4]
                .as_mut_ptr();
            for (group, lane) in groups.iter().zip(of) {
                // SAFETY: a lane is less than their number.
                unsafe { to.add(lane * columns).cast::<[T; 4]>().write_unaligned(*group) };
            }
        }
        let to = self.column(filter, location);
        for at in registers..count {
            for (i, values) in values.iter().enumerate() {
                to[at * columns + i] = values[at];
            }
        }
    }
}
