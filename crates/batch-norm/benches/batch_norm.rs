//! Training forward and backward (dx, dγ, dβ) in f32, with all allocations and their release; all cores.
//!
//! `benches/peer.py` compares it with PyTorch: by `--list`, the shapes as JSON, and `--row INDEX --seconds S`, the median
//! milliseconds of one. `operations` is what compares to `y.backward(dy)`: the operations of the backend, given dy. Burn's `backward` takes no dy, so that everything named `graph_…` also computes (y · dy).sum(),
//! its gradients and, for a layer, the running statistics. `copy` reads and writes the tensor once: two streams.
#![cfg(feature = "flex")]
#![expect(clippy::print_stdout, reason = "for a script")]

use std::time::{Duration, Instant};

use burn::backend::Flex;
use burn::backend::tensor::FloatTensor;
use burn::tensor::activation::relu;
use burn::tensor::{Bytes, Device, Distribution, Tensor};
use divan::{Bencher, black_box};
use rayon::prelude::*;
use serde_json::json;
use untied_batch_norm::{BatchNormBackend, BatchNormConfig, batch_norm, batch_norm_relu};

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// The last two have a statistic per column: each of 16·28·28 activations of 64 images, and a small layer without locations.
const SHAPES: [[usize; 4]; 5] =
    [[64, 64, 32, 32], [64, 32, 28, 28], [16, 256, 14, 14], [64, 16 * 28 * 28, 1, 1], [4096, 100, 1, 1]];
const EPSILON: f64 = 1e-5;

fn main() {
    let arguments: Vec<String> = std::env::args().collect();
    let value = |name: &str| arguments.iter().skip_while(|argument| *argument != name).nth(1);
    if arguments.iter().any(|argument| argument == "--list") {
        println!("{}", json!(SHAPES));
    } else if let Some(row) = value("--row") {
        let shape = SHAPES[row.parse::<usize>().expect("an index")];
        let seconds = value("--seconds").map_or(1.0, |seconds| seconds.parse().expect("seconds"));
        let seconds = Duration::from_secs_f64(seconds);
        // As in training, from a thread of the pool.
        println!("{}", json!(rayon::scope(|_| median(shape, seconds))));
    } else {
        divan::main();
    }
}

/// Milliseconds of the operations.
fn median(shape: [usize; 4], duration: Duration) -> f64 {
    let (step, dy) = (step(shape, false), primitive(shape));
    let end = Instant::now() + duration;
    let mut times = Vec::new();
    while times.len() < 20 || Instant::now() < end {
        let dy = dy.clone();
        let start = Instant::now();
        step(dy);
        times.push(1e3 * start.elapsed().as_secs_f64());
    }
    times.sort_by(f64::total_cmp);
    times[times.len() / 2]
}

fn random<const D: usize>(shape: [usize; D], device: &Device) -> Tensor<D> {
    Tensor::random(shape, Distribution::Normal(0.0, 1.0), device)
}

fn primitive<const D: usize>(shape: [usize; D]) -> FloatTensor<Flex> {
    random(shape, &Device::flex()).try_into_primitive::<Flex>().expect("a tensor of Flex")
}

/// Forward and backward at each call, given dy.
fn step(shape: [usize; 4], relu: bool) -> impl Fn(FloatTensor<Flex>) {
    let (x, gamma, beta) = (primitive(shape), primitive([shape[1]]), primitive([shape[1]]));
    move |dy| {
        let (x, gamma, beta) = (x.clone(), gamma.clone(), beta.clone());
        let (y, statistics) = Flex::untied_batch_norm(x.clone(), gamma.clone(), beta.clone(), EPSILON, relu);
        let gradients = Flex::untied_batch_norm_backward(x, gamma, beta, statistics, dy, relu);
        drop(black_box((y, gradients)));
    }
}

/// Given dy as `dy_of` makes it of a tensor that others hold, before the clock starts.
fn operations(bencher: Bencher, shape: [usize; 4], relu: bool, dy_of: fn(&FloatTensor<Flex>) -> FloatTensor<Flex>) {
    let dy = primitive(shape);
    bencher.with_inputs(|| dy_of(&dy)).bench_local_values(step(shape, relu));
}

#[divan::bench(args = SHAPES, sample_size = 1)]
fn operations_ours(bencher: Bencher, shape: [usize; 4]) {
    operations(bencher, shape, false, FloatTensor::<Flex>::clone);
}

#[divan::bench(args = SHAPES, sample_size = 1)]
fn operations_ours_relu(bencher: Bencher, shape: [usize; 4]) {
    operations(bencher, shape, true, FloatTensor::<Flex>::clone);
}

/// As in a training step, where nobody else holds dy: dx takes its memory.
#[divan::bench(args = SHAPES, sample_size = 1)]
fn operations_ours_in_place(bencher: Bencher, shape: [usize; 4]) {
    let copy = |dy: &FloatTensor<Flex>| {
        let bytes = Bytes::from_bytes_vec(dy.bytes().to_vec());
        FloatTensor::<Flex>::new(bytes, dy.layout().clone(), dy.dtype())
    };
    operations(bencher, shape, false, copy);
}

/// Forward, (y · dy).sum() and backward of a function of leaves x, γ, β.
fn graph(bencher: Bencher, shape: [usize; 4], layer: impl Fn(Tensor<4>, Tensor<1>, Tensor<1>) -> Tensor<4>) {
    let device = Device::flex().autodiff();
    let (x, dy) = (random(shape, &device).require_grad(), random(shape, &device));
    let [gamma, beta] = [(); 2].map(|()| random([shape[1]], &device).require_grad());
    bencher.bench_local(|| {
        let y = layer(x.clone(), gamma.clone(), beta.clone());
        drop(black_box((y * dy.clone()).sum().backward()));
    });
}

#[divan::bench(args = SHAPES, sample_size = 1)]
fn graph_ours(bencher: Bencher, shape: [usize; 4]) {
    graph(bencher, shape, |x, gamma, beta| batch_norm(x, gamma, beta, EPSILON).output);
}

#[divan::bench(args = SHAPES, sample_size = 1)]
fn graph_ours_relu(bencher: Bencher, shape: [usize; 4]) {
    graph(bencher, shape, |x, gamma, beta| batch_norm_relu(x, gamma, beta, EPSILON).output);
}

#[divan::bench(args = SHAPES, sample_size = 1)]
fn graph_our_layer(bencher: Bencher, shape: [usize; 4]) {
    let norm = BatchNormConfig::new(shape[1]).init(&Device::flex().autodiff());
    graph(bencher, shape, |x, _, _| norm.forward(x));
}

#[divan::bench(args = SHAPES, sample_size = 1)]
fn graph_our_layer_relu(bencher: Bencher, shape: [usize; 4]) {
    let norm = BatchNormConfig::new(shape[1]).init(&Device::flex().autodiff());
    graph(bencher, shape, |x, _, _| norm.forward_relu(x));
}

#[divan::bench(args = SHAPES, sample_size = 1)]
fn graph_burns_layer(bencher: Bencher, shape: [usize; 4]) {
    let norm = burn::nn::BatchNormConfig::new(shape[1]).init(&Device::flex().autodiff());
    graph(bencher, shape, |x, _, _| norm.forward(x));
}

#[divan::bench(args = SHAPES, sample_size = 1)]
fn graph_burns_layer_relu(bencher: Bencher, shape: [usize; 4]) {
    let norm = burn::nn::BatchNormConfig::new(shape[1]).init(&Device::flex().autodiff());
    graph(bencher, shape, |x, _, _| relu(norm.forward(x)));
}

/// What the graph alone costs: (y · dy).sum() and its gradients, with y = x.
#[divan::bench(args = SHAPES, sample_size = 1)]
fn graph_without_layer(bencher: Bencher, shape: [usize; 4]) {
    graph(bencher, shape, |x, _, _| x);
}

#[divan::bench(args = SHAPES, sample_size = 1)]
fn copy(bencher: Bencher, shape: [usize; 4]) {
    const PIECE: usize = 1 << 16;
    let values: Vec<f32> = random(shape, &Device::flex()).into_data().try_to_vec().expect("f32");
    bencher.bench_local(|| {
        let mut copy = Vec::<f32>::with_capacity(values.len());
        let pieces = copy.spare_capacity_mut()[..values.len()].par_chunks_mut(PIECE);
        pieces.zip(values.par_chunks(PIECE)).for_each(|(to, from)| {
            to.write_copy_of_slice(from);
        });
        drop(black_box(copy));
    });
}
