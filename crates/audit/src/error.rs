use thiserror::Error;

/// A module that cannot be audited.
#[derive(Debug, Clone, PartialEq, Error)]
#[non_exhaustive]
pub enum AuditError {
    /// An option out of its range.
    #[error("{option}: expected {expected}, found {found}")]
    Option {
        /// Its field.
        option: &'static str,
        /// What it must be.
        expected: &'static str,
        /// What it is.
        found: String,
    },
    /// A module without a parameter that trains.
    #[error("the module: expected a parameter that requires gradients, found none (frozen, or no parameters at all)")]
    NothingTrains,
    /// A parameter of half precision, where rounding hides what is at work.
    #[error("{parameter}: expected f32 or f64, found {found} (the option dtype has the module cast)")]
    Precision {
        /// Its name.
        parameter: String,
        /// Its type.
        found: String,
    },
    /// Outputs that no gradient can be asked of.
    #[error("the outputs: expected a tensor that depends on the given module's parameters, found {found}")]
    Outputs {
        /// What was returned.
        found: &'static str,
    },
    /// Values that are not finite.
    #[error("{place}: expected finite numbers, found {found}")]
    NotFinite {
        /// The outputs, or the name of the parameter whose gradient it is.
        place: String,
        /// One of the values.
        found: f64,
    },
    /// Outputs that change from call to call.
    #[error(
        "the outputs: expected the same for the same parameters, found a difference of {difference:.1e} between two calls \
         (numbers drawn anew inside, other than from the seeded device?)"
    )]
    NotRepeatable {
        /// The largest difference.
        difference: f64,
    },
    /// A gradient that does not grow with the cotangent: it is clipped, or changed by something else that is not linear.
    #[error(
        "the gradient of {parameter}: expected 4 times as much of 4 times the cotangent, found one that differs by {found:.1e} of it"
    )]
    NotLinear {
        /// Its name.
        parameter: String,
        /// The difference, by the size.
        found: f64,
    },
}
