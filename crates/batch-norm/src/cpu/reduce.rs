//! Sums over a run of elements, in f64, in an order that only its length decides.

/// Partial sums of one total: enough to fill registers, so that no addition waits for the one before.
const LANES: usize = 32;

/// A sum over many runs.
///
/// One sum at a time: a loop that keeps two is not turned into wide registers, and a run that was read for the first
/// is still in the nearest cache for the second.
pub(super) struct Sum {
    lanes: [f64; LANES],
    rest: f64,
}

impl Sum {
    pub(super) const ZERO: Self = Self { lanes: [0.0; LANES], rest: 0.0 };

    /// Adds what `term` makes of each element.
    #[inline(always)]
    pub(super) fn add<T: Copy>(&mut self, run: &[T], term: impl Fn(T) -> f64) {
        let mut lanes = self.lanes;
        let (blocks, tail) = run.as_chunks::<LANES>();
        for block in blocks {
            for lane in 0..LANES {
                lanes[lane] += term(block[lane]);
            }
        }
        self.lanes = lanes;
        for &value in tail {
            self.rest += term(value);
        }
    }

    /// Adds what `term` makes of each pair of elements of two runs of the same length.
    #[inline(always)]
    pub(super) fn add_pairs<T: Copy>(&mut self, a: &[T], b: &[T], term: impl Fn(T, T) -> f64) {
        let mut lanes = self.lanes;
        let ((blocks_a, tail_a), (blocks_b, tail_b)) = (a.as_chunks::<LANES>(), b.as_chunks::<LANES>());
        let (blocks_b, tail_b) = (&blocks_b[..blocks_a.len()], &tail_b[..tail_a.len()]);
        for at in 0..blocks_a.len() {
            let (a, b) = (&blocks_a[at], &blocks_b[at]);
            for lane in 0..LANES {
                lanes[lane] += term(a[lane], b[lane]);
            }
        }
        self.lanes = lanes;
        for at in 0..tail_a.len() {
            self.rest += term(tail_a[at], tail_b[at]);
        }
    }

    /// Adds halves, then halves of those, …: rounding grows with the logarithm of their number alone.
    #[inline(always)]
    pub(super) fn total(self) -> f64 {
        let mut lanes = self.lanes;
        let mut width = LANES;
        while width > 1 {
            width /= 2;
            for lane in 0..width {
                lanes[lane] += lanes[lane + width];
            }
        }
        self.rest + lanes[0]
    }
}
