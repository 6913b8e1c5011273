//! The gradient check: one gradient against another.

use burn::tensor::{Device, Tensor};

use crate::{Arguments, Input, Report, autodiff_gradients, numeric_gradients};

/// Compares a function's gradients with central differences in f64 under a random cotangent.
///
/// The function must be smooth around its inputs: keep clear of the kinks of ReLU and max pooling.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct GradCheck {
    /// Half the distance of the two points of a central difference. Default: 6e-6, the cube root of f64's ε.
    pub step: f64,
    /// Largest error |a − n| / max(1, |a|, |n|) that passes. Default: 1e-7.
    pub tolerance: f64,
    /// Seed of the cotangent.
    pub seed: u64,
}

impl Default for GradCheck {
    fn default() -> Self {
        Self { step: 6e-6, tolerance: 1e-7, seed: 0 }
    }
}

impl GradCheck {
    /// Checks the gradients that Burn's autodiff finds for `function`.
    ///
    /// Both sides run on the device with autodiff, where modules such as batch norm behave as in training.
    pub fn check<const D: usize>(
        &self,
        function: impl Fn(&Arguments) -> Tensor<D>,
        inputs: &[Input],
        device: &Device,
    ) -> Report {
        let device = device.clone().autodiff();
        let gradients = autodiff_gradients(&function, inputs, &device, self.seed);
        self.check_gradients(function, inputs, &device, &gradients)
    }

    /// Checks given gradients, one flattened vector per input, found by any other means for the cotangent
    /// [`random_cotangent`](crate::random_cotangent)`(.., self.seed, ..)`.
    pub fn check_gradients<const D: usize>(
        &self,
        function: impl Fn(&Arguments) -> Tensor<D>,
        inputs: &[Input],
        device: &Device,
        gradients: &[Vec<f64>],
    ) -> Report {
        let numeric = numeric_gradients(function, inputs, device, self.seed, self.step);
        Report::new(inputs, gradients, &numeric, self.tolerance)
    }
}
