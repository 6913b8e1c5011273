//! The layers that nets are made of, by name.

use crate::config::model::choices::Padding;
use crate::config::model::config::ModelConfig;
use crate::config::model::layer::{LayerConfig, LayerKind};

pub(super) fn layer(kind: LayerKind, name: impl Into<String>) -> LayerConfig {
    LayerConfig::new(kind).named(name)
}

pub(super) fn convolution(name: impl Into<String>, channels: usize) -> LayerConfig {
    LayerConfig { channels: Some(channels), ..layer(LayerKind::Convolution, name) }
}

pub(super) fn linear(name: impl Into<String>, features: usize) -> LayerConfig {
    LayerConfig { features: Some(features), ..layer(LayerKind::Linear, name) }
}

pub(super) fn norm(name: impl Into<String>) -> LayerConfig {
    layer(LayerKind::Norm, name)
}

pub(super) fn activation(name: impl Into<String>) -> LayerConfig {
    layer(LayerKind::Activation, name)
}

/// The layer with a stride. In place of zeros that depend on the size of the input, it has half a kernel of them on each
/// side, as other frameworks have.
pub(super) fn strided(layer: LayerConfig, stride: usize, model: &ModelConfig) -> LayerConfig {
    if stride == 1 {
        return layer;
    }
    let padding = (model.padding == Padding::Same).then_some(Padding::Half);
    LayerConfig { stride: Some(stride.into()), padding, ..layer }
}
