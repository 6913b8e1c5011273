//! Kernel launches of a GPU.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use burn::tensor::Device;
use burn_cubecl::cubecl::logging::{LaunchObservation, LaunchObserver};

#[derive(Default)]
struct Counter(AtomicUsize);

impl LaunchObserver for Counter {
    fn launched(&self, _kernel: &'static str) {
        self.0.fetch_add(1, Ordering::Relaxed);
    }
}

/// Number of kernels that the process launches during one run, all threads together; after three in which Burn compiles
/// kernels and tries several.
///
/// # Panics
/// If the device fails.
pub fn launches<T>(device: &Device, run: impl Fn() -> T) -> usize {
    let run = || {
        let result = run();
        device.sync().expect("a device that works");
        drop(result);
    };
    for _ in 0..3 {
        run();
    }
    let counter = Arc::new(Counter::default());
    let observation = LaunchObservation::new(counter.clone());
    run();
    drop(observation);
    counter.0.load(Ordering::Relaxed)
}
