//! The door for JavaScript: one buffer, through which a request goes in and its answer comes out.

use std::sync::{Mutex, PoisonError};

static BUFFER: Mutex<Vec<u8>> = Mutex::new(vec![]);

/// Makes room for so many bytes; where they are to be written.
#[unsafe(no_mangle)]
extern "C" fn room(length: usize) -> *mut u8 {
    let mut buffer = BUFFER.lock().unwrap_or_else(PoisonError::into_inner);
    buffer.clear();
    buffer.resize(length, 0);
    buffer.as_mut_ptr()
}

/// Replaces the request in the buffer by its answer; how many bytes that has.
#[unsafe(no_mangle)]
extern "C" fn respond() -> usize {
    let mut buffer = BUFFER.lock().unwrap_or_else(PoisonError::into_inner);
    *buffer = crate::reply(&String::from_utf8_lossy(&buffer)).into_bytes();
    buffer.len()
}

/// Where the answer is to be read.
#[unsafe(no_mangle)]
extern "C" fn place() -> *const u8 {
    BUFFER.lock().unwrap_or_else(PoisonError::into_inner).as_ptr()
}
