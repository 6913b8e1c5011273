//! A tensor of a state dict.

use std::borrow::Cow;

use safetensors::tensor::{Dtype as FileType, View};

/// A tensor of a state dict, written in f32.
#[derive(Debug, Clone)]
pub(super) struct StateTensor {
    pub(super) shape: Vec<usize>,
    pub(super) values: Vec<f64>,
}

impl View for StateTensor {
    fn dtype(&self) -> FileType {
        FileType::F32
    }

    fn shape(&self) -> &[usize] {
        &self.shape
    }

    fn data(&self) -> Cow<'_, [u8]> {
        self.values.iter().flat_map(|&value| (value as f32).to_le_bytes()).collect()
    }

    fn data_len(&self) -> usize {
        4 * self.values.len()
    }
}
