//! Batch norm's running statistics, estimated again for weights that no longer change.

use burn::tensor::Tensor;

use super::net::Net;
use super::norm::Norm;

impl Net {
    /// Replaces batch norm's running means and variances by the means of those of some batches `[n, c, h, w]`, of which each
    /// layer sees what the layers before it make of a batch with the batch's own statistics ("precise batch norm", Wu and
    /// Johnson 2021, Rethinking "Batch" in `BatchNorm`, section 3). Without batches, and in nets without batch norm, nothing
    /// changes. For a model with autodiff, whose batch norm is in training mode.
    pub(crate) fn estimate_statistics(&mut self, batches: impl IntoIterator<Item = Tensor<4>>) {
        let momentum = self.plan().running_momentum;
        for (seen, batch) in batches.into_iter().enumerate() {
            // Mₖ = Mₖ₋₁ + (mₖ − Mₖ₋₁)/k is the mean of m₁ … mₖ.
            self.set_running_momentum(1.0 / (seen + 1) as f64);
            let _ = self.forward(batch);
        }
        self.set_running_momentum(momentum);
    }

    /// Whether any layer has running statistics.
    pub(crate) fn has_statistics(&self) -> bool {
        self.norms().any(|norm| matches!(norm, Norm::Batch(_)))
    }

    fn set_running_momentum(&mut self, momentum: f64) {
        for norm in self.norms_mut() {
            if let Norm::Batch(norm) = norm {
                norm.momentum = Some(momentum);
            }
        }
    }
}
