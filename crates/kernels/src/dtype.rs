//! Types of sums.

use burn::tensor::DType;

/// Type in which elements of the given type are added up: f32 for half precision, else the same.
#[must_use]
pub fn accumulator_dtype(input: DType) -> DType {
    match input {
        DType::F16 | DType::BF16 => DType::F32,
        other => other,
    }
}
