//! Takes the part that the normalization removes out of bias gradients, or out of the biases.
//!
//! Its exact gradient is zero, and what is computed in its place is rounding. Plain steps are as small as that rounding;
//! Adam's divide by its size, and walk along it as along any gradient.

use burn::module::Param;
use burn::optim::GradientsParams;
use burn::tensor::{Tensor, TensorData};

use crate::model::net::Net;
use crate::model::plan::{BiasPlan, Plan};
use crate::model::tensors::host;

/// g − P·g in place of each bias gradient g, with the projection P on the redundant part, computed in f64.
///
/// The gradient of a bias that is redundant as a whole is exactly zero then, so that no optimizer moves it. Of one that is
/// redundant in part, elementwise rules such as Adam's make steps with a redundant part of their own.
pub(crate) fn project_gradients(gradients: &mut GradientsParams, model: &Net, plan: &Plan) {
    for bias in &plan.biases {
        let terms = model.terms(bias.node);
        let found: Option<Vec<Tensor<3>>> = terms.iter().map(|term| gradients.remove::<3>(term.id)).collect();
        for (term, gradient) in terms.iter().zip(residual(bias, found.unwrap_or_default())) {
            gradients.register(term.id, gradient);
        }
    }
}

/// b − P·b in place of each bias b: its redundant part is zero, whatever the optimizer did.
pub(crate) fn project_biases(model: &mut Net, plan: &Plan) {
    for bias in &plan.biases {
        let terms = model.terms(bias.node);
        let values = residual(bias, terms.iter().map(Param::val).collect());
        let replaced = terms.iter().cloned().zip(values).map(|(term, value)| term.map(|_| value.require_grad()));
        let replaced = replaced.collect();
        model.set_terms(bias.node, replaced);
    }
}

/// v − P·v, for the parameters v of all terms of a bias.
fn residual(bias: &BiasPlan, terms: Vec<Tensor<3>>) -> Vec<Tensor<3>> {
    let places: Vec<_> = terms.iter().map(|term| (term.device(), term.dtype(), term.dims())).collect();
    let values: Vec<f64> = terms.into_iter().flat_map(host).collect();
    if values.is_empty() {
        return Vec::new();
    }
    let residual = bias.redundancy.residual(&values);
    let term = |((device, dtype, dims), range): (_, std::ops::Range<usize>)| {
        Tensor::from_data(TensorData::new(residual[range].to_vec(), dims), (&device, dtype))
    };
    places.into_iter().zip(bias.terms.ranges()).map(term).collect()
}
