//! Activation functions.

use burn::tensor::activation::{gelu, leaky_relu, relu, sigmoid, silu, tanh};
use untied_redundancy::network::Activation;

use crate::model::value::Value;

/// The slope of a leaky ReLU below 0.
pub(crate) const LEAK: f64 = 0.01;

/// The function of every element.
pub(in crate::model) fn activated(activation: Activation, x: Value) -> Value {
    match activation {
        Activation::Relu => x.map(relu, relu),
        Activation::LeakyRelu => x.map(|x| leaky_relu(x, LEAK), |x| leaky_relu(x, LEAK)),
        Activation::Gelu => x.map(gelu, gelu),
        Activation::Silu => x.map(silu, silu),
        Activation::Sigmoid => x.map(sigmoid, sigmoid),
        Activation::Tanh => x.map(tanh, tanh),
    }
}
