//! Residual networks for small images: a convolution, three stages of residual blocks, and the mean over locations.

use super::parts::{activation, convolution, layer, norm, strided};
use crate::config::model::choices::Shortcut;
use crate::config::model::config::ModelConfig;
use crate::config::model::layer::{LayerConfig, LayerKind};

/// He et al. 2016, Deep Residual Learning for Image Recognition, section 4.2.
pub(super) fn layers(model: &ModelConfig, channels: &[usize], blocks: usize) -> Vec<LayerConfig> {
    let stem = [convolution("stem", channels[0]), norm("stem.norm"), activation("stem.activation")];
    let block = |block: &Block| {
        let Block { name, channels, stride, changes } = block;
        let [first, second] = block.convolutions(model);
        let layers = vec![
            first,
            norm(format!("{name}.norm1")),
            activation(format!("{name}.activation1")),
            second,
            norm(format!("{name}.norm2")),
        ];
        // A shortcut that is a convolution has a norm too.
        let shortcut = || {
            let convolution = convolution(format!("{name}.shortcut"), *channels);
            let kernel = Some(1.into());
            let convolution = LayerConfig { kernel, stride: Some((*stride).into()), ..convolution };
            vec![convolution, norm(format!("{name}.shortcut.norm"))]
        };
        let shortcut_layers = (*changes && model.shortcut == Shortcut::Convolution).then(shortcut);
        let residual = LayerConfig { layers: Some(layers), shortcut_layers, ..layer(LayerKind::Residual, name) };
        [residual, activation(format!("{name}.activation2"))]
    };
    let blocks = stages(channels, blocks);
    let tail = [layer(LayerKind::GlobalAveragePool, "mean")];
    stem.into_iter().chain(blocks.iter().flat_map(block)).chain(tail).collect()
}

/// He et al. 2016, Identity Mappings in Deep Residual Networks: nothing stands behind an addition but the next block.
pub(super) fn preactivated(model: &ModelConfig, channels: &[usize], blocks: usize) -> Vec<LayerConfig> {
    let block = |block: &Block| {
        let name = &block.name;
        let [first, second] = block.convolutions(model);
        let layers = vec![
            norm(format!("{name}.norm1")),
            activation(format!("{name}.activation1")),
            first,
            norm(format!("{name}.norm2")),
            activation(format!("{name}.activation2")),
            second,
        ];
        LayerConfig { layers: Some(layers), ..layer(LayerKind::Residual, name) }
    };
    let blocks = stages(channels, blocks);
    let tail = [norm("norm"), activation("activation"), layer(LayerKind::GlobalAveragePool, "mean")];
    [convolution("stem", channels[0])].into_iter().chain(blocks.iter().map(block)).chain(tail).collect()
}

/// The place of a residual block.
struct Block {
    name: String,
    channels: usize,
    stride: usize,
    /// Whether its output has another shape than its input.
    changes: bool,
}

impl Block {
    fn convolutions(&self, model: &ModelConfig) -> [LayerConfig; 2] {
        let named = |index: usize| convolution(format!("{}.convolution{index}", self.name), self.channels);
        [strided(named(1), self.stride, model), named(2)]
    }
}

fn stages(channels: &[usize], blocks: usize) -> Vec<Block> {
    let of_stage = |(stage, &count): (usize, &usize)| {
        let block = move |index: usize| Block {
            name: format!("stage{}.block{}", stage + 1, index + 1),
            channels: count,
            stride: if stage > 0 && index == 0 { 2 } else { 1 },
            changes: stage > 0 && index == 0,
        };
        (0..blocks).map(block)
    };
    channels.iter().enumerate().flat_map(of_stage).collect()
}
