//! Sums over runs of elements, in f64, in an order that only their lengths decide.

use untied_kernels::cpu::{prefetch, tree_sum};

/// Partial sums of one total: enough to fill registers, so that no addition waits for the one before.
pub(super) const LANES: usize = 16;

/// K sums over many runs.
pub(super) struct Sums<const K: usize> {
    lanes: [[f64; LANES]; K],
    rest: [f64; K],
}

impl<const K: usize> Sums<K> {
    pub(super) const ZERO: Self = Self { lanes: [[0.0; LANES]; K], rest: [0.0; K] };

    /// Adds the terms of the elements at each index of J runs of the same length, and prefetches `ahead` of them.
    #[inline(always)]
    pub(super) fn add<T: Copy, const J: usize>(
        &mut self,
        runs: [&[T]; J],
        ahead: usize,
        terms: impl Fn([T; J]) -> [f64; K],
    ) {
        let mut lanes = self.lanes;
        let (first, tail) = runs[0].as_chunks::<LANES>();
        let mut blocks = [first; J];
        let mut tails = [tail; J];
        for j in 1..J {
            let (blocks_j, tail_j) = runs[j].as_chunks::<LANES>();
            blocks[j] = &blocks_j[..first.len()];
            tails[j] = &tail_j[..tail.len()];
        }
        for at in 0..first.len() {
            for blocks in blocks {
                prefetch(&blocks[at], ahead);
            }
            for lane in 0..LANES {
                let mut values = [first[at][lane]; J];
                for j in 1..J {
                    values[j] = blocks[j][at][lane];
                }
                let terms = terms(values);
                for k in 0..K {
                    lanes[k][lane] += terms[k];
                }
            }
        }
        self.lanes = lanes;
        for at in 0..tail.len() {
            let mut values = [tail[at]; J];
            for j in 1..J {
                values[j] = tails[j][at];
            }
            let terms = terms(values);
            for k in 0..K {
                self.rest[k] += terms[k];
            }
        }
    }

    #[inline(always)]
    pub(super) fn totals(self) -> [f64; K] {
        let mut totals = self.rest;
        for k in 0..K {
            totals[k] += total(&self.lanes[k]);
        }
        totals
    }
}

/// Not inlined: the compiler keeps lanes in wide registers as long as it sees them stored side by side in the end.
#[inline(never)]
fn total(lanes: &[f64; LANES]) -> f64 {
    tree_sum(&mut lanes.clone())
}
