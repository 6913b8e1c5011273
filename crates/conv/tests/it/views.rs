//! Arguments and cotangents that are views of other tensors' memory give what their copies give.

use burn::tensor::ops::ConvOptions;
use burn::tensor::{Device, Tensor, TensorData};
use untied_conv::conv2d;
use untied_gradcheck::Input;

fn tensor<const D: usize>(shape: [usize; D], seed: u64, device: &Device) -> Tensor<D> {
    let values = Input::random("values", shape, seed).values.into_iter().map(|value| value as f32).collect::<Vec<_>>();
    Tensor::from_data(TensorData::new(values, shape), device)
}

fn copy<const D: usize>(view: &Tensor<D>, device: &Device) -> Tensor<D> {
    Tensor::from_data(view.clone().into_data(), device)
}

/// y, dx, dw and db for dy, or for dy of ones that the sum of y has.
fn all(x: Tensor<4>, weight: Tensor<4>, bias: Tensor<3>, dy: Option<Tensor<4>>) -> [Vec<f32>; 4] {
    let (x, weight, bias) = (x.require_grad(), weight.require_grad(), bias.require_grad());
    let options = ConvOptions::new([1, 2], [1, 0], [1, 1], 1);
    let y = conv2d(x.clone(), weight.clone(), Some(bias.clone()), options);
    let gradients = match dy {
        Some(dy) => (y.clone() * dy).sum().backward(),
        None => y.clone().sum().backward(),
    };
    let read = |data: TensorData| data.try_to_vec::<f32>().unwrap();
    [
        read(y.into_data()),
        read(x.grad(&gradients).expect("dx").into_data()),
        read(weight.grad(&gradients).expect("dw").into_data()),
        read(bias.grad(&gradients).expect("db").into_data()),
    ]
}

#[test]
fn views_are_read_as_their_copies() {
    for (name, device) in untied_gradcheck::devices() {
        let device = device.autodiff();
        // x starts in the middle of its memory and steps over channels; w is transposed; b is one row repeated.
        let x = tensor([4, 5, 7, 9], 1, &device).narrow(0, 1, 2).narrow(1, 2, 3).swap_dims(2, 3).detach();
        let weight = tensor([3, 4, 3, 2], 2, &device).swap_dims(0, 1).detach();
        let bias = tensor([4, 1, 3], 3, &device).expand([4, 9, 3]).detach();
        let dy = tensor([2, 4, 3, 9], 4, &device).swap_dims(2, 3).detach();
        let [x_copy, weight_copy, dy_copy] = [&x, &weight, &dy].map(|view| copy(view, &device));
        let bias_copy = copy(&bias, &device);

        let views = all(x.clone(), weight.clone(), bias.clone(), Some(dy));
        assert_eq!(views, all(x_copy.clone(), weight_copy.clone(), bias_copy.clone(), Some(dy_copy)), "{name}");
        // The cotangent of a sum is one number repeated.
        let ones = Tensor::ones([2, 4, 9, 3], &device);
        assert_eq!(all(x, weight, bias, None), all(x_copy, weight_copy, bias_copy, Some(ones)), "{name}");
    }
}

/// Only what is tracked gets a gradient, and what it gets does not depend on the others.
#[test]
fn untracked_arguments_change_no_gradient() {
    for (_, device) in untied_gradcheck::devices() {
        let device = device.autodiff();
        let (x, weight) = (tensor([2, 3, 5, 4], 1, &device), tensor([4, 3, 2, 2], 2, &device));
        let bias = tensor([4, 1, 3], 3, &device);
        let dy = tensor([2, 4, 4, 3], 4, &device);
        let run = |tracked: [bool; 3]| {
            let x = x.clone().set_require_grad(tracked[0]);
            let weight = weight.clone().set_require_grad(tracked[1]);
            let bias = bias.clone().set_require_grad(tracked[2]);
            let y = conv2d(x.clone(), weight.clone(), Some(bias.clone()), ConvOptions::new([1, 1], [0, 0], [1, 1], 1));
            let gradients = (y * dy.clone()).sum().backward();
            let read = |gradient: Option<TensorData>| gradient.map(|data| data.try_to_vec::<f32>().unwrap());
            [
                read(x.grad(&gradients).map(Tensor::into_data)),
                read(weight.grad(&gradients).map(Tensor::into_data)),
                read(bias.grad(&gradients).map(Tensor::into_data)),
            ]
        };
        let expected = run([true; 3]);
        assert!(expected.iter().all(Option::is_some));
        for set in 1..8 {
            let tracked = [set & 1 == 1, set & 2 == 2, set & 4 == 4];
            let got = run(tracked);
            for ((got, expected), tracked) in got.into_iter().zip(&expected).zip(tracked) {
                // A bias alone is summed by another sweep, in another order.
                let expected = expected.as_ref().filter(|_| tracked);
                assert_eq!(got.is_some(), expected.is_some());
                for (got, expected) in got.iter().flatten().zip(expected.into_iter().flatten()) {
                    assert!((got - expected).abs() <= 1e-6 * (1.0 + expected.abs()), "{got} instead of {expected}");
                }
            }
        }
    }
}
