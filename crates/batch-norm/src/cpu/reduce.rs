//! Sums over runs of elements, in f64, in an order that only their lengths decide.

/// K sums of what `terms` makes of each element.
///
/// L partial sums each, so that the compiler has registers to fill and no addition waits for the one before.
#[inline(always)]
pub(super) fn sums<'a, T: Copy + 'a, const K: usize, const L: usize>(
    runs: impl Iterator<Item = &'a [T]>,
    terms: impl Fn(T) -> [f64; K],
) -> [f64; K] {
    let mut partial = [[0.0; L]; K];
    let mut rest = [0.0; K];
    for run in runs {
        let (blocks, tail) = run.as_chunks::<L>();
        for block in blocks {
            for lane in 0..L {
                let terms = terms(block[lane]);
                for k in 0..K {
                    partial[k][lane] += terms[k];
                }
            }
        }
        for &value in tail {
            let terms = terms(value);
            for k in 0..K {
                rest[k] += terms[k];
            }
        }
    }
    finish(partial, rest)
}

/// As [`sums`], over two tensors in step.
#[inline(always)]
pub(super) fn pair_sums<'a, T: Copy + 'a, const K: usize, const L: usize>(
    runs: impl Iterator<Item = (&'a [T], &'a [T])>,
    terms: impl Fn(T, T) -> [f64; K],
) -> [f64; K] {
    let mut partial = [[0.0; L]; K];
    let mut rest = [0.0; K];
    for (run_a, run_b) in runs {
        let ((blocks_a, tail_a), (blocks_b, tail_b)) = (run_a.as_chunks::<L>(), run_b.as_chunks::<L>());
        for (a, b) in blocks_a.iter().zip(blocks_b) {
            for lane in 0..L {
                let terms = terms(a[lane], b[lane]);
                for k in 0..K {
                    partial[k][lane] += terms[k];
                }
            }
        }
        for (&a, &b) in tail_a.iter().zip(tail_b) {
            let terms = terms(a, b);
            for k in 0..K {
                rest[k] += terms[k];
            }
        }
    }
    finish(partial, rest)
}

/// Adds neighbours, then neighbours of those, …: rounding grows with the logarithm of L alone.
#[inline(always)]
fn finish<const K: usize, const L: usize>(mut partial: [[f64; L]; K], rest: [f64; K]) -> [f64; K] {
    let mut totals = rest;
    for (total, lanes) in totals.iter_mut().zip(&mut partial) {
        let mut width = L;
        while width > 1 {
            width /= 2;
            for lane in 0..width {
                lanes[lane] += lanes[lane + width];
            }
        }
        *total += lanes[0];
    }
    totals
}
