//! The weight of a convolution, as a function of its parameters.

use burn::tensor::Tensor;
use untied_redundancy::network::Parametrization;

/// The weight `[c_out, c_in/groups, h, w]` that parameters of the same shape stand for.
pub(super) fn weight(parametrization: Parametrization, parameters: Tensor<4>) -> Tensor<4> {
    match parametrization {
        Parametrization::Plain => parameters,
    }
}
