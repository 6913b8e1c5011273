//! Tensors of results, whose memory threads write in disjoint parts.

use std::marker::PhantomData;
use std::mem::MaybeUninit;
use std::slice;

use burn::backend::flex::{FlexTensor, Layout};
use burn::tensor::{Bytes, Shape};

use super::Element;

/// A contiguous tensor of given elements.
#[must_use]
pub fn tensor<E: Element>(elements: Vec<E>, shape: Shape) -> FlexTensor {
    FlexTensor::new(Bytes::from_elems(elements), Layout::contiguous(shape), E::dtype())
}

/// A contiguous tensor whose elements `fill` writes into uninitialised memory; and what `fill` returns.
///
/// # Safety
/// `fill` writes every element.
pub unsafe fn filled<E: Element, R>(shape: Shape, fill: impl FnOnce(&mut [MaybeUninit<E>]) -> R) -> (FlexTensor, R) {
    let count = shape.num_elements();
    let mut elements = Vec::with_capacity(count);
    let result = fill(&mut elements.spare_capacity_mut()[..count]);
    // SAFETY: all were written, by the contract.
    unsafe { elements.set_len(count) };
    (tensor(elements, shape), result)
}

/// A buffer of which every thread takes its own parts.
pub struct Parts<'a, E> {
    first: *mut E,
    len: usize,
    buffer: PhantomData<&'a mut [E]>,
}

// SAFETY: threads get parts of it only by unsafe methods, whose callers promise that no two overlap.
unsafe impl<E: Send> Sync for Parts<'_, E> {}

impl<'a, E: Element> Parts<'a, E> {
    /// Parts of memory that is to be written.
    #[must_use]
    pub fn uninit(buffer: &'a mut [MaybeUninit<E>]) -> Self {
        Self { first: buffer.as_mut_ptr().cast(), len: buffer.len(), buffer: PhantomData }
    }

    /// Parts of memory that is to be read and overwritten.
    #[must_use]
    pub fn init(buffer: &'a mut [E]) -> Self {
        Self { first: buffer.as_mut_ptr(), len: buffer.len(), buffer: PhantomData }
    }

    /// Pointer to an element, for stores of registers.
    ///
    /// # Safety
    /// `index` is at most the length of the buffer; nobody else uses what is written by the pointer.
    #[inline(always)]
    #[must_use]
    pub unsafe fn pointer(&self, index: usize) -> *mut E {
        // SAFETY: within the buffer, by the contract.
        unsafe { self.first.add(index) }
    }

    /// Elements to be written.
    ///
    /// # Safety
    /// Nobody else holds any of them.
    ///
    /// # Panics
    /// If they are not within the buffer.
    #[inline(always)]
    #[must_use]
    #[expect(clippy::mut_from_ref, reason = "callers take disjoint parts")]
    pub unsafe fn write(&self, start: usize, len: usize) -> &mut [MaybeUninit<E>] {
        assert!(start + len <= self.len, "a part within the buffer");
        // SAFETY: within the buffer; exclusive by the contract.
        unsafe { slice::from_raw_parts_mut(self.first.add(start).cast(), len) }
    }

    /// Elements to be read and written.
    ///
    /// # Safety
    /// They are initialised, and nobody else holds any of them.
    ///
    /// # Panics
    /// If they are not within the buffer.
    #[inline(always)]
    #[must_use]
    #[expect(clippy::mut_from_ref, reason = "callers take disjoint parts")]
    pub unsafe fn update(&self, start: usize, len: usize) -> &mut [E] {
        assert!(start + len <= self.len, "a part within the buffer");
        // SAFETY: within the buffer; initialised and exclusive by the contract.
        unsafe { slice::from_raw_parts_mut(self.first.add(start), len) }
    }

    /// Elements to be read.
    ///
    /// # Safety
    /// They are initialised, and nobody writes to any of them meanwhile.
    ///
    /// # Panics
    /// If they are not within the buffer.
    #[inline(always)]
    #[must_use]
    pub unsafe fn read(&self, start: usize, len: usize) -> &[E] {
        assert!(start + len <= self.len, "a part within the buffer");
        // SAFETY: within the buffer; initialised and not written to by the contract.
        unsafe { slice::from_raw_parts(self.first.add(start), len) }
    }
}

#[cfg(test)]
mod tests {
    use burn::tensor::DType;

    use super::*;

    #[test]
    fn a_tensor_is_filled_in_parts() {
        // SAFETY: the two parts are the whole.
        let (tensor, result) = unsafe {
            filled::<f32, _>(Shape::new([2, 2]), |memory| {
                let parts = Parts::uninit(memory);
                parts.write(1, 3).fill(MaybeUninit::new(2.0));
                parts.pointer(0).write(1.0);
                7
            })
        };
        assert_eq!((tensor.dtype(), tensor.storage::<f32>(), result), (DType::F32, &[1.0, 2.0, 2.0, 2.0][..], 7));
    }

    #[test]
    #[should_panic(expected = "a part within the buffer")]
    fn parts_beyond_the_buffer_are_refused() {
        let mut memory = [0.0; 3];
        // SAFETY: refused.
        let _ = unsafe { Parts::init(&mut memory).update(1, 3).len() };
    }
}
