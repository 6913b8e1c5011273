//! Where in memory a channel lies, and how threads write to their parts of one buffer.

use std::marker::PhantomData;
use std::mem::MaybeUninit;
use std::slice;

use super::number::Number;

/// `count` runs of `len` neighbouring elements, `stride` apart.
#[derive(Debug, Clone, Copy)]
pub(super) struct Runs {
    pub(super) start: usize,
    pub(super) len: usize,
    pub(super) stride: usize,
    pub(super) count: usize,
}

impl Runs {
    /// First element of each run.
    #[inline(always)]
    pub(super) fn starts(self) -> impl Iterator<Item = usize> {
        (0..self.count).map(move |run| self.start + run * self.stride)
    }

    /// The runs of a tensor.
    #[inline(always)]
    pub(super) fn of<T>(self, values: &[T]) -> impl Iterator<Item = &[T]> {
        self.starts().map(move |start| &values[start..start + self.len])
    }

    /// The first `values` elements or a bit more, the next ones, …: whole runs, or parts of one.
    pub(super) fn chunks(self, values: usize) -> Vec<Self> {
        if self.len >= values {
            let part = |start: usize, offset: usize| Self {
                start: start + offset,
                len: values.min(self.len - offset),
                stride: 0,
                count: 1,
            };
            return self
                .starts()
                .flat_map(|start| (0..self.len).step_by(values).map(move |at| part(start, at)))
                .collect();
        }
        let runs = values.div_ceil(self.len);
        let chunk = |first: usize| Self {
            start: self.start + first * self.stride,
            count: runs.min(self.count - first),
            ..self
        };
        (0..self.count).step_by(runs).map(chunk).collect()
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

    /// Writes a run of dx, element by element, from its position in the run, x and dy.
    ///
    /// # Safety
    /// No other thread uses any of it.
    #[inline(always)]
    pub(super) unsafe fn update(&self, start: usize, x: &[E], dx_of: impl Fn(usize, E, E) -> E) {
        // SAFETY: initialised where dx is dy; exclusive by the contract.
        unsafe {
            // Loops by index: the compiler turns them into wide registers, which it does not do for zipped iterators.
            if let Some(dy) = self.dy {
                let dy = &dy[start..start + x.len()];
                let dx = self.dx.write(start, x.len());
                for at in 0..x.len() {
                    dx[at].write(dx_of(at, x[at], dy[at]));
                }
            } else {
                let dx = self.dx.update(start, x.len());
                for at in 0..x.len() {
                    dx[at] = dx_of(at, x[at], dx[at]);
                }
            }
        }
    }
}
