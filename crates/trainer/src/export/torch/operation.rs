//! The Python that a network's operations become.

use untied_redundancy::network::{Activation, Convolution, Fill, NodeId, Operation, Pool, Pooling};

use super::module::{Module, Value, maps, vectors};
use crate::model::operation::activation::LEAK;
use crate::model::operation::window::padding_pairs;
use crate::model::tensors::host;

impl Module<'_> {
    /// The output of a node that is neither input nor loss.
    pub(super) fn operation(&mut self, id: NodeId) -> Value {
        let network = self.network();
        let node = network.node(id);
        let x = self.input(id, 0);
        let map = |text: String| Value { text, maps: true };
        match &node.operation {
            Operation::Convolution(convolution) => map(self.convolution(id, convolution, &maps(&x))),
            Operation::Linear { .. } => Value { text: self.linear(id, &vectors(&x)), maps: false },
            Operation::Bias(_) if self.terms(id).is_empty() || self.taken(node.inputs[0]) == Some(id) => x,
            Operation::Bias(_) => map(self.bias(id, &maps(&x))),
            Operation::Normalization { normalization, .. } => match normalization.spec() {
                Some(spec) => map(self.norm(id, &spec, &maps(&x))),
                None => x,
            },
            Operation::Activation(activation) => Value { text: activated(*activation, &x.text), ..x },
            Operation::Dropout => x,
            Operation::Pooling(pooling) => map(pooled(pooling, &maps(&x))),
            Operation::Mean => map(format!("{}.mean((2, 3), keepdim=True)", maps(&x))),
            Operation::ChannelPadding { before, after } => {
                map(format!("F.pad({}, (0, 0, 0, 0, {before}, {after}))", maps(&x)))
            }
            Operation::Addition => {
                let inputs: Vec<Value> = (0..node.inputs.len()).map(|position| self.input(id, position)).collect();
                let any = inputs.iter().any(|value| value.maps);
                let text = |value: &Value| if any { maps(value) } else { value.text.clone() };
                Value { text: inputs.iter().map(text).collect::<Vec<_>>().join(" + "), maps: any }
            }
            Operation::Concatenation => {
                let inputs: Vec<String> =
                    (0..node.inputs.len()).map(|position| maps(&self.input(id, position))).collect();
                map(format!("torch.cat(({}), 1)", inputs.join(", ")))
            }
            Operation::Flatten => Value { text: vectors(&x), maps: false },
            Operation::Input | Operation::Loss => unreachable!("the first and the last node are no operations"),
        }
    }

    fn convolution(&mut self, id: NodeId, convolution: &Convolution, x: &str) -> String {
        let Convolution { kernel, stride, dilation, fill, groups, .. } = *convolution;
        let network = self.network();
        let name = &self.names.of(&network.node(id).name);
        let [_, height, width] = network.input_shapes(id)[0];
        let [(above, below), (left, right)] = padding_pairs(convolution, [height, width]);
        let shape = &network.tensors(id)[0].shape;
        let (weight, bias) = (host(self.net.weight(id).expect("a convolution has a weight")), self.taken(id));
        self.tensor(&format!("{name}.weight"), shape, weight);
        let inside = fill == Fill::Zero && above == below && left == right;
        let padding = if inside { [above, left] } else { [0, 0] };
        let made_by = format!(
            "nn.Conv2d({}, {}, {}, stride={}, padding={}, dilation={}, groups={groups}, bias={})",
            shape[1] * groups,
            shape[0],
            pair(kernel),
            pair(stride),
            pair(padding),
            pair(dilation),
            python(bias.is_some()),
        );
        if let Some(bias) = bias {
            let own = &network.node(bias).name;
            self.own_tensor(&format!("{name}.bias"), &shape[..1], own);
        }
        let module = self.part(name, &made_by);
        let mode = match fill {
            Fill::Zero => "constant",
            Fill::Circular => "circular",
            Fill::Replicate => "replicate",
        };
        if inside {
            format!("{module}({x})")
        } else {
            format!("{module}(F.pad({x}, ({left}, {right}, {above}, {below}), \"{mode}\"))")
        }
    }

    fn linear(&mut self, id: NodeId, x: &str) -> String {
        let network = self.network();
        let (own, name) = (&network.node(id).name, &self.names.of(&network.node(id).name));
        let [inputs, outputs] = network.tensors(id)[0].shape[..] else { unreachable!("a matrix") };
        let weight = self.values(&format!("{own}.weight")).unwrap_or_default();
        let transposed = (0..outputs).flat_map(|row| (0..inputs).map(move |column| (row, column)));
        let transposed = transposed.map(|(row, column)| weight[column * outputs + row]).collect();
        self.tensor(&format!("{name}.weight"), &[outputs, inputs], transposed);
        let bias = self.taken(id);
        if let Some(bias) = bias {
            let own = &network.node(bias).name;
            self.own_tensor(&format!("{name}.bias"), &[outputs], own);
        }
        let module = self.part(name, &format!("nn.Linear({inputs}, {outputs}, bias={})", python(bias.is_some())));
        format!("{module}({x})")
    }

    /// The tied bias that a convolution or a linear layer has itself: one that alone reads it.
    fn taken(&self, id: NodeId) -> Option<NodeId> {
        let network = self.network();
        let maps = matches!(network.node(id).operation, Operation::Convolution(_) | Operation::Linear { .. });
        let mut consumers = network.consumers(id);
        let (Some((bias, _)), None) = (consumers.next(), consumers.next()) else { return None };
        let tied = matches!(self.terms(bias).as_slice(), [term] if term[1..] == [1, 1]);
        (maps && tied && matches!(network.node(bias).operation, Operation::Bias(_))).then_some(bias)
    }

    /// The shapes of the terms of a node's bias; none of other nodes, nor where it has been taken away.
    fn terms(&self, id: NodeId) -> Vec<Vec<usize>> {
        let node = self.network().node(id);
        let terms = self.network().bias_terms(id).filter(|_| self.values(&node.name).is_some());
        terms.map_or_else(Vec::new, |terms| terms.terms().to_vec())
    }

    /// The sum of a value and the terms of a bias, which are parameters beside their layer: `block1.convolution_bias`.
    fn bias(&mut self, id: NodeId, x: &str) -> String {
        let own = &self.network().node(id).name;
        let name =
            self.names.of(&own.strip_suffix(".bias").map_or_else(|| own.clone(), |layer| format!("{layer}_bias")));
        let (terms, parameters) = (self.terms(id), self.net.bias_parameters(id));
        let mut rest = parameters.as_slice();
        let mut sum = vec![x.to_owned()];
        for (index, shape) in terms.iter().enumerate() {
            let (term, others) = rest.split_at(shape.iter().product());
            rest = others;
            let name = if terms.len() == 1 { name.clone() } else { format!("{name}_{}", index + 1) };
            sum.push(self.parameter(&name, shape, term.to_vec()));
        }
        sum.join(" + ")
    }
}

fn activated(activation: Activation, x: &str) -> String {
    match activation {
        Activation::Relu => format!("F.relu({x})"),
        Activation::LeakyRelu => format!("F.leaky_relu({x}, {LEAK:?})"),
        Activation::Gelu => format!("F.gelu({x})"),
        Activation::Silu => format!("F.silu({x})"),
        Activation::Sigmoid => format!("torch.sigmoid({x})"),
        Activation::Tanh => format!("torch.tanh({x})"),
    }
}

fn pooled(pooling: &Pooling, x: &str) -> String {
    let Pooling { pool, kernel, stride, padding: [[above, below], [left, right]] } = *pooling;
    let pads = format!("({left}, {right}, {above}, {below})");
    let padded = |x: &str, with: &str| {
        if [above, below, left, right] == [0; 4] { x.to_owned() } else { format!("F.pad({x}, {pads}, value={with})") }
    };
    let (kernel, stride) = (pair(kernel), pair(stride));
    match pool {
        Pool::Max => format!("F.max_pool2d({}, {kernel}, {stride})", padded(x, "float(\"-inf\")")),
        Pool::Average { count_padding } => {
            let mean = format!("F.avg_pool2d({}, {kernel}, {stride})", padded(x, "0.0"));
            // The share of a window that lies inside the image.
            let ones = format!("torch.ones_like({x})");
            let share = format!(" / F.avg_pool2d({}, {kernel}, {stride})", padded(&ones, "0.0"));
            if count_padding || [above, below, left, right] == [0; 4] { mean } else { mean + &share }
        }
    }
}

fn pair([height, width]: [usize; 2]) -> String {
    format!("({height}, {width})")
}

fn python(value: bool) -> &'static str {
    if value { "True" } else { "False" }
}
