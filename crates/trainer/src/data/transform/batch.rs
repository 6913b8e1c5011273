//! What a network sees of an image: standardised pixels, a pattern that is the same for every image, and noise.

use burn::tensor::{DType, Device, Int, Tensor, TensorData};

use crate::data::transform::shift::changing;
use crate::data::{Pixel, Split, Standardisation};
use crate::random::Generator;

/// From pixels to the input of a network.
#[derive(Debug, Clone)]
pub(crate) struct Input {
    pub(crate) standardisation: Standardisation,
    /// Added to every standardised image, `[c, h, w]`.
    pub(crate) shift: Option<Vec<f64>>,
    /// Added to each standardised image: another white pattern, by generator, draw and strength.
    changing: Option<(Generator, usize, f64)>,
    /// Added to every pixel.
    noise: Option<Noise>,
}

/// Normal noise, which depends on the seed and on the index of the image in its set alone: noise of another strength is
/// the same times a factor.
#[derive(Debug, Clone, Copy)]
struct Noise {
    /// Its standard deviation.
    strength: f64,
    generator: Generator,
}

impl Noise {
    fn add_to<T: Pixel + std::ops::AddAssign>(self, image: &mut [T], index: usize) {
        let mut stream = self.generator.stream(&format!("noise/{index}"));
        for pixel in image {
            *pixel += T::from_f64(self.strength * stream.normal());
        }
    }
}

impl Input {
    pub(crate) fn new(standardisation: Standardisation, shift: Option<Vec<f64>>) -> Self {
        Self { standardisation, shift, changing: None, noise: None }
    }

    /// The chosen images: `[n, c, h, w]`.
    pub(crate) fn batch(&self, split: &Split, indices: &[usize], device: &Device, dtype: DType) -> Tensor<4> {
        let shape = [indices.len(), split.channels, split.height, split.width];
        let data = if dtype == DType::F64 {
            TensorData::new(self.values::<f64>(split, indices), shape)
        } else {
            TensorData::new(self.values::<f32>(split, indices), shape)
        };
        Tensor::from_data(data, (device, dtype))
    }

    fn values<T: Pixel + std::ops::AddAssign>(&self, split: &Split, indices: &[usize]) -> Vec<T> {
        let mut pixels = Vec::new();
        self.standardisation.fill(split, indices, &mut pixels);
        if let Some(shift) = &self.shift {
            let shift: Vec<T> = shift.iter().map(|&value| T::from_f64(value)).collect();
            for image in pixels.chunks_exact_mut(shift.len()) {
                image.iter_mut().zip(&shift).for_each(|(pixel, &shift)| *pixel += shift);
            }
        }
        if let Some(of) = self.changing {
            let shape = [split.channels, split.height, split.width];
            for (image, &index) in pixels.chunks_exact_mut(split.image_length()).zip(indices) {
                let shift = changing(of, shape, index);
                image.iter_mut().zip(shift).for_each(|(pixel, shift)| *pixel += T::from_f64(shift));
            }
        }
        if let Some(noise) = self.noise {
            let images = pixels.chunks_exact_mut(split.image_length());
            images.zip(indices).for_each(|(image, &index)| noise.add_to(image, index));
        }
        pixels
    }

    /// The mean of some images, `[c, h, w]`.
    pub(crate) fn mean(&self, split: &Split, images: &[usize]) -> Vec<f64> {
        let mut sum = vec![0.0; split.image_length()];
        for &image in images {
            let values = self.values::<f64>(split, &[image]);
            sum.iter_mut().zip(values).for_each(|(sum, value)| *sum += value);
        }
        sum.iter().map(|sum| sum / images.len() as f64).collect()
    }

    /// The same pixels with this pattern instead of any other.
    pub(crate) fn shifted_by(&self, shift: Vec<f64>) -> Self {
        Self { shift: Some(shift), ..self.clone() }
    }

    /// The same pixels with another white pattern for each image, instead of any that is the same for all.
    pub(crate) fn shifted_one_by_one(&self, generator: Generator, draw: usize, strength: f64) -> Self {
        Self { shift: None, changing: Some((generator, draw, strength)), ..self.clone() }
    }

    /// The same pixels with normal noise of this standard deviation besides.
    pub(crate) fn with_noise(&self, strength: f64, generator: Generator) -> Self {
        Self { noise: Some(Noise { strength, generator }), ..self.clone() }
    }
}

/// Standardised images `[n, c, h, w]`, in the type of the run.
pub(crate) fn tensor(values: Vec<f64>, shape: [usize; 4], device: &Device, dtype: DType) -> Tensor<4> {
    let data = TensorData::new(values, shape);
    Tensor::from_data(if dtype == DType::F64 { data } else { data.convert::<f32>() }, (device, dtype))
}

/// The classes of the chosen images: `[n]`.
pub(crate) fn labels(split: &Split, indices: &[usize], device: &Device) -> Tensor<1, Int> {
    let labels: Vec<i64> = indices.iter().map(|&index| i64::from(split.labels[index])).collect();
    Tensor::from_data(TensorData::new(labels, [indices.len()]), device)
}
