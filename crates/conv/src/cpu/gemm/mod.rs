//! GEMM: the product of weights and patches that is the output of a convolution, or the gradient of its input.

pub(crate) mod column_blocks;
pub(crate) mod epilogue;
mod interleave;
pub(crate) mod microkernel;
pub(crate) mod packed_weights;
mod product;
mod single_filter;
mod strided;
pub(crate) mod tail;
mod tasks;
mod tiles;

use std::ops::Range;

use rayon::prelude::*;
use untied_kernels::cpu::Real;

pub(crate) use product::Gemm;

use column_blocks::ColumnBlocks;
use single_filter::SingleFilter;
use strided::Strided;
use tasks::{images_together, tasks};
use tiles::Task;

use super::simd::{self, TileSizes};

/// Computes products of the same images that write to the same outputs, in parallel where it pays. Each output element
/// is computed by one task: results do not depend on the number of threads.
pub(crate) fn run<T: Real>(gemms: &[Gemm<T>]) {
    let gemms: Vec<_> = gemms.iter().filter(|gemm| !gemm.weights.is_empty() && gemm.images > 0).collect();
    if let Some(single) = SingleFilter::new(&gemms) {
        return single.run();
    }
    if let Some(strided) = Strided::new(&gemms) {
        return strided.run();
    }
    let plans: Vec<_> = gemms.iter().map(|gemm| Plan::new(gemm)).collect();
    let Some(period) = plans.iter().map(Plan::period).max() else { return };
    let images = gemms[0].images;
    let tasks = tasks(plans.iter().map(Plan::work).sum());
    let together = images.div_ceil(tasks).next_multiple_of(period);
    // Several products go over some images after the other, or else one product after the other over all.
    if plans.len() == 1 || tasks > images || plans.iter().any(|plan| !period.is_multiple_of(plan.period())) {
        plans.iter().for_each(Plan::run);
        return;
    }
    let image = gemms[0].patches.locations.image() + gemms[0].output.locations.image();
    let few = images_together(image, period);
    let run = |first: usize| {
        let end = images.min(first + together);
        for first in (first..end).step_by(few) {
            for plan in &plans {
                plan.run_part(plan.of_images(first..end.min(first + few)));
            }
        }
    };
    if tasks == 1 { run(0) } else { (0..images).into_par_iter().step_by(together).for_each(run) }
}

/// A product, cut into registers.
struct Plan<'a, T> {
    gemm: &'a Gemm<'a, T>,
    blocks: ColumnBlocks,
}

impl<'a, T: Real> Plan<'a, T> {
    fn new(gemm: &'a Gemm<'a, T>) -> Self {
        Self { gemm, blocks: ColumnBlocks::new(gemm, &gemm.output.locations, TileSizes::of::<T>().lanes) }
    }

    /// Images after which registers begin anew.
    fn period(&self) -> usize {
        self.blocks.period
    }

    fn work(&self) -> usize {
        let Gemm { images, weights, .. } = self.gemm;
        self.blocks.all(*images) * TileSizes::of::<T>().lanes * weights.len() * weights[0].work()
    }

    /// Registers of some images: whole periods, or up to the last image.
    fn of_images(&self, images: Range<usize>) -> Range<usize> {
        self.blocks.all(images.start)..self.blocks.all(images.end)
    }

    fn run(&self) {
        let all = self.of_images(0..self.gemm.images).end;
        let tasks = tasks(self.work());
        let periods = all.div_ceil(self.blocks.count());
        // Whole images, or parts of one or two.
        let part = if tasks <= periods { periods.div_ceil(tasks) * self.blocks.count() } else { all.div_ceil(tasks) };
        let run = |first: usize| self.run_part(first..all.min(first + part));
        if tasks == 1 { run(0) } else { (0..all).into_par_iter().step_by(part).for_each(run) }
    }

    fn run_part(&self, range: Range<usize>) {
        simd::run(Task::new(self.gemm, &self.blocks, range));
    }
}
