//! One portion's products of patches and dy, all elements of a patch with some filters.

use std::mem::MaybeUninit;
use std::ops::Range;

use pulp::Simd;
use untied_kernels::cpu::Real;

use super::bias::{BiasSums, Sharing};
use super::portions::Portion;
use super::transposed::{Transposed, WIDTH};
use super::weight::Shape;
use crate::ConvSpec;
use crate::cpu::gemm::microkernel::{self, Columns, Factors, Rows, Triples};
use crate::cpu::im2col::locations::{Locations, Run};
use crate::cpu::im2col::{Patches, Source};

/// The operands.
pub(super) struct Sweep<'a, T> {
    pub(super) spec: &'a ConvSpec,
    pub(super) patches: &'a Patches,
    pub(super) x: &'a [T],
    pub(super) dy: &'a [T],
    /// Sums of all filters.
    pub(super) shape: Shape,
}

/// Where the sums of some blocks of filters go.
#[derive(Clone, Copy)]
pub(super) struct Sums<T> {
    /// `[groups, some blocks, elements of a patch, columns]`
    pub(super) of_portion: *mut T,
    /// `[groups, all blocks, elements of a patch, columns]`, to which the portion's are added; those above are then no result.
    pub(super) total: Option<*mut T>,
}

/// Whether a patch's elements lie in threes next to each other, so that they need not be packed.
fn triples(spec: &ConvSpec) -> bool {
    spec.kernel[2] == 3 && spec.dilation[2] == 1 && spec.stride[2] == 1
}

impl<T: Real> Sweep<'_, T> {
    /// The sums for the bias, over a portion.
    #[inline(always)]
    pub(super) fn biases<S: Simd>(&self, simd: S, portion: &Portion, bias: Sharing) -> BiasSums<T> {
        let filters = self.spec.groups * self.spec.channels_out;
        BiasSums::new(simd, bias, self.dy, self.spec.locations(), filters, portion)
    }

    /// Writes the sums over a portion of some blocks of each group's filters, or adds them.
    ///
    /// # Safety
    /// There is room for these sums, which nobody else holds; the total is initialised.
    #[inline(always)]
    pub(super) unsafe fn all<S: Simd, const MR: usize>(
        &self,
        simd: S,
        portion: &Portion,
        of_blocks: Range<usize>,
        sums: Sums<T>,
    ) {
        // SAFETY: by the contract.
        unsafe {
            if self.shape.columns > T::lanes::<S>() {
                self.tiles::<S, MR, 2>(simd, portion, of_blocks, sums);
            } else {
                self.tiles::<S, MR, 1>(simd, portion, of_blocks, sums);
            }
        }
    }

    /// The same by tiles of MR × NR registers.
    ///
    /// # Safety
    /// As [`Self::all`].
    #[inline(always)]
    unsafe fn tiles<S: Simd, const MR: usize, const NR: usize>(
        &self,
        simd: S,
        Portion { images, locations }: &Portion,
        of_blocks: Range<usize>,
        Sums { of_portion, total }: Sums<T>,
    ) {
        let Self { spec, patches, shape, .. } = *self;
        let Shape { blocks, rows, columns, .. } = shape;
        let filters = of_blocks.start * columns..spec.channels_out.min(of_blocks.end * columns);
        let of_filter = Locations::planes([1, 1, spec.locations()], spec.groups * spec.channels_out);
        let mut transposed = Transposed::new(simd, of_blocks.len(), columns);
        // Packing may write a register beyond a row. Rows beyond the last element of a patch are multiplied too.
        let row_length = WIDTH + T::lanes::<S>();
        let triples = triples(spec);
        let mut panel = Vec::new();
        if !triples {
            panel.reserve_exact(rows * row_length);
            panel.spare_capacity_mut()[spec.patch() * row_length..rows * row_length].fill(MaybeUninit::new(T::ZERO));
        }
        let panel: *mut T = panel.as_mut_ptr();
        let (mut runs, mut spans, mut sources, mut places) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());

        let planes =
            patches.padding.apply(simd, self.x, images.start * patches.channels..images.end * patches.channels);
        let end = (images.len() - 1) * spec.locations() + locations.end;
        // WIDTH locations at a time, as many as keep panel and transposed dy in the cache; each adds to all sums.
        for first in (locations.start..end).step_by(WIDTH) {
            let width = WIDTH.min(end - first);
            let (begun, last) = (first > locations.start, first + width == end);
            patches.locations.runs(first, width, &mut runs);
            of_filter.runs(images.start * spec.locations() + first, width, &mut spans);
            sources.clear();
            places.clear();
            for run in &runs {
                places.extend((0..run.len).map(|at| run.image + run.start + at));
                sources.extend((0..run.len).step_by(T::lanes::<S>()).map(|at| Source {
                    column: run.at + at,
                    len: T::lanes::<S>().min(run.len - at),
                    start: run.image + run.start + at,
                }));
            }
            for group in 0..spec.groups {
                let planes = &planes[group * patches.group..];
                if !triples {
                    // SAFETY: the panel has room for these elements.
                    unsafe { patches.pack::<S, T>(planes, 0..spec.patch(), &sources, panel, row_length) };
                }
                for first in filters.clone().step_by(4) {
                    let few = first..filters.end.min(first + 4);
                    for span in &spans {
                        self.transpose(simd, group, few.clone(), filters.start, span, &mut transposed);
                    }
                }
                for block in of_blocks.clone() {
                    let at = block - of_blocks.start;
                    let dy = transposed.block(at);
                    for row in (0..rows).step_by(MR) {
                        let offset = |block: usize| (block * rows + row) * columns;
                        // SAFETY: panel, transposed and sums are as large as computed above, and patches lie within
                        // the planes.
                        unsafe {
                            let sums = of_portion.add(offset(group * of_blocks.len() + at));
                            let start = begun.then_some(sums.cast_const());
                            let total = total.filter(|_| last).map(|total| total.add(offset(group * blocks + block)));
                            if triples {
                                // Rows beyond the last element of a patch repeat its last ones.
                                let offset = |i: usize| patches.offsets[(row + 3 * i).min(spec.patch() - 3)];
                                let bases = std::array::from_fn(|i| planes.as_ptr().add(offset(i)));
                                let rows = Triples { bases, places: &places };
                                multiply::<S, T, _, MR, NR>(simd, width, &rows, &dy, start, sums, total);
                            } else {
                                let rows = Rows { first: panel.add(row * row_length), row: row_length, step: 1 };
                                multiply::<S, T, _, MR, NR>(simd, width, &rows, &dy, start, sums, total);
                            }
                        }
                    }
                }
            }
        }
    }

    /// Some filters' elements of dy, four filters' at once where there are as many, to columns counted from filter `zero`.
    #[inline(always)]
    fn transpose<S: Simd>(
        &self,
        simd: S,
        group: usize,
        filters: Range<usize>,
        zero: usize,
        span: &Run,
        to: &mut Transposed<T>,
    ) {
        let values = |filter: usize| {
            let plane = group * self.spec.channels_out + filter;
            &self.dy[span.image + span.start + plane * self.spec.locations()..][..span.len]
        };
        if to.takes_four() && filters.len() == 4 {
            let values = std::array::from_fn(|i| values(filters.start + i));
            to.write_four(simd, filters.start - zero, span.at, values);
        } else {
            for filter in filters {
                to.write(filter - zero, span.at, values(filter));
            }
        }
    }
}

/// Adds a tile's product to `start`, or else to zeros; and that to the total, or else writes it to `sums`.
///
/// # Safety
/// All are as large as [`microkernel::product`] wants them, the total is initialised, and nobody else holds either.
#[inline(always)]
unsafe fn multiply<S: Simd, T: Real, C: Columns<T>, const MR: usize, const NR: usize>(
    simd: S,
    k: usize,
    rows: &impl Factors<T>,
    columns: &C,
    start: Option<*const T>,
    sums: *mut T,
    total: Option<*mut T>,
) {
    // SAFETY: by the contract.
    unsafe {
        let tile = microkernel::product::<S, T, C, MR, NR>(simd, k, rows, columns, start);
        match total {
            None => microkernel::store::<S, T, MR, NR>(tile, sums),
            Some(total) => microkernel::add::<S, T, MR, NR>(simd, tile, total),
        }
    }
}
