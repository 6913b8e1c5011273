//! Runs of memory that hold a channel, and the chunks that tasks take of them.

use rayon::prelude::*;

/// Elements of one task. Part of the result: sums are added by these chunks.
pub(super) const CHUNK: usize = 1 << 16;
/// Elements that are prefetched at once.
pub(super) const PIECE: usize = 256;
/// Prefetch distance in bytes: more than the arithmetic takes in until the memory comes.
const AHEAD: usize = 4096;

/// `count` runs of `len` neighbouring elements, `stride` apart.
#[derive(Debug, Clone, Copy)]
pub(super) struct Runs {
    pub(super) start: usize,
    pub(super) len: usize,
    pub(super) stride: usize,
    pub(super) count: usize,
}

impl Runs {
    /// Calls `visit` with each run: the index of its first element, and the prefetch distance in elements.
    #[inline(always)]
    pub(super) fn each<E>(self, mut visit: impl FnMut(usize, usize)) {
        let elements = AHEAD / size_of::<E>();
        let runs = elements.div_ceil(self.len);
        // After the last run, prefetch the next channel, whose runs lie right behind those of this one.
        let offset = |run: usize| match run.checked_sub(self.count) {
            None => run * self.stride,
            Some(run) => run % self.count * self.stride + self.len,
        };
        for run in 0..self.count {
            let is_long = self.len > 4 * elements;
            // Within a long run memory goes on; short ones are followed by other runs, a stride away.
            let ahead = if is_long { elements } else { offset(run + runs).wrapping_sub(offset(run)) };
            visit(self.start + offset(run), ahead);
        }
    }

    /// As [`each`](Self::each), with pieces of runs: index, length, and prefetch distance.
    #[inline(always)]
    pub(super) fn pieces<E>(self, mut visit: impl FnMut(usize, usize, usize)) {
        self.each::<E>(
            #[inline(always)]
            |start, ahead| {
                for from in (0..self.len).step_by(PIECE) {
                    visit(start + from, PIECE.min(self.len - from), ahead);
                }
            },
        );
    }

    pub(super) fn elements(self) -> usize {
        self.len * self.count
    }

    /// The first [`CHUNK`] elements or a bit more, the next ones, …: whole runs, or parts of one.
    pub(super) fn chunks(self) -> Vec<Self> {
        if self.len >= CHUNK {
            let part = |start: usize, from: usize| Self {
                start: start + from,
                len: CHUNK.min(self.len - from),
                stride: 0,
                count: 1,
            };
            return (0..self.count)
                .map(|run| self.start + run * self.stride)
                .flat_map(|start| (0..self.len).step_by(CHUNK).map(move |from| part(start, from)))
                .collect();
        }
        let runs = CHUNK.div_ceil(self.len);
        let chunk = |first: usize| Self {
            start: self.start + first * self.stride,
            count: runs.min(self.count - first),
            ..self
        };
        (0..self.count).step_by(runs).map(chunk).collect()
    }
}

/// Results of `run` for each chunk, in their order; in parallel where there are several.
pub(super) fn per_chunk<T: Send>(chunks: &[Runs], run: impl Fn(Runs) -> T + Sync + Send) -> Vec<T> {
    match chunks {
        [alone] => vec![run(*alone)],
        _ => chunks.par_iter().map(|runs| run(*runs)).collect(),
    }
}
