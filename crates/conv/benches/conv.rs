//! Training forward and backward (dx, dw, db) of one convolution in f32, given dy; all cores.
//!
//! `bias.rs` compares the bias modes with each other, `benches/peer.py` with PyTorch.
//! `cargo bench --bench conv`
#![cfg(feature = "flex")]

mod step;

use burn::backend::Flex;
use burn::backend::ops::ModuleOps;
use divan::{Bencher, black_box};
use step::{SHAPES, Sizes, operands, options, ours};
use untied_conv::Bias;

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() {
    divan::main();
}

#[divan::bench(args = SHAPES, sample_size = 1)]
fn ours_none(bencher: Bencher, shape: Sizes) {
    bencher.bench_local(ours(shape, &Bias::None));
}

#[divan::bench(args = SHAPES, sample_size = 1)]
fn ours_tied(bencher: Bencher, shape: Sizes) {
    bencher.bench_local(ours(shape, &Bias::Tied));
}

#[divan::bench(args = SHAPES, sample_size = 1)]
fn ours_untied(bencher: Bencher, shape: Sizes) {
    bencher.bench_local(ours(shape, &Bias::Untied));
}

#[divan::bench(args = SHAPES, sample_size = 1)]
fn burn_none(bencher: Bencher, shape: Sizes) {
    let [x, weight, dy] = operands(shape);
    let options = || options(shape);
    bencher.bench_local(|| {
        let y = Flex::conv2d(x.clone(), weight.clone(), None, options());
        let dx = Flex::conv2d_x_backward(x.clone(), weight.clone(), dy.clone(), options());
        drop(black_box((y, dx, Flex::conv2d_weight_backward(x.clone(), weight.clone(), dy.clone(), options()))));
    });
}
