//! Forward and every gradient against the definition in plain tensors, on every backend compiled in.

#![expect(clippy::print_stdout, reason = "a failing case is told by the last line")]

use burn::tensor::{Device, Tensor, TensorData, Tolerance};
use untied_batch_norm::batch_norm;

const EPSILON: f64 = 1e-3;

/// The definition, differentiated by Burn: y, μ, σ².
fn definition(x: Tensor<4>, gamma: Tensor<1>, beta: Tensor<1>) -> (Tensor<4>, Tensor<1>, Tensor<1>) {
    let [n, c, h, w] = x.dims();
    let rows = x.permute([1, 0, 2, 3]).reshape([c, n * h * w]);
    let mean = rows.clone().mean_dim(1);
    let centred = rows - mean.clone();
    let var = centred.clone().square().mean_dim(1);
    let x_hat = centred / (var.clone() + EPSILON).sqrt();
    let rows = x_hat * gamma.unsqueeze_dim(1) + beta.unsqueeze_dim(1);
    (rows.reshape([c, n, h, w]).permute([1, 0, 2, 3]), mean.flatten(0, 1), var.flatten(0, 1))
}

fn ours(x: Tensor<4>, gamma: Tensor<1>, beta: Tensor<1>) -> (Tensor<4>, Tensor<1>, Tensor<1>) {
    let batch = batch_norm(x, gamma, beta, EPSILON);
    (batch.output, batch.mean, batch.var)
}

type Layer = fn(Tensor<4>, Tensor<1>, Tensor<1>) -> (Tensor<4>, Tensor<1>, Tensor<1>);

/// y, μ, σ², dx, dγ, dβ under a random cotangent.
fn everything(layer: Layer, shape: [usize; 4], device: &Device) -> Vec<TensorData> {
    let values = |count: usize, seed: u64| untied_gradcheck::Input::random("values", [count], seed).values;
    let tensor = |count: usize, seed: u64| {
        Tensor::<1>::from_data(TensorData::new(values(count, seed), [count]).convert::<f32>(), device)
    };
    let count = shape.iter().product();
    let x = (tensor(count, 1).reshape(shape) * 3.0 + 0.5).detach().require_grad();
    let gamma = tensor(shape[1], 2).require_grad();
    let beta = tensor(shape[1], 3).require_grad();
    let (y, mean, var) = layer(x.clone(), gamma.clone(), beta.clone());
    let grads = (y.clone() * tensor(count, 4).reshape(shape)).sum().backward();
    vec![
        y.into_data(),
        mean.into_data(),
        var.into_data(),
        x.grad(&grads).expect("dx").into_data(),
        gamma.grad(&grads).expect("dgamma").into_data(),
        beta.grad(&grads).expect("dbeta").into_data(),
    ]
}

#[test]
fn agrees_with_the_definition() {
    for (name, device) in untied_gradcheck::devices() {
        let device = device.autodiff();
        for shape in [[4, 3, 5, 7], [1, 1, 3, 3], [2, 5, 1, 1], [33, 2, 1, 9], [3, 17, 4, 4]] {
            let (expected, got) = (everything(definition, shape, &device), everything(ours, shape, &device));
            for (what, (expected, got)) in
                ["y", "mean", "var", "dx", "dgamma", "dbeta"].iter().zip(expected.iter().zip(&got))
            {
                println!("{name} {shape:?} {what}");
                got.assert_approx_eq::<f32>(expected, Tolerance::rel_abs(1e-4, 2e-5));
            }
        }
    }
}
