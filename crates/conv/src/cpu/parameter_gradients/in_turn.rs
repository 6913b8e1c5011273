//! Portions one after the other, each thread for filters of its own: where the sums of all portions would be so large that
//! to write and to read them takes long.
//!
//! Sums are added in the same order as [otherwise](super), to the same bits.

use std::ops::Range;

use pulp::Simd;
use rayon::prelude::*;
use untied_kernels::cpu::{Parts, Real};

use super::bias::{BiasSums, Sharing};
use super::portions::Portion;
use super::sweep::{Sums, Sweep};
use super::weight::WeightSums;
use crate::cpu::simd::{self, Kernel};

/// Elements of all portions' sums from which on they are not kept: 16 MiB of f32.
const LARGE: usize = 1 << 22;

/// Whether filters are to be shared out to threads instead of portions: if there are enough of them, too.
pub(super) fn pays<T>(Sweep { spec, shape, .. }: &Sweep<T>, portions: usize) -> bool {
    let enough = spec.channels_out > 1 && shape.blocks >= rayon::current_num_threads();
    enough && shape.elements() * portions >= LARGE
}

/// The sums over all portions.
pub(super) fn sums<T: Real>(sweep: &Sweep<T>, portions: &[Portion]) -> WeightSums<T> {
    let shape = sweep.shape;
    let mut total = WeightSums::zeros(shape);
    let few = shape.blocks.div_ceil(2 * rayon::current_num_threads());
    let parts = &Parts::init(total.elements_mut());
    (0..shape.blocks).into_par_iter().step_by(few).for_each(|first| {
        simd::run(Filters { sweep, portions, blocks: first..shape.blocks.min(first + few), total: parts });
    });
    total
}

/// The sums for the bias, of each portion.
pub(super) fn biases<T: Real>(sweep: &Sweep<T>, portions: &[Portion], bias: Sharing) -> Vec<BiasSums<T>> {
    let of_portion = |portion: &Portion| {
        let mut sums = None;
        simd::run(Biases { sweep, portion, bias, sums: &mut sums });
        sums.expect("a task writes its sums")
    };
    portions.par_iter().map(of_portion).collect()
}

/// Some blocks of each group's filters.
struct Filters<'a, T> {
    sweep: &'a Sweep<'a, T>,
    portions: &'a [Portion],
    blocks: Range<usize>,
    total: &'a Parts<'a, T>,
}

impl<T: Real> Kernel for Filters<'_, T> {
    #[inline(always)]
    fn run<S: Simd, const MR: usize, const NR: usize, const MR_TALL: usize>(self, simd: S) {
        let Self { sweep, portions, blocks, total } = self;
        let mut of_portion: Vec<T> = Vec::with_capacity(sweep.shape.of_blocks(blocks.len()));
        for portion in portions {
            // SAFETY: there is room for these blocks' sums, and no other task has their total.
            unsafe {
                let sums = Sums { of_portion: of_portion.as_mut_ptr(), total: Some(total.pointer(0)) };
                sweep.all::<S, MR_TALL>(simd, portion, blocks.clone(), sums);
            }
        }
    }
}

/// One portion.
struct Biases<'a, T> {
    sweep: &'a Sweep<'a, T>,
    portion: &'a Portion,
    bias: Sharing,
    sums: &'a mut Option<BiasSums<T>>,
}

impl<T: Real> Kernel for Biases<'_, T> {
    #[inline(always)]
    fn run<S: Simd, const MR: usize, const NR: usize, const MR_TALL: usize>(self, simd: S) {
        *self.sums = Some(self.sweep.biases(simd, self.portion, self.bias));
    }
}

#[cfg(test)]
mod tests {
    use burn::tensor::ops::ConvOptions;
    use rayon::ThreadPoolBuilder;

    use super::super::at_once;
    use super::super::portions::portions;
    use super::super::weight::Shape;
    use super::*;
    use crate::ConvSpec;
    use crate::cpu::im2col::Patches;

    /// dw by both ways.
    fn both<T: Real>(spec: &ConvSpec) -> [Vec<T>; 2] {
        let values =
            |count: usize| (0..count).map(|i| T::from_f64((i * i % 1013) as f64 / 1013.0 - 0.4)).collect::<Vec<_>>();
        let [x, dy] = [spec.x_shape(), spec.y_shape()].map(|shape| values(shape.num_elements()));
        let patches = &Patches::of_input(spec);
        let sweep = &Sweep { spec, patches, x: &x, dy: &dy, shape: Shape::of::<T>(spec) };
        let portions = portions(spec);
        assert!(portions.len() > 2, "sums whose order matters");
        // Tasks of several blocks of filters, whatever the machine.
        let pool = ThreadPoolBuilder::new().num_threads(1).build().expect("a pool");
        let in_turn = pool.install(|| sums(sweep, &portions));
        [vec![in_turn], at_once(sweep, &portions, Sharing::None).0].map(|sums| WeightSums::gather(spec, &sums))
    }

    #[test]
    fn filters_in_turn_have_the_bits_of_portions_at_once() {
        // Images of fewer locations than are multiplied at once, and of more; a patch that isn't read in place; groups.
        for (x, weight, stride, groups) in [
            ([5, 40, 7, 8], [70, 40, 3, 3], 1, 1),
            ([3, 16, 13, 20], [100, 16, 3, 3], 1, 1),
            ([6, 24, 14, 15], [180, 12, 3, 3], 2, 2),
            ([9, 64, 9, 9], [70, 64, 1, 1], 1, 1),
        ] {
            let options = ConvOptions::new([stride; 2], [1; 2], [1; 2], groups);
            let spec = ConvSpec::new(&x, &weight, &options).expect("a convolution");
            let [in_turn, at_once] = both::<f32>(&spec);
            assert!(in_turn == at_once, "{spec:?}");
            let [in_turn, at_once] = both::<f64>(&spec);
            assert!(in_turn == at_once, "{spec:?}");
        }
    }
}
