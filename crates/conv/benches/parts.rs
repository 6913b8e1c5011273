//! Forward, ∂x and the parameters' gradients of single convolutions in f32, each alone, and how close they come to what
//! the processor can multiply; all cores.
//!
//! `cargo bench --bench parts [-- SECONDS PART-OF-A-SHAPE]`, for each number
#![cfg(feature = "flex")]
#![expect(clippy::print_stdout, reason = "it prints a table")]

mod step;

use std::time::{Duration, Instant};

use burn::backend::Flex;
use burn::tensor::Shape;
use divan::black_box;
use pulp::{Simd, WithSimd};
use rayon::prelude::*;
use step::{SHAPES, Sizes, operands, options, size_out};
use untied_conv::{ConvBackend, ConvSpec};
use untied_kernels::cpu::{Lanes, dispatch, level};

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// Calls until caches and threads are warm.
const WARM_UP: usize = 5;

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).filter(|argument| argument != "--bench").collect();
    let seconds = arguments.first().map_or(0.3, |seconds| seconds.parse().expect("seconds"));
    let only = arguments.get(1).map_or("", String::as_str);
    let peak = peak();
    println!("{} threads, {}: {peak:.0} GFLOP/s", rayon::current_num_threads(), level());
    println!(
        "{:31} {:>8} {:>8} {:>8} {:>8} {:>8} {:>10} {:>6} {:>6} {:>6}",
        "shape, ms", "y", "dx", "dw", "y + b", "dw, db", "GFLOP/s", "y", "dx", "dw"
    );
    for shape in SHAPES {
        let name = format!("{shape:?}");
        if name.contains(only) {
            row(&name, shape, seconds, peak);
        }
    }
}

fn row(name: &str, shape: Sizes, seconds: f64, peak: f64) {
    let [images, channels_in, channels_out, _, kernel, _, groups] = shape;
    let [x, weight, dy] = operands(shape);
    let bias = step::random([channels_out, size_out(shape), size_out(shape)]);
    let bias_shape = Shape::new([channels_out, size_out(shape), size_out(shape)]);
    let [x_shape, weight_shape] = [&x, &weight].map(|tensor| tensor.layout().shape());
    let spec = ConvSpec::new(x_shape, weight_shape, &options(shape)).expect("a convolution");
    let times = [
        milliseconds(seconds, || drop(black_box(Flex::untied_conv(x.clone(), weight.clone(), spec)))),
        milliseconds(seconds, || drop(black_box(Flex::untied_conv_x_backward(weight.clone(), dy.clone(), spec)))),
        milliseconds(seconds, || drop(black_box(Flex::untied_conv_weight_backward(x.clone(), dy.clone(), spec)))),
        milliseconds(seconds, || {
            drop(black_box(Flex::untied_conv_bias(x.clone(), weight.clone(), bias.clone(), spec)));
        }),
        milliseconds(seconds, || {
            let (x, dy) = (x.clone(), dy.clone());
            drop(black_box(Flex::untied_conv_parameters_backward(x, dy, bias_shape.clone(), spec)));
        }),
    ];
    let flops = 2 * images * size_out(shape).pow(2) * channels_out * channels_in / groups * kernel.pow(2);
    let rate = |milliseconds: f64| flops as f64 / milliseconds / 1e6;
    print!("{name:31}");
    for time in times {
        print!(" {time:8.3}");
    }
    print!(" {:10.0}", 3.0 * rate(times[..3].iter().sum()));
    for time in &times[..3] {
        print!(" {:5.0}%", 100.0 * rate(*time) / peak);
    }
    println!();
}

/// Median of a call.
fn milliseconds(seconds: f64, call: impl Fn()) -> f64 {
    (0..WARM_UP).for_each(|_| call());
    let (mut times, end) = (vec![], Instant::now() + Duration::from_secs_f64(seconds));
    while times.is_empty() || Instant::now() < end {
        let start = Instant::now();
        call();
        times.push(1e3 * start.elapsed().as_secs_f64());
    }
    times.sort_by(f64::total_cmp);
    times[times.len() / 2]
}

/// GFLOP/s of fused multiply-adds in registers, of all threads together.
fn peak() -> f64 {
    let threads = rayon::current_num_threads();
    let times = (0..20).map(|_| {
        let start = Instant::now();
        let flops: Vec<f64> = (0..threads).into_par_iter().with_max_len(1).map(|_| dispatch(MultiplyAdd)).collect();
        flops.iter().sum::<f64>() / start.elapsed().as_secs_f64() / 1e9
    });
    times.fold(0.0, f64::max)
}

struct MultiplyAdd;

impl WithSimd for MultiplyAdd {
    type Output = f64;

    /// Returns the operations.
    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) -> f64 {
        const ROUNDS: usize = 4_000_000;
        let factor = black_box(f32::splat(simd, 0.5));
        // Enough that none waits for the one before.
        let mut sums = [f32::splat(simd, 1.0); 12];
        for _ in 0..ROUNDS {
            for sum in &mut sums {
                *sum = <f32 as Lanes>::mul_add(simd, factor, *sum, factor);
            }
        }
        black_box(sums);
        (2 * ROUNDS * sums.len() * f32::lanes::<S>()) as f64
    }
}
