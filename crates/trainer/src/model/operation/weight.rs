//! The weight of a convolution, as a function of its parameters.

use burn::tensor::Tensor;
use untied_redundancy::network::Parametrization;

/// Added to the variance of a filter, inside the root.
const EPSILON: f64 = 1e-5;

/// The weight `[c_out, c_in/groups, h, w]` that parameters of the same shape stand for.
pub(in crate::model) fn weight(parametrization: Parametrization, parameters: Tensor<4>) -> Tensor<4> {
    match parametrization {
        Parametrization::Plain => parameters,
        Parametrization::Standardized => standardized(parameters),
    }
}

/// Weight standardization: each filter less its mean, divided by its deviation.
///
/// ```text
/// ŵ = (w − μ)/√(σ² + ε),  ε = 10⁻⁵;  μ, σ² over (c_in/groups, h, w) of each filter, σ² biased
/// ```
///
/// # Backward
/// Autodiff of the operations below; the gradient has neither a part along a filter's constant direction nor, up to ε, one
/// along w − μ.
///
/// # Source
/// Qiao et al. 2019, Micro-Batch Training with Batch-Channel Normalization and Weight Standardization.
fn standardized(parameters: Tensor<4>) -> Tensor<4> {
    let [filters, channels, height, width] = parameters.dims();
    let w = parameters.reshape([filters, channels * height * width]);
    let centred = w.clone() - w.mean_dim(1);
    let deviation = (centred.clone().square().mean_dim(1) + EPSILON).sqrt();
    (centred / deviation).reshape([filters, channels, height, width])
}

#[cfg(test)]
mod tests {
    use burn::tensor::{DType, Device};
    use untied_gradcheck::{Arguments, GradCheck, Input};

    use super::*;
    use crate::model::tensors::host;

    const SHAPE: [usize; 4] = [3, 2, 3, 2];

    /// ŵ by its definition, in plain loops.
    fn definition(w: &[f64]) -> Vec<f64> {
        let standardize = |filter: &[f64]| {
            let count = filter.len() as f64;
            let mean = filter.iter().sum::<f64>() / count;
            let variance = filter.iter().map(|w| (w - mean) * (w - mean)).sum::<f64>() / count;
            filter.iter().map(|w| (w - mean) / (variance + 1e-5).sqrt()).collect::<Vec<_>>()
        };
        w.chunks(SHAPE[1..].iter().product()).flat_map(standardize).collect()
    }

    #[test]
    fn standardized_weights_are_their_definition_in_both_types() {
        let input = Input::random("w", SHAPE, 7);
        for (dtype, tolerance) in [(DType::F64, 1e-14), (DType::F32, 1e-6)] {
            let w =
                Tensor::from_data(burn::tensor::TensorData::new(input.values.clone(), SHAPE), (&Device::flex(), dtype));
            let got = weight(Parametrization::Standardized, w.clone());
            assert_eq!((got.dims(), got.dtype()), (SHAPE, dtype));
            let expected = definition(&host(w));
            for (got, expected) in host(got).into_iter().zip(expected) {
                assert!((got - expected).abs() < tolerance, "{dtype:?}: {got} instead of {expected}");
            }
        }
    }

    #[test]
    fn their_gradient_is_that_of_finite_differences() {
        let function = |given: &Arguments| weight(Parametrization::Standardized, given.get::<4>("w"));
        GradCheck::default().check(function, &[Input::random("w", SHAPE, 8)], &Device::flex()).assert();
    }
}
