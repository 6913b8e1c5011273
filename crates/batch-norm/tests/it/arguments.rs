//! The operations refuse what does not fit x instead of reading or writing beyond it.
#![cfg(feature = "flex")]

use std::panic::{AssertUnwindSafe, catch_unwind};

use burn::backend::tensor::FloatTensor;
use burn::backend::{Backend, Flex};
use burn::tensor::{FloatDType, Shape};
use untied_batch_norm::BatchNormBackend;

/// Of x, γ, β, the statistics and dy.
const SHAPES: [&[usize]; 5] = [&[4, 3, 5], &[3], &[3], &[4, 3], &[4, 3, 5]];

fn zeros<B: Backend>(shape: &[usize], dtype: FloatDType) -> FloatTensor<B> {
    B::float_zeros(Shape::from(shape.to_vec()), &B::Device::default(), dtype)
}

fn panic_of(run: impl FnOnce()) -> String {
    *catch_unwind(AssertUnwindSafe(run)).expect_err("a refusal").downcast().expect("a message")
}

/// What the operations say, forward (if they take it) and backward, of such a tensor in the place of that argument.
fn refusals(argument: usize, shape: &[usize], dtype: FloatDType) -> Vec<String> {
    let [x, gamma, beta, statistics, dy] = [0, 1, 2, 3, 4].map(|which| {
        if which == argument { zeros::<Flex>(shape, dtype) } else { zeros::<Flex>(SHAPES[which], FloatDType::F32) }
    });
    let forward = || drop(Flex::untied_batch_norm(x.clone(), gamma.clone(), beta.clone(), 1e-5, false));
    let forward = (argument < 3).then(|| panic_of(forward));
    let backward = panic_of(|| {
        drop(Flex::untied_batch_norm_backward(x.clone(), gamma.clone(), beta.clone(), statistics, dy, false));
    });
    forward.into_iter().chain([backward]).collect()
}

#[test]
fn arguments_that_do_not_fit_are_refused() {
    let cases: [(usize, &[usize], FloatDType, &str); 10] = [
        (0, &[3], FloatDType::F32, "an input [n, c, ...] with values, got [3]"),
        (0, &[0, 3, 5], FloatDType::F32, "an input [n, c, ...] with values, got [0, 3, 5]"),
        (0, &[4, 0, 5], FloatDType::F32, "an input [n, c, ...] with values, got [4, 0, 5]"),
        (0, &[4, 3, 0], FloatDType::F32, "an input [n, c, ...] with values, got [4, 3, 0]"),
        (1, &[2], FloatDType::F32, "gamma [3] of type F32, got [2] of type F32"),
        (2, &[3], FloatDType::F64, "beta [3] of type F32, got [3] of type F64"),
        (3, &[3, 3], FloatDType::F32, "statistics [4, 3] of type F32, got [3, 3] of type F32"),
        (4, &[4, 3, 4], FloatDType::F32, "dy [4, 3, 5] of type F32, got [4, 3, 4] of type F32"),
        (4, &[4, 5, 3], FloatDType::F32, "dy [4, 3, 5] of type F32, got [4, 5, 3] of type F32"),
        (4, &[4, 3, 5], FloatDType::F16, "dy [4, 3, 5] of type F32, got [4, 3, 5] of type F16"),
    ];
    for (argument, shape, dtype, expected) in cases {
        for message in refusals(argument, shape, dtype) {
            assert_eq!(message, format!("batch norm: expected {expected}"));
        }
    }
}
