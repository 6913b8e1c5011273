//! Where in memory a channel lies, and how threads write to their parts of one buffer.

use std::marker::PhantomData;
use std::mem::MaybeUninit;
use std::slice;

use rayon::prelude::*;

use super::fetch::fetch;
use super::number::Number;

/// Elements of one task. Part of the result: sums are added by these chunks.
const CHUNK: usize = 1 << 16;
/// Elements whose memory is asked for at once.
const PIECE: usize = 256;
/// Bytes between the arithmetic and the memory that is asked for: more than passes by until it comes.
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
    /// Calls `visit` with each run: its first element, and how far ahead of the arithmetic memory is to be asked for.
    #[inline(always)]
    pub(super) fn each<E>(self, mut visit: impl FnMut(usize, usize)) {
        let elements = AHEAD / size_of::<E>();
        let runs = elements.div_ceil(self.len);
        // Behind the last run come those of the next channel.
        let place = |run: usize| match run.checked_sub(self.count) {
            None => run * self.stride,
            Some(run) => run % self.count * self.stride + self.len,
        };
        for run in 0..self.count {
            let is_long = self.len > 4 * elements;
            let ahead = if is_long { elements } else { place(run + runs).wrapping_sub(place(run)) };
            visit(self.start + place(run), ahead);
        }
    }

    /// As [`each`](Self::each), with pieces of runs: first element, length, and how far ahead.
    #[inline(always)]
    pub(super) fn pieces<E>(self, mut visit: impl FnMut(usize, usize, usize)) {
        self.each::<E>(|start, ahead| {
            for from in (0..self.len).step_by(PIECE) {
                visit(start + from, PIECE.min(self.len - from), ahead);
            }
        });
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

/// What `run` makes of each chunk, in their order; in parallel where there are several.
pub(super) fn per_chunk<T: Send>(chunks: &[Runs], run: impl Fn(Runs) -> T + Sync + Send) -> Vec<T> {
    match chunks {
        [alone] => vec![run(*alone)],
        _ => chunks.par_iter().map(|runs| run(*runs)).collect(),
    }
}

/// A buffer of which every thread takes its own runs.
pub(super) struct Parts<'a, E> {
    first: *mut E,
    len: usize,
    buffer: PhantomData<&'a mut [E]>,
}

// SAFETY: threads get parts of it only by the unsafe methods, whose callers promise that no two overlap.
unsafe impl<E: Send> Sync for Parts<'_, E> {}

impl<'a, E: Number> Parts<'a, E> {
    pub(super) fn uninit(buffer: &'a mut [MaybeUninit<E>]) -> Self {
        Self { first: buffer.as_mut_ptr().cast(), len: buffer.len(), buffer: PhantomData }
    }

    /// Elements to be written.
    ///
    /// # Safety
    /// Nobody else holds any of them.
    #[inline(always)]
    #[expect(clippy::mut_from_ref, reason = "callers take disjoint parts")]
    pub(super) unsafe fn write(&self, start: usize, len: usize) -> &mut [MaybeUninit<E>] {
        assert!(start + len <= self.len, "a part within the buffer");
        // SAFETY: within the buffer; exclusive by the contract.
        unsafe { slice::from_raw_parts_mut(self.first.add(start).cast(), len) }
    }

    /// Elements to be read and written.
    ///
    /// # Safety
    /// They are initialised, and nobody else holds any of them.
    #[inline(always)]
    #[expect(clippy::mut_from_ref, reason = "callers take disjoint parts")]
    unsafe fn update(&self, start: usize, len: usize) -> &mut [E] {
        assert!(start + len <= self.len, "a part within the buffer");
        // SAFETY: within the buffer; initialised and exclusive by the contract.
        unsafe { slice::from_raw_parts_mut(self.first.add(start), len) }
    }

    /// Elements to be read.
    ///
    /// # Safety
    /// They are initialised, and nobody writes to any of them meanwhile.
    #[inline(always)]
    unsafe fn read(&self, start: usize, len: usize) -> &[E] {
        assert!(start + len <= self.len, "a part within the buffer");
        // SAFETY: within the buffer; initialised and not written to by the contract.
        unsafe { slice::from_raw_parts(self.first.add(start), len) }
    }
}

/// Where dy is read and dx written: the same memory, if nobody else needs dy.
pub(super) struct Gradient<'a, E> {
    dy: Option<&'a [E]>,
    dx: Parts<'a, E>,
}

impl<'a, E: Number> Gradient<'a, E> {
    pub(super) fn in_place(dy: &'a mut [E]) -> Self {
        Self { dy: None, dx: Parts { first: dy.as_mut_ptr(), len: dy.len(), buffer: PhantomData } }
    }

    pub(super) fn apart(dy: &'a [E], dx: &'a mut [MaybeUninit<E>]) -> Self {
        Self { dy: Some(dy), dx: Parts::uninit(dx) }
    }

    /// A run of dy.
    ///
    /// # Safety
    /// No other thread updates any of it meanwhile.
    #[inline(always)]
    pub(super) unsafe fn dy(&self, start: usize, len: usize) -> &[E] {
        match self.dy {
            Some(dy) => &dy[start..start + len],
            // SAFETY: initialised, as dx is dy; not written to by the contract.
            None => unsafe { self.dx.read(start, len) },
        }
    }

    /// Writes a run of dx, element by element, from its position in the run, x and dy, and asks for the memory `ahead`.
    ///
    /// # Safety
    /// No other thread uses any of it.
    #[inline(always)]
    pub(super) unsafe fn update(&self, start: usize, x: &[E], ahead: usize, dx_of: impl Fn(usize, E, E) -> E) {
        fetch(x, ahead);
        // SAFETY: initialised where dx is dy; exclusive by the contract.
        unsafe {
            if let Some(dy) = self.dy {
                let dy = &dy[start..start + x.len()];
                let dx = self.dx.write(start, x.len());
                fetch(dy, ahead);
                fetch(dx, ahead);
                write(dx, |at| dx_of(at, x[at], dy[at]));
            } else {
                let dx = self.dx.update(start, x.len());
                fetch(dx, ahead);
                replace(dx, |at, dy| dx_of(at, x[at], dy));
            }
        }
    }
}

// Loops by index over an argument of its own: the compiler turns them into wide registers, as it knows that nothing
// else lies there. It does not do so for zipped iterators.

/// Writes every element, given its position.
#[inline(always)]
pub(super) fn write<E>(elements: &mut [MaybeUninit<E>], value: impl Fn(usize) -> E) {
    for at in 0..elements.len() {
        elements[at].write(value(at));
    }
}

/// Replaces every element, given its position and what it was.
#[inline(always)]
fn replace<E: Copy>(elements: &mut [E], value: impl Fn(usize, E) -> E) {
    for at in 0..elements.len() {
        elements[at] = value(at, elements[at]);
    }
}
