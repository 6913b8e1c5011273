//! `vgg8`: six 3×3 convolutions and two linear layers, the head among them, in the manner of Simonyan & Zisserman 2015.

use super::parts::{activation, convolution, layer, linear, norm};
use crate::config::model::layer::{LayerConfig, LayerKind};

pub(super) fn layers(channels: &[usize]) -> Vec<LayerConfig> {
    let mut layers = Vec::new();
    for (stage, &channels) in channels.iter().enumerate() {
        for index in 1..=2 {
            let name = format!("stage{}.convolution{index}", stage + 1);
            layers.push(convolution(&name, channels));
            layers.extend([norm(format!("{name}.norm")), activation(format!("{name}.activation"))]);
        }
        layers.push(layer(LayerKind::MaxPool, format!("stage{}.pooling", stage + 1)));
    }
    layers.extend([layer(LayerKind::Flatten, "flatten"), layer(LayerKind::Dropout, "dropout1")]);
    let features = channels.last().copied().unwrap_or(1);
    layers.extend([linear("hidden", features), activation("hidden.activation"), layer(LayerKind::Dropout, "dropout2")]);
    layers
}
