//! Prefetching: asking for memory before it is needed.
//!
//! Planes of a channel, and channels of a patch, lie far apart. The processor sees a row coming only once its first values
//! were read, and stops looking at the end of a page; by then the arithmetic waits.

/// Bytes that come from memory together.
const LINE: usize = 64;

/// Asks for as many values as a run has, `ahead` of it. Where nothing lies there, nothing happens.
#[inline(always)]
pub fn prefetch<T>(run: &[T], ahead: usize) {
    let first = run.as_ptr().wrapping_add(ahead).cast::<u8>();
    let mut offset = 0;
    while offset < size_of_val(run) {
        prefetch_at(first.wrapping_add(offset));
        offset += LINE;
    }
}

/// Asks for the line of memory with an address, whatever lies there.
#[cfg(target_arch = "x86_64")]
#[inline(always)]
pub fn prefetch_at<T>(address: *const T) {
    use std::arch::x86_64::{_MM_HINT_T0, _mm_prefetch};
    // SAFETY: a hint, for any address.
    unsafe { _mm_prefetch::<_MM_HINT_T0>(address.cast()) }
}

/// (Rust has no stable hint for other processors.)
#[cfg(not(target_arch = "x86_64"))]
#[inline(always)]
pub fn prefetch_at<T>(_: *const T) {}
