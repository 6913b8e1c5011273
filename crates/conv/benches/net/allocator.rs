//! mimalloc, or the system's allocator, as the environment says when the program starts.

use std::alloc::{GlobalAlloc, Layout, System};
use std::ffi::c_char;
use std::sync::atomic::{AtomicU8, Ordering};

use mimalloc::MiMalloc;

/// Asks for the system's allocator, whatever its value.
pub(crate) const VARIABLE: &str = "BENCH_SYSTEM_ALLOCATOR";
const C_VARIABLE: &std::ffi::CStr = c"BENCH_SYSTEM_ALLOCATOR";

unsafe extern "C" {
    /// Of the C library: reads the environment without a heap.
    fn getenv(name: *const c_char) -> *const c_char;
}

struct Chosen;

#[global_allocator]
static ALLOCATOR: Chosen = Chosen;

/// 0: not asked yet.
static CHOICE: AtomicU8 = AtomicU8::new(0);
const SYSTEM: u8 = 1;
const MIMALLOC: u8 = 2;

/// Asked at the first allocation, before the program's own code and other threads, and the same ever after.
fn is_system() -> bool {
    let mut choice = CHOICE.load(Ordering::Relaxed);
    if choice == 0 {
        // SAFETY: the name ends with a zero, and nothing changes the environment.
        choice = if unsafe { getenv(C_VARIABLE.as_ptr()) }.is_null() { MIMALLOC } else { SYSTEM };
        CHOICE.store(choice, Ordering::Relaxed);
    }
    choice == SYSTEM
}

// SAFETY: either of two allocators, and always the same.
unsafe impl GlobalAlloc for Chosen {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        // SAFETY: as the caller promises.
        unsafe { if is_system() { System.alloc(layout) } else { MiMalloc.alloc(layout) } }
    }

    unsafe fn dealloc(&self, memory: *mut u8, layout: Layout) {
        // SAFETY: as the caller promises; the allocator is the one that gave the memory.
        unsafe { if is_system() { System.dealloc(memory, layout) } else { MiMalloc.dealloc(memory, layout) } }
    }

    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        // SAFETY: as the caller promises.
        unsafe { if is_system() { System.alloc_zeroed(layout) } else { MiMalloc.alloc_zeroed(layout) } }
    }

    unsafe fn realloc(&self, memory: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        // SAFETY: as the caller promises; the allocator is the one that gave the memory.
        unsafe {
            if is_system() { System.realloc(memory, layout, size) } else { MiMalloc.realloc(memory, layout, size) }
        }
    }
}
