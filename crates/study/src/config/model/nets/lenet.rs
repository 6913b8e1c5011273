//! The networks of LeCun and others for handwritten digits.

use super::parts::{activation, convolution, layer, linear, norm};
use crate::config::model::choices::Padding;
use crate::config::model::layer::{LayerConfig, LayerKind};

/// Backpropagation Applied to Handwritten Zip Code Recognition, 1989. There, biases are untied (`model.bias = "untied"`),
/// and each filter of the second layer sees 8 of the 12 feature maps; here, all of them.
pub(super) fn lenet_1989(channels: &[usize]) -> Vec<LayerConfig> {
    let mut layers = Vec::new();
    for (index, &channels) in channels.iter().enumerate() {
        let name = format!("convolution{}", index + 1);
        let kernel = Some(5.into());
        layers.push(LayerConfig { kernel, stride: Some(2.into()), ..convolution(&name, channels) });
        layers.extend([norm(format!("{name}.norm")), activation(format!("{name}.activation"))]);
    }
    layers.extend([layer(LayerKind::Flatten, "flatten"), linear("hidden", 30), activation("hidden.activation")]);
    layers
}

/// Gradient-Based Learning Applied to Document Recognition, 1998. There, pooling has a factor and a bias for each channel,
/// and each filter of the second layer sees some of the feature maps; here, pooling is a mean, and they see all.
pub(super) fn lenet_5(channels: &[usize]) -> Vec<LayerConfig> {
    let mut layers = Vec::new();
    for (index, &channels) in channels.iter().enumerate() {
        let name = format!("convolution{}", index + 1);
        // The images of 28×28 were padded to 32×32.
        let padding = (index > 0).then_some(Padding::Valid);
        layers.push(LayerConfig { kernel: Some(5.into()), padding, ..convolution(&name, channels) });
        layers.extend([norm(format!("{name}.norm")), activation(format!("{name}.activation"))]);
        layers.push(layer(LayerKind::AveragePool, format!("pooling{}", index + 1)));
    }
    layers.push(layer(LayerKind::Flatten, "flatten"));
    for (index, features) in [120, 84].into_iter().enumerate() {
        let name = format!("hidden{}", index + 1);
        layers.extend([linear(&name, features), activation(format!("{name}.activation"))]);
    }
    layers
}
