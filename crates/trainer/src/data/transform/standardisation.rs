//! Pixels in standard deviations from their mean.

use untied_study::Standardise;

use crate::data::{DataError, Split};

/// Scales pixels by means and deviations of a training set: (p − μ)/σ, one μ and σ for each channel or for all pixels.
///
/// μ = 1/n·Σ p,  σ² = 1/n·Σ (p − μ)², from exact integer sums. A channel whose pixels are all equal has the σ of all channels
/// together.
#[derive(Debug, Clone, PartialEq)]
pub struct Standardisation {
    /// One for each channel, or one for all.
    scales: Vec<Scale>,
}

#[derive(Debug, Clone, PartialEq)]
struct Scale {
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
    /// The means and the deviations of `train`.
    ///
    /// # Errors
    /// If all pixels are equal.
    pub fn of(train: &Split, over: Standardise) -> Result<Self, DataError> {
        let planes = || train.images.chunks_exact((train.height * train.width).max(1));
        let all = Sums::of(&mut planes());
        if all.spread() == 0 {
            let value = train.images.first().copied().unwrap_or_default();
            let found = format!("the value {value} in every one");
            return Err(DataError::invalid("training images", "pixels that differ", found));
        }
        let scales = match over {
            Standardise::Global => vec![Scale::new(all.mean(), all.deviation())],
            Standardise::Channel => {
                let of_channel = |channel: usize| Sums::of(&mut planes().skip(channel).step_by(train.channels));
                let scale = |sums: Sums| {
                    Scale::new(sums.mean(), if sums.spread() == 0 { all.deviation() } else { sums.deviation() })
                };
                (0..train.channels).map(|channel| scale(of_channel(channel))).collect()
            }
        };
        Ok(Self { scales })
    }

    /// That of these means and deviations: one of each for every channel, or for all.
    pub(crate) fn with(means: &[f64], deviations: &[f64]) -> Self {
        let scales = means.iter().zip(deviations).map(|(&mean, &deviation)| Scale::new(mean, deviation)).collect();
        Self { scales }
    }

    /// μ of each channel, or the one of all, in the units of the file.
    pub fn means(&self) -> Vec<f64> {
        self.scales.iter().map(|scale| scale.mean).collect()
    }

    /// σ of each channel, or the one of all, in the units of the file.
    pub fn deviations(&self) -> Vec<f64> {
        self.scales.iter().map(|scale| scale.deviation).collect()
    }

    /// Overwrites `batch` with the standardised images `indices` of `split`: `[indices, channels, height, width]`,
    /// row-major.
    ///
    /// # Panics
    /// If there is no image of one of the indices.
    pub fn fill<T: Pixel>(&self, split: &Split, indices: &[usize], batch: &mut Vec<T>) {
        let tables: Vec<[T; 256]> = self.scales.iter().map(|scale| scale.table.map(T::from_f64)).collect();
        batch.clear();
        batch.reserve(indices.len() * split.image_length());
        for &index in indices {
            for (plane, table) in split.image(index).chunks_exact(split.height * split.width).zip(tables.iter().cycle())
            {
                batch.extend(plane.iter().map(|&p| table[usize::from(p)]));
            }
        }
    }

    /// The standardised pixels of one image, `[c, h, w]`, with planes of `locations` pixels.
    pub(crate) fn image(&self, pixels: &[u8], locations: usize) -> Vec<f64> {
        let planes = pixels.chunks_exact(locations).zip(self.scales.iter().cycle());
        planes.flat_map(|(plane, scale)| plane.iter().map(|&p| scale.table[usize::from(p)])).collect()
    }
}

/// n, Σ p and Σ p² of some pixels.
struct Sums {
    count: u128,
    sum: u128,
    squares: u128,
}

impl Sums {
    fn of(planes: &mut dyn Iterator<Item = &[u8]>) -> Self {
        planes.fold(Self { count: 0, sum: 0, squares: 0 }, |Self { count, sum, squares }, plane| Self {
            count: count + plane.len() as u128,
            sum: sum + u128::from(plane.iter().map(|&p| u64::from(p)).sum::<u64>()),
            squares: squares + u128::from(plane.iter().map(|&p| u64::from(p).pow(2)).sum::<u64>()),
        })
    }

    /// n²·σ²
    fn spread(&self) -> u128 {
        self.count * self.squares - self.sum * self.sum
    }

    fn mean(&self) -> f64 {
        self.sum as f64 / self.count as f64
    }

    fn deviation(&self) -> f64 {
        (self.spread() as f64).sqrt() / self.count as f64
    }
}

impl Scale {
    fn new(mean: f64, deviation: f64) -> Self {
        Self { mean, deviation, table: std::array::from_fn(|p| (p as f64 - mean) / deviation) }
    }
}
