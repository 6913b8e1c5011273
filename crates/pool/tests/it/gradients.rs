//! The gradient against central differences in f64 under a random cotangent, and against wrong gradients.
#![cfg(feature = "flex")]

use burn::tensor::{Device, Tensor};
use untied_gradcheck::{Arguments, GradCheck, Input, autodiff_gradients};
use untied_pool::max_pool2d;

/// Distinct values, far enough apart for central differences to see no kink.
fn input(shape: [usize; 4]) -> [Input; 1] {
    let random = Input::random("x", shape, 1).values;
    let rank = |value: &f64| random.iter().filter(|other| *other < value).count() as f64;
    [Input::new("x", shape, random.iter().map(|value| rank(value) / 100.0).collect())]
}

fn function(given: &Arguments) -> Tensor<4> {
    max_pool2d(given.get::<4>("x"))
}

/// A wrong gradient made of a right one.
type Mutant = fn(&mut [f64]);

#[test]
fn agrees_with_central_differences() {
    for shape in [[2, 3, 4, 6], [1, 2, 5, 7], [3, 1, 2, 2]] {
        GradCheck::default().check(function, &input(shape), &Device::flex()).assert();
    }
}

#[test]
fn wrong_gradients_are_caught() {
    let (check, input, device) = (GradCheck::default(), input([2, 3, 4, 6]), Device::flex());
    let right = autodiff_gradients(function, &input, &device, check.seed).remove(0);
    let error = |gradient: Vec<f64>| check.check_gradients(function, &input, &device, &[gradient]).error();
    assert!(error(right.clone()) < 1e-8);
    let mutants: [(&str, Mutant); 5] = [
        ("none", |dx| dx.fill(0.0)),
        ("shared by the window", |dx| {
            let whole = dx.to_vec();
            for (at, dx) in dx.iter_mut().enumerate() {
                let (row, column) = (at / 6 / 2 * 2, at % 6 / 2 * 2);
                *dx = [(0, 0), (0, 1), (1, 0), (1, 1)].map(|(k, l)| whole[(row + k) * 6 + column + l]).iter().sum();
            }
        }),
        ("left and right swapped", |dx| dx.chunks_mut(2).for_each(|pair| pair.swap(0, 1))),
        ("rows swapped", |dx| dx.chunks_mut(12).for_each(|rows| rows.rotate_left(6))),
        ("of the image before", |dx| dx.rotate_left(72)),
    ];
    for (name, mutate) in mutants {
        let mut wrong = right.clone();
        mutate(&mut wrong);
        assert!(error(wrong) > 1e-2, "{name} was not caught");
    }
}
