use burn::tensor::DType;

use crate::AuditError;

/// How a module is audited.
#[derive(Debug, Clone, PartialEq)]
pub struct AuditOptions {
    /// The points at which the module is looked at, each with three backward passes. At least 4: what rounding makes of a
    /// direction is an average over them.
    pub passes: usize,
    /// The seed of points and cotangents.
    pub seed: u64,
    /// How far the points lie from the module's parameters: each parameter moves by a normal number times this times the root
    /// mean square of its tensor, or 1 where that is all zeros. So what holds at one point by accident is not found, and
    /// tensors that start as zeros (γ of a residual branch, a head) let gradients pass. 0 stays at the parameters themselves.
    pub spread: f64,
    /// The exact rank is found for tensors of up to so many elements; it takes about as many backward passes. 0 for none.
    pub rank_up_to: usize,
    /// The type that the module is audited in; none for its own. `outputs` must give the module inputs of this type. In
    /// `DType::F64` what is slightly at work is told from round-off 10⁸ times better than in f32.
    pub dtype: Option<DType>,
}

impl Default for AuditOptions {
    /// 8 passes, seed 0, a spread of 0.1, ranks up to 64 elements, the module's own type.
    fn default() -> Self {
        Self { passes: 8, seed: 0, spread: 0.1, rank_up_to: 64, dtype: None }
    }
}

impl AuditOptions {
    pub(crate) fn check(&self) -> Result<(), AuditError> {
        let wrong = |option, expected, found: String| Err(AuditError::Option { option, expected, found });
        if self.passes < 4 {
            return wrong("passes", "at least 4", self.passes.to_string());
        }
        if !(self.spread >= 0.0 && self.spread.is_finite()) {
            return wrong("spread", "a finite number of at least 0", self.spread.to_string());
        }
        Ok(())
    }
}
