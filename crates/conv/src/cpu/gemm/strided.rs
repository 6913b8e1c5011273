//! Products whose outputs lie between each other's, a stride apart: those of the input's gradient, one for each residue.
//!
//! Each writes its own aside, where neighbours lie next to each other, and rows are put together from those, for a few images
//! that stay in the cache. They are padded once for all products.

use std::ops::Range;

use pulp::Simd;
use rayon::prelude::*;
use untied_kernels::cpu::{Parts, Real};

use super::column_blocks::ColumnBlocks;
use super::epilogue::{Addend, Output};
use super::interleave::put_together;
use super::product::Gemm;
use super::tasks::{images_together, tasks};
use super::tiles;
use crate::cpu::im2col::Patches;
use crate::cpu::im2col::locations::{Locations, Run};
use crate::cpu::simd::{self, Kernel, TileSizes};
use crate::spec::volume;

/// Elements of an image, and of its outputs, beyond which nothing would stay in a cache.
const IMAGE: usize = 1 << 20;

/// Products of the same images that write to the same outputs, without an addend.
pub(super) struct Strided<'a, T> {
    products: Vec<Product<'a, T>>,
    /// Where the outputs of each belong, in a plane.
    rows: Vec<Vec<Run>>,
    /// Images of a task.
    together: usize,
    /// Images that are computed before the next ones.
    few: usize,
}

struct Product<'a, T> {
    gemm: &'a Gemm<'a, T>,
    /// In planes that have been padded.
    patches: Patches,
    blocks: ColumnBlocks,
    /// Its outputs aside.
    aside: Locations,
}

impl<'a, T: Real> Strided<'a, T> {
    /// If neighbours in the output are no neighbours in memory, and there are images enough for all tasks, which are small
    /// enough.
    pub(super) fn new(gemms: &[&'a Gemm<'a, T>]) -> Option<Self> {
        let Gemm { images, output, patches, .. } = gemms.first()?;
        let image = patches.locations.image() + output.locations.image();
        if output.locations.step() == 1 || image > IMAGE {
            return None;
        }
        let lanes = TileSizes::of::<T>().lanes;
        let (mut products, mut rows, mut work) = (Vec::new(), Vec::new(), 0);
        for &gemm in gemms {
            let locations = &gemm.output.locations;
            let channels = gemm.weights.len() * gemm.weights[0].count;
            let aside = Locations::planes([1, 1, locations.count()], channels);
            let blocks = ColumnBlocks::new(gemm, &aside, lanes);
            work += blocks.all(*images) * lanes * gemm.weights.len() * gemm.weights[0].work();
            products.push(Product { gemm, patches: gemm.patches.of_padded(), blocks, aside });
            let mut own = Vec::new();
            locations.runs(0, locations.count(), &mut own);
            rows.push(own);
        }
        let period = products.iter().map(|product| product.blocks.period).max()?;
        let tasks = tasks(work);
        if tasks > *images || products.iter().any(|product| !period.is_multiple_of(product.blocks.period)) {
            return None;
        }
        let few = images_together(image, period);
        Some(Self { products, rows, together: images.div_ceil(tasks).next_multiple_of(period), few })
    }

    pub(super) fn run(&self) {
        let images = self.products[0].gemm.images;
        let run = |first: usize| simd::run(Task { of: self, images: first..images.min(first + self.together) });
        if self.together >= images {
            run(0);
        } else {
            (0..images).into_par_iter().step_by(self.together).for_each(run);
        }
    }
}

struct Task<'a, T> {
    of: &'a Strided<'a, T>,
    images: Range<usize>,
}

impl<T: Real> Kernel for Task<'_, T> {
    #[inline(always)]
    fn run<S: Simd, const MR: usize, const NR: usize, const MR_TALL: usize>(self, simd: S) {
        let Strided { ref products, ref rows, few, .. } = *self.of;
        let Gemm { source, patches: Patches { padding, channels, .. }, output, .. } = products[0].gemm;
        let few = few.min(self.images.len());
        let plane = channels * volume(padding.size);
        let mut padded = padding.room(simd, few * channels);
        let mut asides: Vec<Vec<T>> =
            products.iter().map(|product| vec![T::ZERO; few * product.aside.image()]).collect();
        for first in self.images.clone().step_by(few) {
            let images = first..self.images.end.min(first + few);
            padding.fill(simd, &source[images.start * plane..images.end * plane], &mut padded);
            for (product, aside) in products.iter().zip(&mut asides) {
                product.write(&padded, images.len(), aside);
            }
            let channels = output.locations.image() / output.plane;
            for (at, image) in images.enumerate() {
                for channel in 0..channels {
                    let plane = at * channels + channel;
                    let values = |product: usize| {
                        let count = products[product].aside.count();
                        &asides[product][plane * count..][..count]
                    };
                    // SAFETY: the plane is this task's.
                    unsafe {
                        let to = output.memory.pointer(image * output.locations.image() + channel * output.plane);
                        put_together(rows, output.locations.step(), values, to);
                    }
                }
            }
        }
    }
}

impl<T: Real> Product<'_, T> {
    /// Writes the outputs of some images, whose planes have been padded, aside.
    ///
    /// (Not inlined: it changes to the code for the machine's registers by itself.)
    #[inline(never)]
    fn write(&self, padded: &[T], images: usize, aside: &mut [T]) {
        let gemm = Gemm {
            source: padded,
            images,
            patches: &self.patches,
            weights: self.gemm.weights,
            addend: Addend::Nothing,
            output: Output { memory: &Parts::init(aside), locations: self.aside, plane: self.aside.count() },
            tail: None,
        };
        simd::run(tiles::Task::new(&gemm, &self.blocks, 0..self.blocks.all(images)));
    }
}
