//! Norm with what stands behind it in one pass: equal bits to one operation after the other, gradients against central
//! differences, and wrong gradients caught.
#![cfg(feature = "flex")]

use burn::module::Module;
use burn::tensor::activation::relu;
use burn::tensor::module::max_pool2d;
use burn::tensor::ops::MaxPoolOptions;
use burn::tensor::{DType, Device, Tensor, TensorData};
use untied_batch_norm::{
    BatchNorm, BatchNormConfig, batch_norm, batch_norm_add_relu, batch_norm_relu, batch_norm_relu_pool,
    statistics_dtype,
};
use untied_gradcheck::{
    Arguments, GradCheck, Input, assert_equal_on_any_threads, autodiff_gradients, random_cotangent, rerun_tests,
};

const EPSILON: f64 = 1e-5;
const DTYPES: [DType; 4] = [DType::F32, DType::F64, DType::F16, DType::BF16];
/// Long and short rows, odd planes, planes below a window, one channel, several chunks, and planes beyond a chunk.
const SHAPES: [[usize; 4]; 10] = [
    [3, 4, 6, 8],
    [5, 3, 7, 9],
    [9, 5, 2, 2],
    [4, 3, 3, 3],
    [3, 2, 1, 40],
    [3, 1, 8, 8],
    [70, 3, 32, 32],
    [2, 2, 257, 256],
    [2, 3, 4, 4],
    [33, 7, 5, 4],
];

/// A function of x, γ, β and what may be added.
type Operation = fn([Tensor<4>; 2], [Tensor<1>; 2]) -> Tensor<4>;

fn add_relu([x, other]: [Tensor<4>; 2], [gamma, beta]: [Tensor<1>; 2]) -> Tensor<4> {
    batch_norm_add_relu(x, gamma, beta, other, EPSILON).output
}

fn add_relu_apart([x, other]: [Tensor<4>; 2], [gamma, beta]: [Tensor<1>; 2]) -> Tensor<4> {
    relu(batch_norm(x, gamma, beta, EPSILON).output + other)
}

fn relu_pool([x, _]: [Tensor<4>; 2], [gamma, beta]: [Tensor<1>; 2]) -> Tensor<4> {
    batch_norm_relu_pool(x, gamma, beta, EPSILON).output
}

fn relu_pool_apart([x, _]: [Tensor<4>; 2], [gamma, beta]: [Tensor<1>; 2]) -> Tensor<4> {
    pooled(batch_norm_relu(x, gamma, beta, EPSILON).output)
}

fn pooled(x: Tensor<4>) -> Tensor<4> {
    max_pool2d(x, MaxPoolOptions::new([2, 2]).with_stride([2, 2]))
}

fn tensor<const D: usize>(shape: [usize; D], seed: u64, dtype: DType, device: &Device) -> Tensor<D> {
    // On a grid, so that windows have equal values, and sums are zero.
    let values = Input::random("values", shape, seed).values.into_iter().map(|value| (8.0 * value).round() / 8.0);
    Tensor::<D>::from_data(TensorData::new(values.collect::<Vec<f64>>(), shape), (device, DType::F64)).cast(dtype)
}

fn bytes<const D: usize>(tensor: Tensor<D>) -> Vec<u8> {
    tensor.into_data().as_bytes().to_vec()
}

/// y, dx, dγ, dβ, and the gradient of what is added. Whether `held`, the gradient of y is in use elsewhere too.
fn everything(operation: Operation, shape: [usize; 4], dtype: DType, held: bool, device: &Device) -> [Vec<u8>; 5] {
    let leaf = |seed| tensor([shape[1]], seed, statistics_dtype(dtype), device).require_grad();
    let maps = [1, 5].map(|seed| tensor(shape, seed, dtype, device).require_grad());
    let rows = [leaf(2), leaf(3)];
    let y = operation(maps.clone(), rows.clone());
    let weighted = y.clone() * tensor(y.dims(), 4, dtype, device);
    // The gradient of a sum is handed to both terms.
    let also = Tensor::<4>::zeros(y.dims(), (device, dtype)).require_grad();
    let loss = if held { ((y.clone() + also) * tensor(y.dims(), 4, dtype, device)).sum() } else { weighted.sum() };
    let gradients = loss.backward();
    let [dx, dother] = maps.map(|map| map.grad(&gradients).map(bytes).unwrap_or_default());
    let [dgamma, dbeta] = rows.map(|row| bytes(row.grad(&gradients).expect("a row's gradient")));
    [bytes(y), dx, dgamma, dbeta, dother]
}

const PAIRS: [(&str, Operation, Operation); 2] =
    [("addition and ReLU", add_relu, add_relu_apart), ("ReLU and pooling", relu_pool, relu_pool_apart)];

#[test]
fn bits_are_those_of_one_operation_after_the_other() {
    for (name, together, apart) in PAIRS {
        for shape in SHAPES.into_iter().filter(|shape| name != "ReLU and pooling" || shape[2] > 1) {
            for (dtype, held) in DTYPES.into_iter().flat_map(|dtype| [(dtype, false), (dtype, true)]) {
                let device = Device::flex().autodiff();
                let [got, expected] = [together, apart].map(|of| everything(of, shape, dtype, held, &device));
                assert!(got == expected, "{name}, {shape:?}, {dtype:?}, held: {held}");
                let balanced = Device::flex().autodiff().gradient_checkpointing();
                assert!(everything(together, shape, dtype, held, &balanced) == expected, "{name}: checkpointing");
            }
        }
    }
}

#[test]
fn views_are_read_as_their_copies() {
    let device = Device::flex();
    for (name, together, _) in PAIRS {
        let maps = [1, 2].map(|seed| tensor([4, 6, 8, 5], seed, DType::F32, &device).swap_dims(0, 1).swap_dims(2, 3));
        let rows = || [3, 4].map(|seed| tensor([4], seed, DType::F32, &device));
        let copies = maps.clone().map(|map| Tensor::<4>::from_data(map.into_data(), &device));
        assert_eq!(bytes(together(maps, rows())), bytes(together(copies, rows())), "{name}");
    }
}

/// Where pooling would have to choose, too: nothing is larger than NaN.
#[test]
fn what_is_no_number_stays_in_its_channel() {
    let device = Device::flex();
    for (name, together, _) in PAIRS {
        for shape in [[3, 4, 6, 8], [3, 4, 3, 3]] {
            let [x, other] = [1, 5].map(|seed| tensor(shape, seed, DType::F64, &device));
            let rows = || [2, 3].map(|seed| tensor([4], seed, DType::F64, &device));
            let values = |x: Tensor<4>| {
                let y = together([x, other.clone()], rows());
                [0, 1].map(|from| host(y.clone().narrow(1, from, 1 + 2 * from)))
            };
            let (hole, [number, rest]) = ([1..2, 0..1, 1..2, 1..2], values(x.clone()));
            let nan = Tensor::full([1; 4], f64::NAN, (&device, DType::F64));
            let [hard, rest_beside] = values(x.slice_assign(hole, nan));
            assert!(number.iter().all(|y| !y.is_nan()) && hard.iter().all(|y| y.is_nan()), "{name}");
            assert_eq!(rest_beside, rest, "{name}");
        }
    }
}

fn host(tensor: Tensor<4>) -> Vec<f64> {
    tensor.into_data().try_to_vec().expect("f64")
}

#[test]
fn thread_counts_give_the_same_bits_behind_the_norm() {
    for (name, together, _) in PAIRS {
        for shape in [[64, 16, 28, 28], [3, 5, 7, 9], [40, 70, 2, 2]] {
            for dtype in [DType::F32, DType::BF16] {
                let run = || everything(together, shape, dtype, false, &Device::flex().autodiff());
                assert_equal_on_any_threads((name, shape, dtype), run);
            }
        }
    }
}

#[test]
fn narrower_registers_give_the_bits_too() {
    let _ = rerun_tests("bits_are_those_of", untied_kernels::cpu::CAP, &["scalar", "avx2"]);
}

/// In evaluation: in the memory of x or beside it, with statistics that are not those of the batch.
#[test]
fn evaluation_gives_the_bits_of_burns_operations() {
    let device = Device::flex();
    for (shape, dtype) in SHAPES.into_iter().flat_map(|shape| DTYPES.map(|dtype| (shape, dtype))) {
        let wide = statistics_dtype(dtype);
        let row = |seed: u64| tensor([shape[1]], seed, wide, &device);
        let [x, other] = [1, 5].map(|seed| tensor(shape, seed, dtype, &device));
        let [gamma, beta, mean, var] = [row(2), row(3), row(6), row(7).square() + 0.1];
        let norm = evaluating([&gamma, &beta, &mean, &var], &device);
        let plain = || {
            let rows = [&gamma, &beta, &mean, &var].map(Clone::clone);
            let [gamma, beta, mean, var] = rows;
            burn::tensor::module::batch_norm(x.clone().cast(wide), gamma, beta, mean, var, EPSILON).cast(dtype)
        };
        let copy = || x.clone() * 1.0;
        let case = format!("{shape:?} {dtype:?}");
        for x in [x.clone(), copy()] {
            assert!(bytes(norm.forward(x)) == bytes(plain()), "{case}");
        }
        assert!(bytes(norm.forward_relu(copy())) == bytes(relu(plain())), "{case} with ReLU");
        let sum = relu(plain() + other.clone());
        assert!(bytes(norm.forward_add_relu(copy(), other)) == bytes(sum), "{case} with addition");
        if shape[2] > 1 {
            assert!(bytes(norm.forward_relu_pool(copy())) == bytes(pooled(relu(plain()))), "{case} with pooling");
        }
    }
}

/// A layer in evaluation with these γ, β, mean and variance.
fn evaluating(rows: [&Tensor<1>; 4], device: &Device) -> BatchNorm {
    let mut norm = BatchNormConfig::new(rows[0].dims()[0]).with_epsilon(EPSILON).init(device);
    let [gamma, beta, mean, var] = rows.map(Clone::clone);
    norm.gamma = Some(burn::module::Param::from_tensor(gamma));
    norm.beta = Some(burn::module::Param::from_tensor(beta));
    norm.running_mean = burn::module::RunningState::new(mean);
    norm.running_var = burn::module::RunningState::new(var);
    norm
}

/// Training updates the running statistics alike.
#[test]
fn running_statistics_follow_alike() {
    let device = Device::flex().autodiff();
    let x = || tensor([5, 3, 6, 6], 1, DType::F32, &device);
    let run = |forward: fn(&BatchNorm, Tensor<4>)| {
        let norm = BatchNormConfig::new(3).init(&device);
        forward(&norm, x());
        [bytes(norm.running_mean.value_sync()), bytes(norm.running_var.value_sync())]
    };
    let plain = run(|norm, x| drop(norm.forward(x)));
    assert_eq!(run(|norm, x| drop(norm.forward_add_relu(x.clone(), x))), plain);
    assert_eq!(run(|norm, x| drop(norm.forward_relu_pool(x))), plain);
}

/// A frozen layer has gradients by its running statistics.
#[test]
fn a_frozen_layer_adds_and_pools_by_its_running_statistics() {
    let device = Device::flex().autodiff();
    let norm = BatchNormConfig::new(3).init(&device).freeze();
    let [x, other] = [1, 2].map(|seed| tensor([2, 3, 6, 6], seed, DType::F32, &device).require_grad());
    let rows = [x.clone(), other.clone()];
    let gradients = |y: Tensor<4>| {
        let gradients = (y.clone() * tensor(y.dims(), 3, DType::F32, &device)).sum().backward();
        rows.clone().map(|row| row.grad(&gradients).map(bytes))
    };
    let together = gradients(norm.forward_add_relu(x.clone(), other.clone()));
    assert_eq!(together, gradients(relu(norm.forward(x.clone()) + other)));
    assert_eq!(gradients(norm.forward_relu_pool(x.clone())), gradients(pooled(relu(norm.forward(x)))));
}

fn inputs() -> [Input; 4] {
    let shape = [3, 2, 4, 6];
    let rank = |values: &[f64]| -> Vec<f64> {
        let below = |value: &f64| values.iter().filter(|other| *other < value).count() as f64;
        values.iter().map(|value| below(value) / 30.0 - 2.4).collect()
    };
    let x = rank(&Input::random("x", shape, 1).values);
    [
        Input::new("x", shape, x),
        // No channel is rectified whole, which would hide mutants.
        Input::new("gamma", [2], vec![0.7, -1.3]),
        Input::new("beta", [2], vec![0.2, 0.6]),
        Input::random("other", shape, 5),
    ]
}

fn of(operation: Operation) -> impl Fn(&Arguments) -> Tensor<4> {
    move |given| operation([given.get("x"), given.get("other")], [given.get("gamma"), given.get("beta")])
}

#[test]
fn gradients_are_those_of_central_differences() {
    for (_, together, _) in PAIRS {
        GradCheck::default().check(of(together), &inputs(), &Device::flex()).assert();
    }
}

/// A wrong set of gradients (dx, dγ, dβ, ∂J/∂other) made of right ones.
type Mutant = fn(&mut [Vec<f64>], &[f64]);

#[test]
fn wrong_gradients_are_caught() {
    let (check, device) = (GradCheck::default(), Device::flex());
    let none: fn(usize) -> Mutant = |which| {
        [
            (|all: &mut [Vec<f64>], _: &[f64]| all[0].fill(0.0)) as Mutant,
            |all, _| all[1].fill(0.0),
            |all, _| all[2].fill(0.0),
            |all, _| all[3].fill(0.0),
        ][which]
    };
    for (name, together, _) in PAIRS {
        let right = autodiff_gradients(of(together), &inputs(), &device, check.seed);
        let y = of(together);
        let error = |all: &[Vec<f64>]| check.check_gradients(&y, &inputs(), &device.clone().autodiff(), all).error();
        assert!(error(&right) < 1e-7, "{name}: {}", error(&right));
        let dy = random_cotangent([3, 2, 4, 6], check.seed, &device).into_data().try_to_vec::<f64>().expect("f64");
        let mut mutants: Vec<(&str, Mutant)> = vec![
            ("no dx", none(0)),
            ("no dγ", none(1)),
            ("no dβ", none(2)),
            ("dγ and dβ swapped", |all, _| all.swap(1, 2)),
        ];
        if name == "addition and ReLU" {
            mutants.push(("nothing for what is added", none(3)));
            mutants.push(("nothing cut for what is added", |all, dy| all[3].copy_from_slice(dy)));
            mutants.push(("what is added gets dx", |all, _| all[3] = all[0].clone()));
        } else {
            mutants.push(("neighbours swapped", |all, _| all[0].chunks_mut(2).for_each(|pair| pair.swap(0, 1))));
            mutants.push(("rows swapped", |all, _| all[0].chunks_mut(12).for_each(|rows| rows.rotate_left(6))));
        }
        for (mutant, mutate) in mutants {
            let mut wrong = right.clone();
            mutate(&mut wrong, &dy);
            assert!(error(&wrong) > 1e-2, "{name}: {mutant} was not caught");
        }
    }
}
