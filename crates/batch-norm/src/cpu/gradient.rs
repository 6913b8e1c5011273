//! Gradients of output and input in memory.

use std::mem::MaybeUninit;

use untied_kernels::cpu::{Element, Parts, prefetch};

/// Memory of dy, which is read, and of dx, which is written: the same, if nobody else needs dy.
pub(super) struct Gradient<'a, E> {
    dy: Option<&'a [E]>,
    dx: Parts<'a, E>,
}

impl<'a, E: Element> Gradient<'a, E> {
    pub(super) fn in_place(dy: &'a mut [E]) -> Self {
        Self { dy: None, dx: Parts::init(dy) }
    }

    pub(super) fn apart(dy: &'a [E], dx: &'a mut [MaybeUninit<E>]) -> Self {
        Self { dy: Some(dy), dx: Parts::uninit(dx) }
    }

    /// Memory that takes dy first, by [`put`](Self::put), and then dx in its place.
    pub(super) fn in_new(memory: &'a mut [MaybeUninit<E>]) -> Self {
        Self { dy: None, dx: Parts::uninit(memory) }
    }

    /// A run of dy, to be written.
    ///
    /// # Safety
    /// No other thread uses any of it.
    #[inline(always)]
    #[expect(clippy::mut_from_ref, reason = "callers take disjoint runs")]
    pub(super) unsafe fn put(&self, start: usize, len: usize) -> &mut [MaybeUninit<E>] {
        // SAFETY: exclusive by the contract.
        unsafe { self.dx.write(start, len) }
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

    /// A run of what was put, to be changed.
    ///
    /// # Safety
    /// It was put, and no other thread uses any of it.
    #[inline(always)]
    #[expect(clippy::mut_from_ref, reason = "callers take disjoint runs")]
    pub(super) unsafe fn change(&self, start: usize, len: usize) -> &mut [E] {
        // SAFETY: by the contract.
        unsafe { self.dx.update(start, len) }
    }

    /// A run of what was put or updated.
    ///
    /// # Safety
    /// It was, and no other thread writes to any of it meanwhile.
    #[inline(always)]
    pub(super) unsafe fn written(&self, start: usize, len: usize) -> &[E] {
        // SAFETY: by the contract.
        unsafe { self.dx.read(start, len) }
    }

    /// Writes a run of dx, element by element, from its index in the run, x and dy, and prefetches `ahead` of it.
    ///
    /// # Safety
    /// No other thread uses any of it.
    #[inline(always)]
    pub(super) unsafe fn update(&self, start: usize, x: &[E], ahead: usize, dx_of: impl Fn(usize, E, E) -> E) {
        prefetch(x, ahead);
        // SAFETY: initialised where dx is dy; exclusive by the contract.
        unsafe {
            if let Some(dy) = self.dy {
                let dy = &dy[start..start + x.len()];
                let dx = self.dx.write(start, x.len());
                prefetch(dy, ahead);
                prefetch(dx, ahead);
                write(
                    dx,
                    #[inline(always)]
                    |at| dx_of(at, x[at], dy[at]),
                );
            } else {
                let dx = self.dx.update(start, x.len());
                prefetch(dx, ahead);
                replace(
                    dx,
                    #[inline(always)]
                    |at, dy| dx_of(at, x[at], dy),
                );
            }
        }
    }
}

// Loops by index over a separate `&mut` argument, which cannot alias: LLVM vectorises them. It does not do so for zipped
// iterators.

/// Writes every element, given its index.
#[inline(always)]
pub(super) fn write<E>(elements: &mut [MaybeUninit<E>], value: impl Fn(usize) -> E) {
    for at in 0..elements.len() {
        elements[at].write(value(at));
    }
}

/// Replaces every element, given its index and its former value.
#[inline(always)]
pub(super) fn replace<E: Copy>(elements: &mut [E], value: impl Fn(usize, E) -> E) {
    for at in 0..elements.len() {
        elements[at] = value(at, elements[at]);
    }
}
