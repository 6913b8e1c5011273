//! The layers that a config stands for, and other configs for the same network.

use untied_redundancy::{Bias, NormSpec, Normalization};

use super::choices::{BiasPlace, Order};
use super::config::ModelConfig;
use super::layer::{LayerConfig, LayerKind, visit, visit_named};
use super::net::Net;
use super::nets;

impl ModelConfig {
    /// Every layer before the head: the list of the config, or that of its net.
    #[must_use]
    pub fn expanded(&self) -> Vec<LayerConfig> {
        if self.layers.is_empty() { nets::layers(self) } else { self.layers.clone() }
    }

    /// The normalization that a layer has, if it has one: its own, or that of `model.norm`.
    #[must_use]
    pub fn norm_of(&self, layer: &LayerConfig) -> Option<Normalization> {
        layer.norm.or((layer.layer == LayerKind::Norm).then_some(self.norm))
    }

    /// What the normalizations of all layers are.
    pub(crate) fn norm_specs(&self) -> Vec<NormSpec> {
        let mut specs = vec![];
        visit(&self.expanded(), &mut |layer| specs.extend(self.norm_of(layer).and_then(Normalization::spec)));
        specs
    }

    /// The bias of the convolution that the images meet first; none where another layer comes before.
    pub(crate) fn first_bias(&self) -> Option<Bias> {
        let layers = self.expanded();
        let first = layers.first().filter(|layer| layer.layer == LayerKind::Convolution)?;
        Some(first.bias.clone().unwrap_or_else(|| self.bias.clone()))
    }

    /// The same network without a bias of feature maps.
    #[must_use]
    pub fn without_biases(&self) -> Self {
        let mut model = Self { bias: Bias::None, ..self.clone() };
        visit_named(&mut model.layers, "", &mut |_, layer| {
            layer.bias = layer.bias.take().filter(|_| layer.layer == LayerKind::Linear);
        });
        model
    }

    /// The same network as a list of layers, changed one by one; each comes with its name in files.
    #[must_use]
    pub fn with_layers(&self, mut change: impl FnMut(&str, &mut LayerConfig)) -> Self {
        let mut layers = self.expanded();
        visit_named(&mut layers, "", &mut change);
        let (activation, order, bias_after) = (Some(self.activation()), Order::default(), BiasPlace::default());
        Self { net: Net::Plain, channels: vec![], layers, activation, order, bias_after, ..self.clone() }
    }
}
