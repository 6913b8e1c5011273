//! Pools ten handwritten digits, and shows where their gradients go: to the strongest pixel of each 2×2 window.
//!
//! `cargo run -p untied-pool --example handwriting`. Data, beside this file: the first of each digit in optical recognition of
//! handwritten digits, CC BY 4.0, Alpaydin & Kaynak 1998, <https://doi.org/10.24432/C50P49>.

#![expect(clippy::print_stdout, reason = "an example shows what it finds")]

use burn::tensor::module::max_pool2d as burns_max_pool2d;
use burn::tensor::ops::MaxPoolOptions;
use burn::tensor::{Device, Tensor, TensorData};
use untied_pool::max_pool2d;

const DIGITS: usize = 10;
const SIZE: usize = 8;
/// From 0 to 16.
const SHADES: &[u8] = b"  ..::--==++**##@";

fn main() {
    let device = Device::default().autodiff();
    // A line of one number is the digit; eight of eight numbers are its image.
    let lines = include_str!("digits.txt").lines().filter(|line| line.split_whitespace().count() == SIZE);
    let pixels = lines.flat_map(str::split_whitespace).map(|pixel| pixel.parse().expect("a number")).collect();
    let x = Tensor::<4>::from_data(TensorData::new::<f32, _>(pixels, [DIGITS, 1, SIZE, SIZE]), &device).require_grad();

    let y = max_pool2d(x.clone());
    let reached = x.grad(&y.clone().sum().backward()).expect("the output depends on it");
    let [image, pooled, reached] = [x.clone().inner(), y.clone().inner(), reached]
        .map(|tensor| tensor.into_data().try_to_vec::<f32>().expect("f32"));
    for digit in [2, 5] {
        println!("the digit {digit}, pooled, and the pixels that get a gradient");
        for row in 0..SIZE {
            let of = |values: &[f32], size: usize, show: &dyn Fn(f32) -> u8| -> String {
                let rows = values[digit * size * size..][..size * size].chunks(size).nth(row);
                rows.unwrap_or_default().iter().flat_map(|&value| [char::from(show(value)); 2]).collect()
            };
            let shade = |value: f32| SHADES[value as usize];
            let mark = |gradient: f32| if gradient > 0.0 { b'o' } else { b'.' };
            let pooled = of(&pooled, SIZE / 2, &shade);
            println!("|{}|  |{pooled:8}|  {}", of(&image, SIZE, &shade), of(&reached, SIZE, &mark));
        }
    }

    let burns = burns_max_pool2d(x, MaxPoolOptions::new([2, 2]).with_stride([2, 2]));
    let difference = (y.clone() - burns).abs().max().into_scalar::<f32>();
    println!("largest difference from Burn's own pooling: {difference}");
    println!("bytes that Burn's keeps for the way back, and this one does not: {}", 8 * y.shape().num_elements());
}
