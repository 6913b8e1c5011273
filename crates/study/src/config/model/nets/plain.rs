//! `plain`: blocks of one convolution.

use untied_redundancy::Bias;

use super::parts::{activation, convolution, layer, norm};
use crate::config::model::choices::{BiasPlace, Order};
use crate::config::model::config::ModelConfig;
use crate::config::model::layer::{LayerConfig, LayerKind};

pub(super) fn layers(model: &ModelConfig) -> Vec<LayerConfig> {
    let blocks = model.channels.iter().enumerate();
    blocks.flat_map(|(index, &channels)| block(model, &format!("block{}", index + 1), channels)).collect()
}

fn block(model: &ModelConfig, block: &str, channels: usize) -> Vec<LayerConfig> {
    let name = |part: &str| format!("{block}.{part}");
    let convolution = convolution(name("convolution"), channels);
    let (norm, activation) = (norm(name("norm")), activation(name("activation")));
    let [second, third] = match model.order {
        Order::NormFirst => [norm, activation],
        Order::ActivationFirst => [activation, norm],
    };
    let mut layers = match model.bias_after {
        BiasPlace::Convolution => vec![convolution, second, third],
        place => {
            let convolution = LayerConfig { bias: Some(Bias::None), ..convolution };
            // Wherever it stands, files know it as the convolution's.
            let bias = layer(LayerKind::Bias, name("convolution.bias"));
            let after_second = (place == BiasPlace::Norm) == (model.order == Order::NormFirst);
            if after_second { vec![convolution, second, bias, third] } else { vec![convolution, second, third, bias] }
        }
    };
    layers.push(layer(LayerKind::MaxPool, name("pooling")));
    layers
}
