//! Launches and time of the kernels on the default GPU, against the same operations in Burn's primitives.
//!
//! `cargo run -p untied-batch-norm --features wgpu --example gpu_time`. Training, forward and backward, f32. Burn fuses
//! what it can of the primitives. Launches are those that CubeCL logs, in a process of their own.

#![expect(clippy::print_stdout, reason = "an example shows what it finds")]

use std::process::Command;
use std::time::{Duration, Instant};

use burn::backend::Cube;
use burn::backend::tensor::FloatTensor;
use burn::tensor::{Device, DeviceKind, Distribution, Tensor};
use untied_batch_norm::{BatchNormBackend, backward, forward};

const SHAPES: [[usize; 4]; 4] = [[64, 64, 32, 32], [64, 32, 28, 28], [16, 256, 14, 14], [4096, 100, 1, 1]];
const EPSILON: f64 = 1e-5;
const RUNS: usize = 9;
/// Calls whose launches are counted.
const CALLS: usize = 4;

/// x, γ, β and dy.
struct Inputs([FloatTensor<Cube>; 4]);

impl Inputs {
    fn new(shape: [usize; 4]) -> Self {
        fn primitive<const D: usize>(shape: [usize; D]) -> FloatTensor<Cube> {
            let random = Tensor::<D>::random(shape, Distribution::Normal(0.0, 1.0), &device());
            random.try_into_primitive::<Cube>().expect("a tensor on a GPU")
        }
        Self([primitive(shape), primitive([shape[1]]), primitive([shape[1]]), primitive(shape)])
    }

    /// Forward and backward, done when this returns.
    fn run(&self, kernels: bool, relu: bool) {
        let [x, gamma, beta, dy] = self.0.clone();
        let (normalize, differentiate) = if kernels {
            (Cube::untied_batch_norm as Normalize, Cube::untied_batch_norm_backward as Differentiate)
        } else {
            (forward::normalize::<Cube> as Normalize, backward::gradients::<Cube> as Differentiate)
        };
        let (y, statistics) = normalize(x.clone(), gamma.clone(), beta.clone(), EPSILON, relu);
        let gradients = differentiate(x, gamma, beta, statistics, dy, relu);
        device().sync().expect("a device that works");
        drop((y, gradients));
    }
}

type T = FloatTensor<Cube>;
type Normalize = fn(T, T, T, f64, bool) -> (T, T);
type Differentiate = fn(T, T, T, T, T, bool) -> (T, T, T);

fn device() -> Device {
    Device::wgpu(DeviceKind::DefaultDevice)
}

fn median(inputs: &Inputs, kernels: bool, relu: bool) -> Duration {
    inputs.run(kernels, relu);
    let mut times = [(); RUNS].map(|()| {
        let start = Instant::now();
        inputs.run(kernels, relu);
        start.elapsed()
    });
    times.sort();
    times[RUNS / 2]
}

/// Launches of one call: what a process with `CALLS` calls more logs more.
fn launches(shape: usize, kernels: bool, relu: bool) -> usize {
    let folder = std::env::temp_dir().join(format!("untied-gpu-time-{}", std::process::id()));
    std::fs::create_dir_all(&folder).expect("a temporary folder");
    let config = "[profiling]\nlogger = { level = \"minimal\", stdout = true }\n";
    std::fs::write(folder.join("cubecl.toml"), config).expect("a file in it");
    let logged = |calls: usize| {
        let arguments = [shape, usize::from(kernels), usize::from(relu), calls].map(|number| number.to_string());
        let program = std::env::current_exe().expect("this program");
        let output = Command::new(program).args(arguments).current_dir(&folder).output().expect("a process");
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8_lossy(&output.stdout).lines().filter(|line| !line.trim().is_empty()).count()
    };
    let launches = (logged(1 + CALLS) - logged(1)) / CALLS;
    std::fs::remove_dir_all(folder).expect("the folder made above");
    launches
}

fn main() {
    let arguments: Vec<usize> = std::env::args().skip(1).map(|argument| argument.parse().expect("a number")).collect();
    if let [shape, kernels, relu, calls] = arguments[..] {
        let inputs = Inputs::new(SHAPES[shape]);
        return (0..calls).for_each(|_| inputs.run(kernels == 1, relu == 1));
    }
    println!("{:?}: launches, milliseconds (median of {RUNS})", device());
    println!("| shape | | kernels | | primitives | |\n|---|---|---|---|---|---|");
    for (index, shape) in SHAPES.into_iter().enumerate() {
        let inputs = Inputs::new(shape);
        for relu in [false, true] {
            let name = shape.map(|size| size.to_string()).join("×");
            let cells = [true, false].map(|kernels| {
                let time = median(&inputs, kernels, relu).as_secs_f64() * 1e3;
                format!("{} | {time:.1}", launches(index, kernels, relu))
            });
            println!("| {name} | {} | {} |", if relu { "with ReLU" } else { "" }, cells.join(" | "));
        }
    }
}
