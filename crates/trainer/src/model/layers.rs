//! The operations of a list of layers.

use std::collections::BTreeMap;

use untied_redundancy::network::{
    Activation as Function, Convolution, Fill, Network, NetworkError, NodeId, Operation, Padding as Extent, Pool,
    Pooling,
};
use untied_study::{
    Activation, Bias, LAYERS_PREFIX, LayerConfig, LayerKind, ModelConfig, Padding, Pair, SHORTCUT_PREFIX, Shortcut,
};

use super::refusal::refusal;
use crate::TrainerError;

/// Adds layers to a network, with what the config says where they say nothing.
pub(super) struct Builder<'m> {
    model: &'m ModelConfig,
    pub(super) network: Network,
    /// The share that each dropout takes away.
    pub(super) dropout: BTreeMap<NodeId, f64>,
}

/// A list of layers: where the config has it, and what names in it begin with.
struct List {
    key: String,
    prefix: String,
}

/// One layer of a list.
struct Place {
    key: String,
    name: String,
}

impl<'m> Builder<'m> {
    pub(super) fn new(model: &'m ModelConfig, network: Network) -> Self {
        Self { model, network, dropout: BTreeMap::new() }
    }

    /// Adds every layer before the head.
    pub(super) fn add_layers(&mut self) -> Result<NodeId, TrainerError> {
        let list = List { key: "model.layers".to_owned(), prefix: String::new() };
        self.sequence(&self.model.expanded(), self.network.input(), &list)
    }

    fn sequence(&mut self, layers: &[LayerConfig], input: NodeId, list: &List) -> Result<NodeId, TrainerError> {
        let mut last = input;
        for (index, layer) in layers.iter().enumerate() {
            let name = layer.name_in(&list.prefix, index);
            last = self.layer(layer, last, &Place { key: format!("{}.{index}", list.key), name })?;
        }
        Ok(last)
    }

    fn layer(&mut self, layer: &LayerConfig, input: NodeId, place: &Place) -> Result<NodeId, TrainerError> {
        let name = place.name.as_str();
        match layer.layer {
            LayerKind::Convolution => self.convolution(layer, input, place),
            LayerKind::Linear => {
                let linear = Operation::Linear { features: layer.features.unwrap_or_default() };
                let linear = self.add(name, linear, input, place)?;
                let biased =
                    self.bias(layer.bias.clone().unwrap_or(Bias::Tied), format!("{name}.bias"), linear, place)?;
                self.own_activation(layer, biased, place)
            }
            LayerKind::Norm => self.norm(layer, name, input, place),
            LayerKind::Activation => {
                self.activation(layer.activation.unwrap_or(self.model.activation()), name, input, place)
            }
            LayerKind::Bias => {
                let bias = layer.bias.clone().unwrap_or_else(|| self.model.bias.clone());
                self.bias(bias, name.to_owned(), input, place)
            }
            LayerKind::MaxPool => self.pool(layer, Pool::Max, input, place),
            LayerKind::AveragePool => {
                let count_padding = layer.count_padding.unwrap_or(true);
                self.pool(layer, Pool::Average { count_padding }, input, place)
            }
            LayerKind::GlobalMaxPool => {
                let [_, height, width] = self.network.node(input).output;
                self.add(name, Operation::Pooling(Pooling::new(Pool::Max, [height, width])), input, place)
            }
            LayerKind::GlobalAveragePool => self.add(name, Operation::Mean, input, place),
            LayerKind::Dropout => self.dropout(layer.rate.unwrap_or(self.model.dropout), input, place),
            LayerKind::Residual => self.residual(layer, input, place),
            LayerKind::Flatten => self.add(name, Operation::Flatten, input, place),
        }
    }

    fn add(
        &mut self,
        name: impl Into<String>,
        operation: Operation,
        input: NodeId,
        place: &Place,
    ) -> Result<NodeId, TrainerError> {
        let added = self.network.add(name, operation, &[input]);
        added.map_err(|error| self.refusal(error, input, place))
    }

    fn refusal(&self, error: NetworkError, input: NodeId, place: &Place) -> TrainerError {
        refusal(error, self.network.node(input).output, self.model, &place.key)
    }

    fn convolution(&mut self, layer: &LayerConfig, input: NodeId, place: &Place) -> Result<NodeId, TrainerError> {
        let (name, model) = (&place.name, self.model);
        let Pair(kernel) = layer.kernel.unwrap_or(model.kernel.into());
        let Pair(dilation) = layer.dilation.unwrap_or(1.into());
        let (padding, fill) = padding(layer.padding.unwrap_or(model.padding), kernel, dilation);
        let convolution = Convolution {
            channels: layer.channels.unwrap_or_default(),
            kernel,
            stride: layer.stride.unwrap_or(1.into()).0,
            dilation,
            padding,
            fill,
            groups: layer.groups.unwrap_or(1),
            weight: layer.weight.unwrap_or(model.weight),
        };
        let convolved = self.add(name, Operation::Convolution(convolution), input, place)?;
        let bias = layer.bias.clone().unwrap_or_else(|| model.bias.clone());
        let mut last = self.bias(bias, format!("{name}.bias"), convolved, place)?;
        if layer.norm.is_some() {
            last = self.norm(layer, &format!("{name}.norm"), last, place)?;
        }
        self.own_activation(layer, last, place)
    }

    fn bias(&mut self, bias: Bias, name: String, input: NodeId, place: &Place) -> Result<NodeId, TrainerError> {
        if bias == Bias::None { Ok(input) } else { self.add(name, Operation::Bias(bias), input, place) }
    }

    fn norm(&mut self, layer: &LayerConfig, name: &str, input: NodeId, place: &Place) -> Result<NodeId, TrainerError> {
        let normalization = layer.norm.unwrap_or(self.model.norm);
        let beta = layer.beta.unwrap_or(self.model.beta);
        self.add(name, Operation::Normalization { normalization, beta }, input, place)
    }

    /// The activation that a layer names beside what it is.
    fn own_activation(&mut self, layer: &LayerConfig, input: NodeId, place: &Place) -> Result<NodeId, TrainerError> {
        let Some(activation) = layer.activation else { return Ok(input) };
        self.activation(activation, &format!("{}.activation", place.name), input, place)
    }

    fn activation(
        &mut self,
        activation: Activation,
        name: &str,
        input: NodeId,
        place: &Place,
    ) -> Result<NodeId, TrainerError> {
        let function = match activation {
            Activation::Relu => Function::Relu,
            Activation::LeakyRelu => Function::LeakyRelu,
            Activation::Gelu => Function::Gelu,
            Activation::Tanh => Function::Tanh,
            Activation::None => return Ok(input),
        };
        self.add(name, Operation::Activation(function), input, place)
    }

    fn pool(&mut self, layer: &LayerConfig, pool: Pool, input: NodeId, place: &Place) -> Result<NodeId, TrainerError> {
        let Pair(kernel) = layer.kernel.unwrap_or(2.into());
        let stride = layer.stride.map_or(kernel, |stride| stride.0);
        let padding = match layer.padding.unwrap_or(Padding::Valid) {
            Padding::Valid => [[0; 2]; 2],
            Padding::Half => kernel.map(|size| [size / 2; 2]),
            Padding::Explicit(sides) => sides,
            other => {
                let (key, expected) = (format!("{}.padding", place.key), "valid, half or explicit of pooling");
                return Err(untied_study::Fault::new(key, expected, other).into());
            }
        };
        let pooling = Pooling { pool, kernel, stride, padding };
        self.add(&place.name, Operation::Pooling(pooling), input, place)
    }

    fn dropout(&mut self, rate: f64, input: NodeId, place: &Place) -> Result<NodeId, TrainerError> {
        if rate == 0.0 {
            return Ok(input);
        }
        let node = self.add(&place.name, Operation::Dropout, input, place)?;
        self.dropout.insert(node, rate);
        Ok(node)
    }

    fn residual(&mut self, layer: &LayerConfig, input: NodeId, place: &Place) -> Result<NodeId, TrainerError> {
        let list = |key: &str, prefix: &str| List {
            key: format!("{}.{key}", place.key),
            prefix: format!("{}{prefix}", place.name),
        };
        let layers = layer.layers.as_deref().unwrap_or_default();
        let branch = self.sequence(layers, input, &list("layers", LAYERS_PREFIX))?;
        let around = match &layer.shortcut_layers {
            Some(layers) => self.sequence(layers, input, &list("shortcut_layers", SHORTCUT_PREFIX))?,
            None => self.shortcut(layer.shortcut.unwrap_or(self.model.shortcut), input, branch, place)?,
        };
        let added = self.network.add(&place.name, Operation::Addition, &[branch, around]);
        added.map_err(|error| self.refusal(error, input, place))
    }

    /// What the shortcut makes of the input, in the shape of the branch as far as it can.
    fn shortcut(
        &mut self,
        shortcut: Shortcut,
        input: NodeId,
        branch: NodeId,
        place: &Place,
    ) -> Result<NodeId, TrainerError> {
        let [from, to] = [input, branch].map(|id| self.network.node(id).output);
        let stride = [1, 2].map(|axis| stride_between(from[axis], to[axis]));
        let name = format!("{}.shortcut", place.name);
        match (shortcut, stride) {
            _ if from == to => Ok(input),
            (Shortcut::ZeroPadded, [Some(down), Some(across)]) if from[0] <= to[0] => {
                let mut last = input;
                if [down, across] != [1, 1] {
                    let stride = [down, across];
                    let pool = Pool::Average { count_padding: false };
                    let pooling = Pooling { stride, ..Pooling::new(pool, [1, 1]) };
                    last = self.add(format!("{name}.pooling"), Operation::Pooling(pooling), last, place)?;
                }
                let new = to[0] - from[0];
                if new > 0 {
                    let padding = Operation::ChannelPadding { before: new / 2, after: new - new / 2 };
                    last = self.add(format!("{name}.channels"), padding, last, place)?;
                }
                Ok(last)
            }
            (Shortcut::Convolution, [Some(down), Some(across)]) => {
                let layer = LayerConfig {
                    channels: Some(to[0]),
                    kernel: Some(1.into()),
                    stride: Some(Pair([down, across])),
                    padding: Some(Padding::Valid),
                    ..LayerConfig::new(LayerKind::Convolution)
                };
                self.convolution(&layer, input, &Place { key: place.key.clone(), name })
            }
            // The addition says what does not fit.
            _ => Ok(input),
        }
    }
}

/// The smallest stride by which windows of one element take so many locations to so many.
fn stride_between(from: usize, to: usize) -> Option<usize> {
    let stride = from.div_ceil(to);
    (from.div_ceil(stride) == to).then_some(stride)
}

/// The extent and the content of a convolution's padding.
fn padding(padding: Padding, kernel: [usize; 2], dilation: [usize; 2]) -> (Extent, Fill) {
    let half = |axis: usize| [kernel[axis].saturating_sub(1) * dilation[axis] / 2; 2];
    match padding {
        Padding::Same => (Extent::Same, Fill::Zero),
        Padding::Valid => (Extent::Valid, Fill::Zero),
        Padding::Circular => (Extent::Same, Fill::Circular),
        Padding::Replicate => (Extent::Same, Fill::Replicate),
        Padding::Half => (Extent::Explicit([half(0), half(1)]), Fill::Zero),
        Padding::Explicit(sides) => (Extent::Explicit(sides), Fill::Zero),
    }
}

#[cfg(test)]
mod tests {
    use untied_redundancy::Mode;
    use untied_redundancy::shift_flow::ShiftFlow;
    use untied_study::{Net, Normalization};

    use super::*;
    use crate::model::plan::{Plan, Shape};

    fn planned(model: &ModelConfig, input: Shape) -> Plan {
        Plan::new(model, input, 10).unwrap()
    }

    /// Published: 0.27 M parameters and 41 M multiply-adds of `resnet20`; 61,706 parameters of LeNet-5 without tables of
    /// connections; 1,068 of the first layer of the network of 1989, and 5,790 of its hidden one.
    #[test]
    fn nets_have_the_sizes_that_are_published() {
        let resnet = ModelConfig { bias: Bias::None, ..ModelConfig::of_net(Net::Resnet20) };
        let plan = planned(&resnet, [3, 32, 32]);
        let multiply_adds: usize = plan.network.nodes().map(|(id, _)| plan.network.multiply_adds(id)).sum();
        assert_eq!((plan.parameters().total, multiply_adds), (269_722, 40_551_040));
        let lenet = ModelConfig { norm: Normalization::None, ..ModelConfig::of_net(Net::Lenet5) };
        assert_eq!(planned(&lenet, [1, 28, 28]).parameters().total, 61_706);
        let first =
            ModelConfig { bias: Bias::Untied, norm: Normalization::None, ..ModelConfig::of_net(Net::Lenet1989) };
        let plan = planned(&first, [1, 16, 16]);
        let of_layer = |layer: &str| -> usize {
            let nodes = plan.network.nodes().filter(|(id, _)| plan.layer(*id) == layer);
            nodes.map(|(id, _)| plan.network.parameters(id)).sum()
        };
        assert_eq!([of_layer("convolution1"), of_layer("hidden")], [1_068, 5_790]);
    }

    #[test]
    fn strides_of_shortcuts_are_the_smallest_that_fit() {
        for (from, to, stride) in [(8, 8, Some(1)), (8, 4, Some(2)), (7, 4, Some(2)), (9, 3, Some(3)), (8, 5, None)] {
            assert_eq!(stride_between(from, to), stride, "{from} to {to}");
        }
    }

    #[test]
    fn a_shortcut_without_a_norm_is_one_with_the_beta_beside_it() {
        let layer = LayerConfig::new;
        let branch = LayerConfig {
            channels: Some(4),
            stride: Some(2.into()),
            norm: Some(Normalization::Batch),
            ..layer(LayerKind::Convolution)
        };
        let residual = LayerConfig {
            layers: Some(vec![branch]),
            shortcut: Some(Shortcut::Convolution),
            ..layer(LayerKind::Residual)
        };
        let layers = vec![residual, layer(LayerKind::Activation)];
        let plan = planned(&ModelConfig { layers, ..ModelConfig::new(vec![]) }, [2, 8, 8]);
        let flow = ShiftFlow::new(&plan.network, Mode::Training);
        let meetings: Vec<String> = flow.meetings().iter().map(ToString::to_string).collect();
        let names = "β of residual0.convolution0.norm and residual0.shortcut.bias are one";
        assert_eq!(meetings, [format!("{names}: 4 dimensions can go from one to the other, at residual0")]);
    }
}
