//! What a network sees of an image: standardised pixels, and a pattern that is the same for every image.

use burn::tensor::{DType, Device, Int, Tensor, TensorData};

use crate::data::{Pixel, Split, Standardisation};

/// From pixels to the input of a network.
#[derive(Debug, Clone)]
pub(crate) struct Input {
    pub(crate) standardisation: Standardisation,
    /// Added to every standardised image, `[c, h, w]`.
    pub(crate) shift: Option<Vec<f64>>,
}

impl Input {
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
        Self { standardisation: self.standardisation.clone(), shift: Some(shift) }
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
