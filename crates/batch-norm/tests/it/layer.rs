//! The layer: running statistics, modes, options and refusals.
#![cfg(feature = "flex")]

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Mutex};

use burn::module::Module;
use burn::tensor::{DType, Device, Tensor, TensorData, Tolerance};
use untied_batch_norm::{BatchNorm, BatchNormConfig, Statistics, batch_norm};

fn device() -> Device {
    Device::flex().autodiff()
}

fn values<const D: usize>(tensor: Tensor<D>) -> Vec<f32> {
    tensor.into_data().try_to_vec().unwrap()
}

fn assert_close(got: &[f32], expected: &[f32]) {
    let data = |values: &[f32]| TensorData::new(values.to_vec(), [values.len()]);
    data(got).assert_approx_eq::<f32>(&data(expected), Tolerance::rel_abs(1e-5, 1e-6));
}

fn column(numbers: &[f32]) -> Tensor<2> {
    Tensor::<1>::from_data(TensorData::new(numbers.to_vec(), [numbers.len()]), &device()).reshape([numbers.len(), 1])
}

fn running(norm: &BatchNorm) -> (Vec<f32>, Vec<f32>) {
    (values(norm.running_mean.value_sync()), values(norm.running_var.value_sync()))
}

#[test]
fn training_output_has_mean_beta_and_variance_gamma_squared() {
    let norm = BatchNormConfig::new(1).with_epsilon(1e-12).init(&device());
    let y = values(norm.forward(column(&[1.0, 2.0, 6.0])));
    let mean = y.iter().sum::<f32>() / 3.0;
    let var = y.iter().map(|value| (value - mean).powi(2)).sum::<f32>() / 3.0;
    assert_close(&[mean + 1.0, var], &[1.0, 1.0]);
}

#[test]
fn running_statistics_follow_pytorch_over_two_steps() {
    let norm = BatchNormConfig::new(1).init(&device());
    let _ = norm.forward(column(&[1.0, 3.0]));
    let _ = norm.forward(column(&[2.0, 6.0]));
    // mean: 0.9·(0.9·0 + 0.1·2) + 0.1·4; unbiased variances 2 and 8: 0.9·(0.9·1 + 0.1·2) + 0.1·8
    let (mean, var) = running(&norm);
    assert_close(&mean, &[0.58]);
    assert_close(&var, &[1.79]);
}

#[test]
fn without_momentum_they_are_the_average_of_all_batches() {
    let norm = BatchNormConfig::new(1).with_momentum(None).init(&device());
    for batch in [[1.0, 3.0], [2.0, 6.0], [0.0, 0.0]] {
        let _ = norm.forward(column(&batch));
    }
    let (mean, var) = running(&norm);
    assert_close(&mean, &[2.0]);
    assert_close(&var, &[10.0 / 3.0]);
}

#[test]
fn evaluation_uses_them_and_leaves_them() {
    let norm = BatchNormConfig::new(1).with_momentum(1.0).with_epsilon(1e-12).init(&device());
    let _ = norm.forward(column(&[1.0, 3.0]));
    let evaluated = norm.valid();
    let x = column(&[2.0, 4.0]).inner();
    assert_close(&values(evaluated.forward(x)), &[0.0, 2.0 / 2f32.sqrt()]);
    assert_eq!(running(&norm), (vec![2.0], vec![2.0]));
}

#[test]
fn half_inputs_are_evaluated_by_statistics_beyond_their_range() {
    let norm = BatchNormConfig::new(1).with_momentum(1.0).init(&device());
    let x = column(&[-300.0, 300.0]).cast(DType::F16);
    let _ = norm.forward(x.clone());
    assert_eq!(running(&norm).1, [180_000.0]);
    for y in [norm.valid().forward(x.clone().inner()), norm.valid().forward_relu(x.inner())] {
        assert_eq!(y.dtype(), DType::F16);
        let error = values(y.cast(DType::F32))[1] - 300.0 / 180_000f32.sqrt();
        assert!(error.abs() < 3e-4, "{error}");
    }
}

#[test]
fn a_frozen_layer_uses_them_and_leaves_them_while_training() {
    let norm = BatchNormConfig::new(1).with_momentum(1.0).with_epsilon(1e-12).init(&device());
    let _ = norm.forward(column(&[1.0, 3.0]));
    let norm = norm.freeze();
    let x = column(&[2.0, 4.0]).require_grad();
    let y = norm.forward(x.clone());
    assert_close(&values(y.clone()), &[0.0, 2.0 / 2f32.sqrt()]);
    assert_eq!(running(&norm), (vec![2.0], vec![2.0]));
    // The statistics are constants: dx = dy·γ·r, with no mean taken away.
    let dx = x.grad(&y.sum().backward()).expect("dx");
    assert_close(&values(dx), &[1.0 / 2f32.sqrt(); 2]);
}

#[test]
fn a_record_holds_the_statistics_of_the_last_batch() {
    let norm = BatchNormConfig::new(1).with_momentum(1.0).init(&device());
    let _ = norm.forward(column(&[1.0, 3.0]));
    let used = BatchNormConfig::new(1).with_momentum(1.0).init(&device());
    let _ = used.forward(column(&[7.0, 8.0]));
    for other in [BatchNormConfig::new(1).init(&device()), used] {
        let loaded = other.load_record(norm.clone().into_record());
        assert_eq!(running(&loaded), (vec![2.0], vec![2.0]));
    }
}

#[test]
fn inputs_of_another_float_type_are_taken() {
    let x = column(&[1.0, 3.0, 8.0]);
    for config in [
        BatchNormConfig::new(1),
        BatchNormConfig::new(1).with_affine(false),
        BatchNormConfig::new(1).with_momentum(None),
    ] {
        let (single, double) = (config.init(&device()), config.init(&device()));
        let trained = |norm: &BatchNorm, x: Tensor<2>| norm.forward(x).cast(DType::F32);
        assert_close(&values(trained(&double, x.clone().cast(DType::F64))), &values(trained(&single, x.clone())));
        let evaluated = |norm: &BatchNorm, x: Tensor<2>| norm.valid().forward(x.inner()).cast(DType::F32);
        assert_close(&values(evaluated(&double, x.clone().cast(DType::F64))), &values(evaluated(&single, x.clone())));
    }
}

#[test]
fn a_batch_of_another_type_leaves_the_statistics_theirs() {
    let norm = BatchNormConfig::new(1).with_momentum(1.0).init(&device());
    let _ = norm.forward(column(&[1.0, 3.0]).cast(DType::F64));
    assert_eq!([norm.running_mean.value().dtype(), norm.running_var.value().dtype()], [DType::F32; 2]);
    assert_eq!(running(&norm), (vec![2.0], vec![2.0]));
}

#[test]
fn without_affine_there_is_nothing_to_learn() {
    let norm = BatchNormConfig::new(3).with_affine(false).init(&device());
    assert_eq!(norm.num_params(), 6, "running mean and variance");
    assert!(norm.gamma.is_none() && norm.beta.is_none());
    let plain = BatchNormConfig::new(3).init(&device());
    let x = Tensor::<2>::from_floats([[1.0, 2.0, 3.0], [4.0, 6.0, 8.0]], &device());
    assert_eq!(values(norm.forward(x.clone())), values(plain.forward(x)));
}

#[test]
fn per_activation_normalizes_each_location_alone() {
    let statistics = Statistics::PerActivation { size: vec![1, 2] };
    let norm = BatchNormConfig::new(1).with_epsilon(1e-12).with_statistics(statistics).init(&device());
    assert_eq!(norm.gamma.as_ref().unwrap().dims(), [2]);
    let x = Tensor::<4>::from_floats([[[[1.0, 10.0]]], [[[3.0, 50.0]]]], &device());
    let y = norm.forward(x);
    assert_eq!(y.dims(), [2, 1, 1, 2]);
    assert_close(&values(y), &[-1.0, -1.0, 1.0, 1.0]);
}

#[test]
fn a_constant_channel_gives_beta() {
    let norm = BatchNormConfig::new(1).init(&device());
    assert_eq!(values(norm.forward(column(&[7.25; 4]))), [0.0; 4]);
}

#[test]
fn display_shows_the_options() {
    let text = BatchNormConfig::new(3).init(&device()).to_string();
    assert!(text.contains("num_features: 3") && text.contains("statistics: PerChannel"), "{text}");
}

#[test]
#[should_panic(expected = "expected at least 2 values per channel while training, got 1 in [1, 3]")]
fn one_value_per_channel_is_refused() {
    let _ = BatchNormConfig::new(3).init(&device()).forward(Tensor::<2>::zeros([1, 3], &device()));
}

#[test]
#[should_panic(expected = "expected at least 2 values per activation while training, got 1 in [1, 3, 2, 5]")]
fn one_value_per_activation_is_refused() {
    let statistics = Statistics::PerActivation { size: vec![2, 5] };
    let norm = BatchNormConfig::new(3).with_statistics(statistics).init(&device());
    let _ = norm.forward(Tensor::<4>::zeros([1, 3, 2, 5], &device()));
}

#[test]
#[should_panic(expected = "expected an input [n, 3, ...], got [2, 4, 5]")]
fn other_channels_are_refused() {
    let _ = BatchNormConfig::new(3).init(&device()).forward(Tensor::<3>::zeros([2, 4, 5], &device()));
}

#[test]
#[should_panic(expected = "expected an input [n, 3, 4], got [2, 3, 5]")]
fn other_locations_are_refused() {
    let statistics = Statistics::PerActivation { size: vec![4] };
    let norm = BatchNormConfig::new(3).with_statistics(statistics).init(&device());
    let _ = norm.forward(Tensor::<3>::zeros([2, 3, 5], &device()));
}

#[test]
fn a_panic_is_told_at_the_line_that_calls() {
    let files = Arc::new(Mutex::new(vec![]));
    let (told, here) = (files.clone(), std::thread::current().id());
    let former = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |info| {
        if std::thread::current().id() == here {
            told.lock().unwrap().push(info.location().expect("a location").file().to_string());
        } else {
            former(info);
        }
    }));
    let norm = BatchNormConfig::new(3).init(&device());
    let panics = |run: &dyn Fn()| assert!(catch_unwind(AssertUnwindSafe(run)).is_err());
    panics(&|| drop(BatchNormConfig::new(0).init(&device())));
    panics(&|| drop(norm.forward(Tensor::<3>::zeros([2, 4, 5], &device()))));
    panics(&|| drop(norm.forward_relu(Tensor::<2>::zeros([1, 3], &device()))));
    let one = || Tensor::<1>::ones([1], &device());
    panics(&|| drop(batch_norm(Tensor::<2>::zeros([2, 3], &device()), one(), one(), 1e-5)));
    let _ = std::panic::take_hook();
    assert_eq!(*files.lock().unwrap(), [file!(); 4]);
}

#[cfg(feature = "ndarray")]
#[test]
#[expect(deprecated, reason = "offered for comparison, as long as Burn has it")]
fn parameters_of_another_device_are_told_with_both() {
    let norm = BatchNormConfig::new(2).init(&device());
    for given in [Device::ndarray().autodiff(), Device::ndarray()] {
        let x = Tensor::<2>::zeros([3, 2], (&given, DType::F32));
        let panic = catch_unwind(AssertUnwindSafe(|| norm.forward(x))).expect_err("a refusal");
        let told = panic.downcast::<String>().expect("a message");
        for part in ["expected gamma on the input's device", "NdArray", "got it on", "Flex", "`to_device`"] {
            assert!(told.contains(part), "{told}");
        }
    }
}

#[test]
fn impossible_configurations_are_errors() {
    let message = |config: BatchNormConfig| config.try_init(&device()).unwrap_err().to_string();
    assert!(message(BatchNormConfig::new(0)).contains("at least one feature"));
    assert!(message(BatchNormConfig::new(1).with_epsilon(0.0)).contains("positive epsilon, got 0"));
    assert!(message(BatchNormConfig::new(1).with_epsilon(f64::NAN)).contains("got NaN"));
    assert!(message(BatchNormConfig::new(1).with_momentum(Some(1.5))).contains("in [0, 1], got 1.5"));
    assert!(message(BatchNormConfig::new(1).with_momentum(Some(f64::NAN))).contains("in [0, 1], got NaN"));
}
