//! Networks by name as lists of layers.

mod lenet;
mod mobilenet;
mod parts;
mod plain;
mod resnet;
mod vgg;

use super::config::ModelConfig;
use super::layer::LayerConfig;
use super::net::Net;

/// The layers before the head. What they leave out is as the config says.
pub(super) fn layers(model: &ModelConfig) -> Vec<LayerConfig> {
    let channels = if model.channels.is_empty() { model.net.channels() } else { &model.channels };
    match model.net {
        Net::Plain => plain::layers(model),
        Net::Lenet1989 => lenet::lenet_1989(channels),
        Net::Lenet5 => lenet::lenet_5(channels),
        Net::Vgg8 => vgg::layers(channels),
        Net::Resnet8 => resnet::layers(model, channels, 1),
        Net::Resnet20 => resnet::layers(model, channels, 3),
        Net::Resnet8Preact => resnet::preactivated(model, channels, 1),
        Net::Resnet20Preact => resnet::preactivated(model, channels, 3),
        Net::MobilenetSmall => mobilenet::layers(model, channels),
    }
}
