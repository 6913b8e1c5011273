//! The hand-derived backward against central differences, and against wrong backwards.
#![cfg(feature = "flex")]

use burn::tensor::{Device, Tensor};
use untied_batch_norm::batch_norm;
use untied_gradcheck::{Arguments, GradCheck, Input, random_cotangent};

const EPSILON: f64 = 1e-5;

fn function<const D: usize>(given: &Arguments) -> Tensor<D> {
    batch_norm(given.get::<D>("x"), given.get::<1>("gamma"), given.get::<1>("beta"), EPSILON).output
}

fn inputs(shape: &[usize]) -> [Input; 3] {
    let channels = shape[1];
    [Input::random("x", shape, 1), Input::random("gamma", [channels], 2), Input::random("beta", [channels], 3)]
}

fn check<const D: usize>(shape: [usize; D]) {
    GradCheck::default().check(function::<D>, &inputs(&shape), &Device::flex()).assert();
}

#[test]
fn rank_2() {
    check([7, 3]);
}

#[test]
fn rank_3() {
    check([3, 2, 5]);
}

#[test]
fn rank_4() {
    check([3, 2, 3, 4]);
}

#[test]
fn rank_5() {
    check([2, 3, 2, 3, 2]);
}

#[test]
fn one_channel_and_one_image() {
    check([1, 1, 3, 3]);
    check([2, 1]);
}

#[test]
fn first_axis_swapped_in_memory() {
    // A transposed view: the kernel must honour strides.
    let inputs = inputs(&[3, 4, 2]);
    let gamma_of = |given: &Arguments| given.get::<1>("gamma").narrow(0, 0, 3);
    let function = |given: &Arguments| {
        let x = given.get::<3>("x").swap_dims(0, 1);
        batch_norm(x, gamma_of(given), given.get::<1>("beta").narrow(0, 0, 3), EPSILON).output
    };
    GradCheck::default().check(function, &inputs, &Device::flex()).assert();
}

/// What can go wrong in dx = γ·r·(dy − mean(dy) − x̂·mean(dy·x̂)).
#[derive(Debug, Clone, Copy, PartialEq)]
enum Mutant {
    Right,
    Zero,
    WithoutMean,
    WithoutProjection,
    WithoutReciprocalStd,
    WithoutGamma,
}

fn dx(mutant: Mutant, x: Tensor<2>, gamma: Tensor<1>, dy: Tensor<2>) -> Tensor<2> {
    let mean = x.clone().mean_dim(0);
    let centred = x - mean;
    let r = (centred.clone().square().mean_dim(0) + EPSILON).sqrt().recip();
    let x_hat = centred * r.clone();
    let along_ones = dy.clone().mean_dim(0);
    let along_x_hat = x_hat.clone() * (dy.clone() * x_hat).mean_dim(0);
    let gamma = gamma.unsqueeze::<2>();
    match mutant {
        Mutant::Right => (dy - along_ones - along_x_hat) * r * gamma,
        Mutant::Zero => dy * 0.0,
        Mutant::WithoutMean => (dy - along_x_hat) * r * gamma,
        Mutant::WithoutProjection => (dy - along_ones) * r * gamma,
        Mutant::WithoutReciprocalStd => (dy - along_ones - along_x_hat) * gamma,
        Mutant::WithoutGamma => (dy - along_ones - along_x_hat) * r,
    }
}

/// Error of a mutant's dx under the check.
fn error_of(mutant: Mutant) -> f64 {
    let check = GradCheck::default();
    let device = Device::flex();
    let inputs = inputs(&[7, 3]);
    let only_x = [inputs[0].clone()];
    let constant = |input: &Input| Tensor::<1>::from_data(&input.values[..], (&device, burn::tensor::DType::F64));
    let (gamma, beta) = (constant(&inputs[1]), constant(&inputs[2]));

    let x = constant(&inputs[0]).reshape([7, 3]);
    let dy = random_cotangent([7, 3], check.seed, &device);
    let given = dx(mutant, x, gamma.clone(), dy).into_data().try_to_vec::<f64>().unwrap();
    let function = |given: &Arguments| batch_norm(given.get::<2>("x"), gamma.clone(), beta.clone(), EPSILON).output;
    check.check_gradients(function, &only_x, &device, &[given]).error()
}

#[test]
fn wrong_backwards_are_caught() {
    assert!(error_of(Mutant::Right) < 1e-8);
    for mutant in [
        Mutant::Zero,
        Mutant::WithoutMean,
        Mutant::WithoutProjection,
        Mutant::WithoutReciprocalStd,
        Mutant::WithoutGamma,
    ] {
        let error = error_of(mutant);
        assert!(error > 1e-2, "{mutant:?} passes with error {error}");
    }
}

#[test]
fn gradient_of_a_tied_bias_is_zero() {
    // Σ over images and locations of dx, per channel, under a random cotangent.
    let device = Device::flex().autodiff();
    let inputs = inputs(&[4, 3, 5, 2]);
    let gradients = untied_gradcheck::autodiff_gradients(function::<4>, &inputs, &device, 9);
    for channel in 0..3 {
        let of_channel: Vec<f64> = (0..4 * 3 * 10).filter(|i| i / 10 % 3 == channel).map(|i| gradients[0][i]).collect();
        let sum: f64 = of_channel.iter().sum();
        let size: f64 = of_channel.iter().map(|value| value.abs()).sum();
        assert!(size > 1.0, "the gradient is not trivially zero");
        assert!(sum.abs() < 32.0 * 2f64.powi(-53) * size, "channel {channel}: {sum:e} of {size:e}");
    }
}

#[test]
fn statistics_carry_no_gradient() {
    let device = Device::flex().autodiff();
    let x = Tensor::<2>::from_floats([[1.0], [2.0], [5.0]], &device).require_grad();
    let normalized = batch_norm(x.clone(), Tensor::ones([1], &device), Tensor::zeros([1], &device), EPSILON);
    let loss = normalized.mean.sum() + normalized.var.sum() + normalized.output.sum() * 0.0;
    let dx = x.grad(&loss.backward()).map(|dx| dx.into_data().try_to_vec::<f32>().unwrap());
    assert_eq!(dx, Some(vec![0.0; 3]));
}
