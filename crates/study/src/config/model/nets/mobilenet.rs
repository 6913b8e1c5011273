//! `mobilenet_small`: depthwise separable convolutions, after Howard et al. 2017, with strides for small images.

use super::parts::{activation, convolution, layer, norm, strided};
use crate::config::model::config::ModelConfig;
use crate::config::model::layer::{LayerConfig, LayerKind};

/// A convolution, then two blocks for each further entry of `channels`; the first block of a stage but the first has
/// stride 2.
pub(super) fn layers(model: &ModelConfig, channels: &[usize]) -> Vec<LayerConfig> {
    let mut layers = followed(convolution("stem", channels[0]), "stem");
    let mut before = channels[0];
    for (stage, &channels) in channels.iter().enumerate().skip(1) {
        for index in 1..=2 {
            let name = format!("stage{stage}.block{index}");
            let stride = if stage > 1 && index == 1 { 2 } else { 1 };
            layers.extend(block(model, &name, before, channels, stride));
            before = channels;
        }
    }
    layers.push(layer(LayerKind::GlobalAveragePool, "mean"));
    layers
}

/// A 3×3 convolution of each channel alone, then a 1×1 convolution of all.
fn block(model: &ModelConfig, name: &str, before: usize, channels: usize, stride: usize) -> Vec<LayerConfig> {
    let [depthwise, pointwise] = ["depthwise", "pointwise"].map(|part| format!("{name}.{part}"));
    let each = LayerConfig { groups: Some(before), ..convolution(&depthwise, before) };
    let all = LayerConfig { kernel: Some(1.into()), ..convolution(&pointwise, channels) };
    [followed(strided(each, stride, model), &depthwise), followed(all, &pointwise)].concat()
}

fn followed(convolution: LayerConfig, name: &str) -> Vec<LayerConfig> {
    vec![convolution, norm(format!("{name}.norm")), activation(format!("{name}.activation"))]
}
