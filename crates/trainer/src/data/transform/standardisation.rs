use crate::data::{DataError, Split};

/// Scales pixels by the mean and the deviation of a training set: (p − μ)/σ, one μ and σ for all pixels.
///
/// μ = 1/n·Σ p,  σ² = 1/n·Σ (p − μ)², from exact integer sums.
#[derive(Debug, Clone, PartialEq)]
pub struct Standardisation {
    mean: f64,
    deviation: f64,
    /// The standardised value of every byte.
    table: [f64; 256],
}

/// The number types that pixels can be given in.
pub trait Pixel: Copy {
    /// The nearest value of this type.
    fn from_f64(value: f64) -> Self;
}

impl Pixel for f32 {
    fn from_f64(value: f64) -> Self {
        value as Self
    }
}

impl Pixel for f64 {
    fn from_f64(value: f64) -> Self {
        value
    }
}

impl Standardisation {
    /// The mean and the deviation of `train`.
    ///
    /// # Errors
    /// If all pixels are equal.
    pub fn of(train: &Split) -> Result<Self, DataError> {
        let count = train.images.len() as u128;
        let sum: u128 = train.images.iter().map(|&p| u128::from(p)).sum();
        let squares: u128 = train.images.iter().map(|&p| u128::from(p).pow(2)).sum();
        // n²·σ²
        let spread = count * squares - sum * sum;
        if spread == 0 {
            let value = train.images.first().copied().unwrap_or_default();
            let found = format!("the value {value} in every one");
            return Err(DataError::invalid("training images", "pixels that differ", found));
        }
        let mean = sum as f64 / count as f64;
        let deviation = (spread as f64).sqrt() / count as f64;
        let table = std::array::from_fn(|p| (p as f64 - mean) / deviation);
        Ok(Self { mean, deviation, table })
    }

    /// μ, in the units of the file.
    pub fn mean(&self) -> f64 {
        self.mean
    }

    /// σ, in the units of the file.
    pub fn deviation(&self) -> f64 {
        self.deviation
    }

    /// Overwrites `batch` with the standardised images `indices` of `split`: `[indices, channels, height, width]`,
    /// row-major.
    ///
    /// # Panics
    /// If there is no image of one of the indices.
    pub fn fill<T: Pixel>(&self, split: &Split, indices: &[usize], batch: &mut Vec<T>) {
        let table = self.table.map(T::from_f64);
        batch.clear();
        batch.reserve(indices.len() * split.image_length());
        for &index in indices {
            batch.extend(split.image(index).iter().map(|&p| table[usize::from(p)]));
        }
    }
}
