//! One entry of `model.layers`.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use untied_redundancy::network::Parametrization;
use untied_redundancy::{Bias, Normalization};

use super::choices::{Activation, Padding, Shortcut};
use super::pair::Pair;
use crate::config::fault::{Fault, require_share};
use crate::factors::display_as_serialized;

const MAX_CHANNELS: usize = 1 << 16;
const MAX_KERNEL: usize = 1023;
const MAX_NAME: usize = 100;
/// Residual layers inside residual layers.
const MAX_DEPTH: usize = 4;

/// What names in the lists inside a layer begin with, behind its own.
pub const LAYERS_PREFIX: &str = ".";
/// The same, of the layers of a shortcut.
pub const SHORTCUT_PREFIX: &str = ".shortcut.";

/// The kind of a layer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum LayerKind {
    /// A convolution with its bias; with `norm` and `activation` of its own behind it, if it names them.
    Convolution,
    /// A linear map of all elements, with a bias, and an activation if it names one.
    Linear,
    /// A normalization.
    Norm,
    /// A nonlinear function of each element.
    Activation,
    /// A bias of its own, wherever it stands.
    Bias,
    /// The maximum of each window.
    MaxPool,
    /// The mean of each window.
    AveragePool,
    /// The maximum of each channel over all locations.
    GlobalMaxPool,
    /// The mean of each channel over all locations.
    GlobalAveragePool,
    /// In training, zeros in place of elements drawn at random, and the others divided by their share.
    Dropout,
    /// The sum of what its `layers` make of the input, and of a shortcut around them.
    Residual,
    /// All elements as a vector, channel by channel.
    Flatten,
}

/// A layer; what it leaves out is as `[model]` says.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct LayerConfig {
    /// The kind of the layer.
    pub layer: LayerKind,
    /// Its name in files and results; left out, its kind and its index, such as `convolution0`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// Output channels of a convolution.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub channels: Option<usize>,
    /// Elements that a linear layer makes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub features: Option<usize>,
    /// Height and width of a kernel, or of the windows of pooling (2×2 where left out).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub kernel: Option<Pair>,
    /// Distance of two output locations in the input; of pooling that leaves it out, its kernel.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub stride: Option<Pair>,
    /// Distance of two kernel elements in the input.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub dilation: Option<Pair>,
    /// The padding; of pooling `valid` where left out, or `half`, or `explicit`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub padding: Option<Padding>,
    /// Groups of channels that are convolved apart.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub groups: Option<usize>,
    /// Whether the padding counts in the means of average pooling, as zeros.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub count_padding: Option<bool>,
    /// What makes a convolution's weight of its parameters.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub weight: Option<Parametrization>,
    /// The bias; of a linear layer `none`, or `tied`, also where left out.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub bias: Option<Bias>,
    /// The normalization; of a convolution, behind it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub norm: Option<Normalization>,
    /// Whether the normalization has β of its own.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub beta: Option<bool>,
    /// The activation; of a convolution or a linear layer, behind it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub activation: Option<Activation>,
    /// The share of elements that dropout takes away.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rate: Option<f64>,
    /// The way around a residual layer.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub shortcut: Option<Shortcut>,
    /// The layers of a residual layer.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<Vec<Value>>")]
    pub layers: Option<Vec<LayerConfig>>,
    /// Layers of the way around a residual layer, instead of `shortcut`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<Vec<Value>>")]
    pub shortcut_layers: Option<Vec<LayerConfig>>,
}

impl LayerConfig {
    /// A layer of this kind that leaves everything else out.
    #[must_use]
    pub fn new(layer: LayerKind) -> Self {
        Self {
            layer,
            name: None,
            channels: None,
            features: None,
            kernel: None,
            stride: None,
            dilation: None,
            padding: None,
            groups: None,
            count_padding: None,
            weight: None,
            bias: None,
            norm: None,
            beta: None,
            activation: None,
            rate: None,
            shortcut: None,
            layers: None,
            shortcut_layers: None,
        }
    }

    /// The layer with a name.
    #[must_use]
    pub fn named(self, name: impl Into<String>) -> Self {
        Self { name: Some(name.into()), ..self }
    }

    /// Its name in files: its own, or that of its kind and its index in a list whose names begin with `prefix`.
    #[must_use]
    pub fn name_in(&self, prefix: &str, index: usize) -> String {
        self.name.clone().unwrap_or_else(|| format!("{prefix}{}{index}", self.layer))
    }

    /// The lists of layers inside it, with their keys.
    pub fn inner(&self) -> impl Iterator<Item = (&'static str, &[LayerConfig])> {
        let lists = [("layers", &self.layers), ("shortcut_layers", &self.shortcut_layers)];
        lists.into_iter().filter_map(|(key, list)| Some((key, list.as_deref()?)))
    }

    /// The lists of layers inside it, to be changed, with what the names in them begin with behind its own.
    pub(super) fn inner_mut(&mut self) -> impl Iterator<Item = (&'static str, &mut Vec<LayerConfig>)> {
        let lists = [(LAYERS_PREFIX, &mut self.layers), (SHORTCUT_PREFIX, &mut self.shortcut_layers)];
        lists.into_iter().filter_map(|(prefix, list)| Some((prefix, list.as_mut()?)))
    }

    /// Checks the layer at a dotted key, and those inside it.
    pub(super) fn check(&self, key: &str, depth: usize) -> Result<(), Fault> {
        self.check_keys(key)?;
        self.check_sizes(key)?;
        if let Some(bias) = &self.bias {
            check_bias(bias, &format!("{key}.bias"))?;
            let linear = self.layer == LayerKind::Linear && !matches!(bias, Bias::None | Bias::Tied);
            Fault::require(!linear, &format!("{key}.bias"), "none or tied of a linear layer", bias)?;
        }
        if let Some(rate) = self.rate {
            require_share(&format!("{key}.rate"), rate)?;
        }
        Fault::require(depth < MAX_DEPTH, key, format!("at most {MAX_DEPTH} residual layers in each other"), "more")?;
        for (list, layers) in self.inner() {
            let at = format!("{key}.{list}");
            Fault::require(!layers.is_empty(), &at, "1 layer or more", "none")?;
            for (index, layer) in layers.iter().enumerate() {
                layer.check(&format!("{at}.{index}"), depth + 1)?;
            }
        }
        Ok(())
    }

    /// Every key that the kind needs, and none that it does not know.
    fn check_keys(&self, key: &str) -> Result<(), Fault> {
        let (needed, known) = self.layer.keys();
        let Ok(Value::Object(given)) = serde_json::to_value(self) else { return Ok(()) };
        for (name, value) in given.iter().filter(|(name, _)| !["layer", "name"].contains(&name.as_str())) {
            let names: Vec<&str> = needed.iter().chain(known).copied().collect();
            let expected = match names.as_slice() {
                [] => format!("no key but `name` of layer `{}`", self.layer),
                names => format!("one of `{}` of layer `{}`", names.join("`, `"), self.layer),
            };
            Fault::require(names.contains(&name.as_str()), &format!("{key}.{name}"), expected, value)?;
        }
        match needed.iter().find(|name| !given.contains_key(**name)) {
            Some(missing) => Err(Fault::new(key, format!("`{missing}`, which layer `{}` needs", self.layer), "none")),
            None => Ok(()),
        }
    }

    fn check_sizes(&self, key: &str) -> Result<(), Fault> {
        let name = self.name.as_deref().unwrap_or("x");
        let plain = name.chars().all(|c| c.is_ascii_alphanumeric() || "_-.".contains(c));
        let valid = plain && (1..=MAX_NAME).contains(&name.len());
        let expected = format!("1 to {MAX_NAME} letters, digits, `_`, `-` or `.`");
        Fault::require(valid, &format!("{key}.name"), expected, format!("\"{}\"", name.escape_debug()))?;
        let within = |name: &str, size: Option<usize>, most: usize| {
            let size = size.unwrap_or(1);
            Fault::require((1..=most).contains(&size), &format!("{key}.{name}"), format!("1 to {most}"), size)
        };
        within("channels", self.channels, MAX_CHANNELS)?;
        within("features", self.features, MAX_CHANNELS)?;
        within("groups", self.groups, MAX_CHANNELS)?;
        for (name, pair) in [("kernel", self.kernel), ("stride", self.stride), ("dilation", self.dilation)] {
            pair.iter().flat_map(|pair| pair.0).try_for_each(|size| within(name, Some(size), MAX_KERNEL))?;
        }
        let Some(Padding::Explicit(sides)) = self.padding else { return Ok(()) };
        let expected = format!("0 to {MAX_KERNEL} on each side");
        let valid = sides.iter().flatten().all(|&side| side <= MAX_KERNEL);
        Fault::require(valid, &format!("{key}.padding.explicit"), expected, format!("{sides:?}"))
    }
}

impl LayerKind {
    /// The keys that a layer of this kind needs, and those that it may have beside them and its name.
    fn keys(self) -> (&'static [&'static str], &'static [&'static str]) {
        match self {
            Self::Convolution => (
                &["channels"],
                &["kernel", "stride", "dilation", "padding", "groups", "weight", "bias", "norm", "beta", "activation"],
            ),
            Self::Linear => (&["features"], &["bias", "activation"]),
            Self::Norm => (&[], &["norm", "beta"]),
            Self::Activation => (&[], &["activation"]),
            Self::Bias => (&[], &["bias"]),
            Self::MaxPool => (&[], &["kernel", "stride", "padding"]),
            Self::AveragePool => (&[], &["kernel", "stride", "padding", "count_padding"]),
            Self::Dropout => (&[], &["rate"]),
            Self::Residual => (&["layers"], &["shortcut", "shortcut_layers"]),
            Self::GlobalMaxPool | Self::GlobalAveragePool | Self::Flatten => (&[], &[]),
        }
    }
}

/// Calls `with` for every layer of a list and of those inside it.
pub(super) fn visit(layers: &[LayerConfig], with: &mut impl FnMut(&LayerConfig)) {
    for layer in layers {
        with(layer);
        layer.inner().for_each(|(_, layers)| visit(layers, with));
    }
}

/// Calls `with` for every layer of a list and of those inside it, with its name in files.
pub(super) fn visit_named(layers: &mut [LayerConfig], prefix: &str, with: &mut impl FnMut(&str, &mut LayerConfig)) {
    for (index, layer) in layers.iter_mut().enumerate() {
        let name = layer.name_in(prefix, index);
        with(&name, layer);
        for (inner, list) in layer.inner_mut() {
            visit_named(list, &format!("{name}{inner}"), with);
        }
    }
}

/// Checks a bias at a dotted key.
pub(super) fn check_bias(bias: &Bias, key: &str) -> Result<(), Fault> {
    let Bias::UntiedAlong(axes) = bias else { return Ok(()) };
    let sorted = axes.windows(2).all(|pair| pair[0] < pair[1]);
    let valid = !axes.is_empty() && sorted && axes.iter().all(|axis| *axis < 2);
    let expected = "[0], [1] or [0, 1] (0: height, 1: width)";
    Fault::require(valid, &format!("{key}.untied_along"), expected, format!("{axes:?}"))
}

display_as_serialized!(LayerKind);
