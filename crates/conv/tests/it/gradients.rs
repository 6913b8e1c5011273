//! Gradients of every rank and bias mode against central differences in f64, under a random cotangent.
#![cfg(feature = "flex")]
#![expect(clippy::print_stdout, reason = "a failing case is told by the last line")]

use burn::tensor::ops::ConvOptions;
use burn::tensor::{Device, Tensor};
use untied_conv::{conv1d, conv2d, conv3d};
use untied_gradcheck::{Arguments, GradCheck, Input};

use crate::loops::Case;

/// Checks x, weight and bias.
fn check(case: &Case) {
    match case.rank() {
        1 => check_by(conv1d, case),
        2 => check_by(conv2d, case),
        _ => check_by(conv3d, case),
    }
}

fn check_by<const D: usize, const R: usize, const B: usize>(
    conv: fn(Tensor<R>, Tensor<R>, Option<Tensor<B>>, ConvOptions<D>) -> Tensor<R>,
    case: &Case,
) {
    println!("{case:?}");
    let mut inputs = vec![Input::random("x", case.x.clone(), 1), Input::random("weight", case.weight.clone(), 2)];
    inputs.extend(case.bias.as_ref().map(|shape| Input::random("bias", shape.clone(), 3)));
    let function = |given: &Arguments| {
        let bias = case.bias.as_ref().map(|_| given.get("bias"));
        conv(given.get("x"), given.get("weight"), bias, case.options())
    };
    GradCheck::default().check(function, &inputs, &Device::flex()).assert();
}

/// One case with each way to share its bias.
fn check_modes(case: &Case) {
    check(&Case { bias: None, ..case.clone() });
    let output = case.output();
    for own in 0..1 << case.rank() {
        let size = (0..case.rank()).map(|axis| if own >> axis & 1 == 1 { output[axis + 2] } else { 1 });
        check(&Case { bias: Some([output[1]].into_iter().chain(size).collect()), ..case.clone() });
    }
}

fn case<const D: usize>(channels: [usize; 2], kernel: [usize; D], input: [usize; D], n: usize) -> Case {
    Case {
        x: [n, channels[0]].into_iter().chain(input).collect(),
        weight: channels.into_iter().rev().chain(kernel).collect(),
        bias: None,
        stride: vec![1; D],
        padding: vec![[0, 0]; D],
        dilation: vec![1; D],
        groups: 1,
    }
}

#[test]
fn every_bias_mode() {
    check_modes(&case([2, 3], [3], [5], 2));
    check_modes(&case([2, 3], [3, 2], [4, 5], 2));
    check_modes(&case([2, 2], [2, 1, 3], [3, 2, 4], 1));
}

#[test]
fn odd_sizes_and_padding() {
    let padded = Case { padding: vec![[1, 2]], ..case([2, 2], [4], [7], 1) };
    check_modes(&padded);
    check_modes(&Case { padding: vec![[0, 2], [1, 0]], stride: vec![2, 1], ..case([2, 2], [2, 3], [5, 3], 1) });
    check_modes(&Case { padding: vec![[0, 1], [2, 0], [1, 1]], ..case([1, 2], [2, 2, 2], [3, 1, 2], 2) });
}

#[test]
fn strides_over_the_kernel_and_dilation() {
    check_modes(&Case { stride: vec![5], ..case([2, 2], [2], [13], 1) });
    check_modes(&Case { stride: vec![5, 4], ..case([2, 2], [2, 3], [8, 7], 1) });
    check_modes(&Case { stride: vec![3, 1, 4], ..case([1, 2], [2, 1, 1], [6, 2, 6], 1) });
    check_modes(&Case { dilation: vec![2, 3], ..case([2, 2], [2, 3], [6, 7], 1) });
}

#[test]
fn groups_and_depthwise() {
    let grouped = |case: Case, groups: usize| {
        let mut grouped = Case { groups, ..case };
        grouped.weight[1] /= groups;
        grouped
    };
    check_modes(&grouped(Case { stride: vec![2], ..case([4, 6], [3], [8], 2) }, 2));
    check_modes(&grouped(case([3, 6], [3], [6], 2), 3));
    check_modes(&grouped(case([4, 4], [2, 3], [4, 5], 2), 2));
    check_modes(&grouped(case([4, 8], [2, 3], [4, 5], 1), 4));
    check_modes(&grouped(Case { stride: vec![1, 2, 1], ..case([2, 2], [2, 2, 1], [3, 4, 2], 1) }, 2));
}
