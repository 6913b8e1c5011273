//! A convolution with an epilogue is convolution, batch norm, addition and ReLU one after the other, to the bit.

use std::panic::{AssertUnwindSafe, catch_unwind};

use burn::module::{Param, RunningState};
use burn::tensor::activation::relu;
use burn::tensor::ops::ConvOptions;
use burn::tensor::{DType, Device, Tensor, TensorData};
use untied_batch_norm::{BatchNorm, BatchNormConfig};
use untied_conv::{Epilogue, conv2d, conv2d_with_epilogue};
#[cfg(feature = "flex")]
use untied_gradcheck::assert_equal_on_any_threads;
use untied_gradcheck::{Input, devices};

const EPSILON: f64 = 1e-3;

/// Images, channels in and out, size, kernel, stride and groups.
type Sizes = [usize; 7];

/// Locations in whole registers and not, in few and many images, in rows packed and in place; patches longer than what is
/// multiplied at once; 1×1; strides; a filter a group, and several; more tasks than images, of many filters and of a single one.
const SIZES: [Sizes; 13] = [
    [5, 3, 8, 16, 3, 1, 1],
    [3, 2, 13, 28, 3, 1, 1],
    [18, 4, 6, 5, 3, 1, 1],
    [7, 40, 70, 4, 3, 1, 1],
    [2, 128, 20, 6, 3, 1, 1],
    [4, 24, 33, 9, 1, 1, 1],
    [3, 32, 64, 32, 1, 1, 1],
    [3, 6, 9, 17, 3, 2, 1],
    [3, 24, 24, 20, 3, 1, 24],
    [3, 24, 24, 21, 3, 2, 24],
    [4, 12, 18, 11, 3, 1, 3],
    [1, 16, 24, 70, 3, 1, 1],
    [2, 64, 1, 70, 3, 1, 1],
];

/// What follows a convolution.
#[derive(Debug, Clone, Copy)]
struct Tail {
    adds: bool,
    relu: bool,
}

const TAILS: [Tail; 4] = [
    Tail { adds: false, relu: false },
    Tail { adds: false, relu: true },
    Tail { adds: true, relu: false },
    Tail { adds: true, relu: true },
];

struct Case {
    x: Tensor<4>,
    weight: Tensor<4>,
    bias: Option<Tensor<3>>,
    other: Tensor<4>,
    norm: BatchNorm,
    options: ConvOptions<2>,
}

fn random<const D: usize>(name: &str, shape: [usize; D], device: &Device, dtype: DType) -> Tensor<D> {
    let values = Input::random(name, shape, 3).values;
    Tensor::from_data(TensorData::new(values, shape), (device, dtype))
}

impl Case {
    fn new([n, inputs, outputs, size, kernel, stride, groups]: Sizes, device: &Device, dtype: DType) -> Self {
        let padding = kernel / 2;
        let size_out = (size + 2 * padding - kernel) / stride + 1;
        let row = |name: &str| random(name, [outputs], device, dtype);
        let mut norm = BatchNormConfig::new(outputs).with_epsilon(EPSILON).init(device);
        norm.gamma = Some(Param::from_tensor(row("gamma")));
        norm.beta = Some(Param::from_tensor(row("beta")));
        norm.running_mean = RunningState::new(row("mean"));
        norm.running_var = RunningState::new(row("var").square());
        Self {
            x: random("x", [n, inputs, size, size], device, dtype),
            weight: random("weight", [outputs, inputs / groups, kernel, kernel], device, dtype),
            bias: None,
            other: random("other", [n, outputs, size_out, size_out], device, dtype),
            norm,
            options: ConvOptions::new([stride; 2], [padding; 2], [1, 1], groups),
        }
    }

    /// With a bias of so many locations, or none.
    fn with_bias(mut self, locations: Option<bool>) -> Self {
        let [_, outputs, height, width] = self.other.dims();
        self.bias = locations.map(|own| {
            let size = if own { [outputs, height, width] } else { [outputs, 1, 1] };
            random("bias", size, &self.x.device(), self.x.dtype())
        });
        self
    }

    fn at_once(&self, tail: Tail) -> Tensor<4> {
        let [gamma, beta, mean, var] = self.norm.gamma_beta_mean_var();
        let other = tail.adds.then(|| self.other.clone());
        let epilogue = Epilogue { gamma, beta, mean, var, epsilon: EPSILON, other, relu: tail.relu };
        let (x, weight) = (self.x.clone(), self.weight.clone());
        conv2d_with_epilogue(x, weight, self.bias.clone(), self.options.clone(), epilogue)
    }

    fn one_by_one(&self, tail: Tail) -> Tensor<4> {
        let y = conv2d(self.x.clone(), self.weight.clone(), self.bias.clone(), self.options.clone());
        let y = self.norm.forward(y);
        let y = if tail.adds { y + self.other.clone() } else { y };
        if tail.relu { relu(y) } else { y }
    }
}

fn values(tensor: Tensor<4>) -> Vec<f64> {
    tensor.into_data().convert::<f64>().try_to_vec().expect("f64")
}

#[test]
fn an_epilogue_gives_the_bits_of_its_operations() {
    for (name, device) in devices() {
        let exact = !untied_gradcheck::gpus().iter().any(|(gpu, _)| *gpu == name);
        let dtypes = if exact { vec![DType::F32, DType::F64] } else { vec![DType::F32] };
        for (sizes, dtype) in SIZES.into_iter().flat_map(|sizes| dtypes.iter().map(move |&dtype| (sizes, dtype))) {
            for bias in [None, Some(false), Some(true)] {
                let case = Case::new(sizes, &device, dtype).with_bias(bias);
                for tail in TAILS {
                    let [got, expected] = [case.at_once(tail), case.one_by_one(tail)].map(values);
                    // A GPU's compiler may fuse what follows each other.
                    let bound = |expected: f64| if exact { 0.0 } else { 1e-3 * (1.0 + expected.abs()) };
                    let differs = |(got, expected): (&f64, &f64)| {
                        (got - expected).abs() > bound(*expected)
                            || exact && got.is_sign_negative() != expected.is_sign_negative()
                    };
                    let wrong = got.iter().zip(&expected).position(differs);
                    assert_eq!(wrong, None, "{name} {sizes:?} {dtype:?} {bias:?} {tail:?}");
                }
            }
        }
    }
}

/// Half precision has no kernel: it takes the operations one after the other.
#[test]
fn half_precision_rounds_after_each_operation() {
    for dtype in [DType::F16, DType::BF16] {
        let mut case = Case::new([2, 3, 4, 6, 3, 1, 1], &Device::flex(), DType::F32).with_bias(Some(true));
        case.x = case.x.cast(dtype);
        case.weight = case.weight.cast(dtype);
        case.bias = case.bias.map(|bias| bias.cast(dtype));
        case.other = case.other.cast(dtype);
        for tail in TAILS {
            assert_eq!(values(case.at_once(tail)), values(case.one_by_one(tail)), "{dtype:?} {tail:?}");
        }
    }
}

#[test]
fn gradients_go_through_an_epilogue() {
    let device = Device::flex().autodiff();
    for tail in TAILS {
        let gradients = [Case::at_once, Case::one_by_one].map(|run| {
            let mut case = Case::new([2, 3, 4, 6, 3, 1, 1], &device, DType::F64).with_bias(Some(true));
            case.norm = burn::module::Module::freeze(case.norm);
            let [x, weight, other] = [&case.x, &case.weight, &case.other].map(|tensor| tensor.clone().require_grad());
            let bias = case.bias.clone().expect("a bias").require_grad();
            (case.x, case.weight, case.other) = (x.clone(), weight.clone(), other.clone());
            case.bias = Some(bias.clone());
            let cotangent = random("dy", case.other.dims(), &device, DType::F64);
            let gradients = (run(&case, tail) * cotangent).sum().backward();
            let of = |tensor: &Tensor<4>| tensor.grad(&gradients).map(values);
            let bias = bias.grad(&gradients).map(|bias| values(bias.unsqueeze()));
            [of(&x), of(&weight), of(&other), bias]
        });
        let [got, expected] = gradients;
        for (got, expected) in got.into_iter().zip(expected) {
            let close = got.iter().flatten().zip(expected.iter().flatten()).all(|(a, b)| (a - b).abs() < 1e-12);
            assert!(close && got.is_some() == expected.is_some(), "{tail:?}");
        }
    }
}

#[cfg(feature = "flex")]
#[test]
fn thread_counts_give_the_same_bits_of_an_epilogue() {
    for sizes in SIZES {
        let case = Case::new(sizes, &Device::flex(), DType::F32).with_bias(Some(true));
        assert_equal_on_any_threads(sizes, || values(case.at_once(TAILS[3])));
    }
}

#[test]
fn what_does_not_fit_an_epilogue_is_refused() {
    let device = Device::default();
    let case = || Case::new([2, 3, 4, 6, 3, 1, 1], &device, DType::F32);
    let refused = |change: fn(&mut Epilogue<4>)| {
        let case = case();
        let [gamma, beta, mean, var] = case.norm.gamma_beta_mean_var();
        let other = Some(case.other.clone());
        let mut epilogue = Epilogue { gamma, beta, mean, var, epsilon: EPSILON, other, relu: true };
        change(&mut epilogue);
        let run = || conv2d_with_epilogue(case.x.clone(), case.weight.clone(), None, case.options.clone(), epilogue);
        let Err(payload) = catch_unwind(AssertUnwindSafe(run)) else { panic!("it was taken") };
        *payload.downcast::<String>().expect("a text")
    };
    assert_eq!(
        refused(|epilogue| epilogue.gamma = epilogue.gamma.clone().narrow(0, 0, 3)),
        "convolution: expected a gamma [4], got [3]"
    );
    assert_eq!(
        refused(|epilogue| epilogue.var = epilogue.var.clone().repeat_dim(0, 2)),
        "convolution: expected a variance [4], got [8]"
    );
    assert_eq!(
        refused(|epilogue| epilogue.other = epilogue.other.clone().map(|other| other.narrow(2, 0, 5))),
        "convolution: expected an addend [2, 4, 6, 6], got [2, 4, 5, 6]"
    );
    assert_eq!(
        refused(|epilogue| epilogue.other = epilogue.other.clone().map(|other| other.cast(DType::F64))),
        "convolution: expected an addend of the input's type F32, got F64"
    );
}

#[test]
fn no_images_give_none() {
    let case = Case::new([0, 3, 4, 6, 3, 1, 1], &Device::default(), DType::F32);
    assert_eq!(case.at_once(TAILS[3]).dims(), [0, 4, 6, 6]);
}
