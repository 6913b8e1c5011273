//! The gradient of ⟨R, f(x)⟩ by central differences and by autodiff.

use burn::tensor::{DType, Device, Tensor};

use crate::random::{Stream, random_cotangent, random_values};
use crate::{Arguments, Input};

/// ∂⟨R, f⟩/∂x for every input, as Burn's autodiff computes it, flattened; zeros for one that the output does not depend on,
/// as where the function takes it off the graph.
///
/// # Panics
/// If the output is not f64.
pub fn autodiff_gradients<const D: usize>(
    function: impl Fn(&Arguments) -> Tensor<D>,
    inputs: &[Input],
    device: &Device,
    seed: u64,
) -> Vec<Vec<f64>> {
    let device = device.clone().autodiff();
    let arguments = Arguments::new(inputs, &device);
    let output = function(&arguments);
    check_dtype(&output);
    let cotangent = random_cotangent(output.dims(), seed, &device);
    // Burn refuses a backward pass from what is not in a graph; a leaf of its own puts any output in one.
    let root = Tensor::<1>::zeros([1], (&device, DType::F64)).require_grad();
    let gradients = ((output * cotangent).sum() + root).backward();
    let of_leaf = |leaf: &Tensor<1>| match leaf.grad(&gradients) {
        Some(gradient) => to_f64(gradient),
        // A leaf that the output does not depend on.
        None => vec![0.0; leaf.dims()[0]],
    };
    arguments.leaves.iter().map(of_leaf).collect()
}

/// ∂⟨R, f⟩/∂x for every input by central differences, (f(x + h) − f(x − h))/2h, flattened.
///
/// `step` is h for |x| ≤ 1 and relative to |x| beyond.
///
/// # Panics
/// If the output is not f64.
pub fn numeric_gradients<const D: usize>(
    function: impl Fn(&Arguments) -> Tensor<D>,
    inputs: &[Input],
    device: &Device,
    seed: u64,
    step: f64,
) -> Vec<Vec<f64>> {
    let mut shifted = inputs.to_vec();
    let mut gradients = Vec::with_capacity(inputs.len());
    for (position, input) in inputs.iter().enumerate() {
        let mut gradient = Vec::with_capacity(input.values.len());
        for (index, &value) in input.values.iter().enumerate() {
            let h = step * value.abs().max(1.0);
            let mut at = |x: f64| {
                shifted[position].values[index] = x;
                inner_product(&function, &shifted, device, seed)
            };
            gradient.push((at(value + h) - at(value - h)) / ((value + h) - (value - h)));
            shifted[position].values[index] = value;
        }
        gradients.push(gradient);
    }
    gradients
}

/// ⟨R, f(x)⟩, summed in f64 on the host.
fn inner_product<const D: usize>(
    function: impl Fn(&Arguments) -> Tensor<D>,
    inputs: &[Input],
    device: &Device,
    seed: u64,
) -> f64 {
    let output = function(&Arguments::new(inputs, device));
    check_dtype(&output);
    let values = to_f64(output);
    let cotangent = random_values(values.len(), seed, Stream::Cotangent);
    values.iter().zip(&cotangent).map(|(value, weight)| value * weight).sum()
}

fn check_dtype<const D: usize>(output: &Tensor<D>) {
    assert_eq!(output.dtype(), DType::F64, "gradcheck: the function turned its f64 inputs into another type");
}

fn to_f64<const D: usize>(tensor: Tensor<D>) -> Vec<f64> {
    tensor.into_data().try_to_vec::<f64>().expect("an f64 tensor")
}
