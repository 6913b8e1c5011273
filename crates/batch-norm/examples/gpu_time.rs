//! Time and launches of the fused kernels on a GPU, against the same operations in Burn's primitives.
//!
//! `cargo run -p untied-batch-norm --features wgpu --example gpu_time`, or `wgpu,cuda`. Training, forward and backward, f32,
//! on each GPU backend compiled in, where Burn fuses what it can of the primitives.

#![expect(clippy::print_stdout, reason = "an example shows what it finds")]

use std::time::Instant;

use burn::backend::Dispatch;
use burn::backend::tensor::FloatTensor;
use burn::tensor::{Device, Distribution, Tensor};
use untied_batch_norm::{BatchNormBackend, backward, forward};
use untied_gradcheck::{gpus, launches};

/// The last one has columns: a layer without locations.
const SHAPES: [[usize; 4]; 4] = [[64, 64, 32, 32], [64, 32, 28, 28], [16, 256, 14, 14], [4096, 100, 1, 1]];
const EPSILON: f64 = 1e-5;
/// Steps before the first one that counts: Burn compiles kernels, and tries several for a reduction.
const WARM_UP: usize = 5;
const RUNS: usize = 11;

/// x, γ, β, dy.
type Inputs = [FloatTensor<Dispatch>; 4];

/// Forward and backward.
type Step = fn(Inputs, bool) -> [FloatTensor<Dispatch>; 4];

fn by_kernels([x, gamma, beta, dy]: Inputs, relu: bool) -> [FloatTensor<Dispatch>; 4] {
    let (y, statistics) = Dispatch::untied_batch_norm(x.clone(), gamma.clone(), beta.clone(), EPSILON, relu);
    let (dx, dgamma, dbeta) = Dispatch::untied_batch_norm_backward(x, gamma, beta, statistics, dy, relu);
    [y, dx, dgamma, dbeta]
}

fn by_primitives([x, gamma, beta, dy]: Inputs, relu: bool) -> [FloatTensor<Dispatch>; 4] {
    let (y, statistics) = forward::normalize::<Dispatch>(x.clone(), gamma.clone(), beta.clone(), EPSILON, relu);
    let (dx, dgamma, dbeta) = backward::gradients::<Dispatch>(x, gamma, beta, &statistics, dy, relu);
    [y, dx, dgamma, dbeta]
}

/// Launches of one step, and its median time in ms.
fn measure(step: Step, inputs: &Inputs, relu: bool, device: &Device) -> (usize, f64) {
    let run = || {
        let start = Instant::now();
        let results = step(inputs.clone(), relu);
        device.sync().expect("a device that works");
        drop(results);
        start.elapsed().as_secs_f64() * 1e3
    };
    for _ in 0..WARM_UP {
        run();
    }
    let mut times = [(); RUNS].map(|()| run());
    times.sort_by(f64::total_cmp);

    (launches(device, || step(inputs.clone(), relu)), times[RUNS / 2])
}

fn main() {
    for (name, device) in gpus() {
        println!("\n{name}, {device:?}; ms: median of {RUNS}\n");
        print_table(&device);
    }
}

fn print_table(device: &Device) {
    let random = |count| Tensor::<1>::random([count], Distribution::Normal(0.0, 1.0), device);
    println!("| shape | | launches: kernels | primitives | ms: kernels | primitives |\n|---|---|---|---|---|---|");
    for shape in SHAPES {
        let tensor = || random(shape.iter().product()).reshape(shape).into_dispatch();
        let row = || random(shape[1]).into_dispatch();
        let inputs = [tensor(), row(), row(), tensor()];
        let name = shape.map(|size| size.to_string()).join("×");
        for relu in [false, true] {
            let (launches, time) = measure(by_kernels, &inputs, relu, device);
            let (launches_of_primitives, time_of_primitives) = measure(by_primitives, &inputs, relu, device);
            let relu = if relu { "with ReLU" } else { "" };
            println!(
                "| {name} | {relu} | {launches} | {launches_of_primitives} | {time:.3} | {time_of_primitives:.3} |"
            );
        }
    }
}
