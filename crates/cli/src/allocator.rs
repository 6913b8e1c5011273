//! The allocator of the program, and what it keeps.

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// Number of mimalloc's option `purge_delay`, the same in versions 2 and 3; the binding names others only.
const PURGE_DELAY: libmimalloc_sys::mi_option_t = 15;

/// Keeps freed memory instead of giving it back to the system every second. Each training step needs as much as the
/// one before, and the system would clear every page of it again: 4 % of the time of a step.
pub(crate) fn keep_memory() {
    // SAFETY: no other thread runs yet, and the option takes -1 for never.
    unsafe { libmimalloc_sys::mi_option_set(PURGE_DELAY, -1) };
}
