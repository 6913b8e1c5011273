//! Takes the part that the normalization removes out of bias gradients, or out of the biases.
//!
//! Its exact gradient is zero, and what is computed in its place is rounding. Plain steps are as small as that rounding;
//! Adam's divide by its size, and walk along it as along any gradient.

use burn::optim::GradientsParams;
use burn::tensor::{Tensor, TensorData};

use crate::model::net::Net;
use crate::model::plan::{Architecture, BiasPlan};
use crate::model::tensors::host;

/// g − P·g in place of each bias gradient g, with the projection P on the redundant part, computed in f64.
///
/// The gradient of a bias that is redundant as a whole is exactly zero then, so that no optimizer moves it. Of one that is
/// redundant in part, elementwise rules such as Adam's make steps with a redundant part of their own.
pub(crate) fn project_gradients(gradients: &mut GradientsParams, model: &Net, plan: &Architecture) {
    for (block, plan) in model.blocks.iter().zip(&plan.blocks) {
        let (Some(bias), Some(plan)) = (block.bias(), &plan.bias) else { continue };
        if let Some(gradient) = gradients.remove::<3>(bias.id) {
            gradients.register(bias.id, residual(plan, gradient));
        }
    }
}

/// b − P·b in place of each bias b: its redundant part is zero, whatever the optimizer did.
pub(crate) fn project_biases(model: &mut Net, plan: &Architecture) {
    for (block, plan) in model.blocks.iter_mut().zip(&plan.blocks) {
        let (Some(bias), Some(plan)) = (block.bias_mut().take(), &plan.bias) else { continue };
        *block.bias_mut() = Some(bias.map(|values| residual(plan, values).require_grad()));
    }
}

fn residual(plan: &BiasPlan, tensor: Tensor<3>) -> Tensor<3> {
    let (device, dtype, dims) = (tensor.device(), tensor.dtype(), tensor.dims());
    let values = plan.redundancy.residual(&host(tensor));
    Tensor::from_data(TensorData::new(values, dims), (&device, dtype))
}
