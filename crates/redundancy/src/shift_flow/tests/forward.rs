//! A forward pass in plain loops over images, channels and locations, apart from the code of the crate.

use std::collections::BTreeMap;

use super::random::Random;
use crate::network::{Activation, Convolution, Fill, Network, NodeId, Operation, Pool, Pooling, Shape};
use crate::shift_flow::exact::Values;
use crate::{Mode, Normalization};

pub(super) const EPSILON: f64 = 1e-3;
const IMAGES: usize = 3;

/// A batch of feature maps.
#[derive(Clone)]
struct Batch {
    shape: Shape,
    images: Vec<Vec<f64>>,
}

impl Batch {
    fn of(shape: Shape, value: impl Fn(usize, [usize; 3]) -> f64) -> Self {
        let [_, height, width] = shape;
        let element = |index: usize| [index / (height * width), index / width % height, index % width];
        let image = |n| (0..shape.iter().product()).map(|index| value(n, element(index))).collect();
        Self { shape, images: (0..IMAGES).map(image).collect() }
    }

    fn at(&self, n: usize, [c, y, x]: [usize; 3]) -> f64 {
        let [_, height, width] = self.shape;
        self.images[n][(c * height + y) * width + x]
    }
}

/// A network with values of all its tensors and a batch to run.
pub(super) struct Model<'a> {
    network: &'a Network,
    mode: Mode,
    pub(super) values: Values,
    images: Vec<Vec<f64>>,
    /// The biases, and β of norms, expanded over channels and locations.
    biases: BTreeMap<NodeId, Vec<f64>>,
}

impl<'a> Model<'a> {
    pub(super) fn new(network: &'a Network, mode: Mode, random: &mut Random) -> Self {
        let mut values = Values::new(EPSILON);
        for (id, _) in network.nodes() {
            for tensor in network.tensors(id) {
                let count = tensor.shape.iter().product();
                let [from, to] = match tensor.name {
                    "gamma" | "running_var" => [0.5, 1.5],
                    _ => [-1.0, 1.0],
                };
                values.insert(id, tensor.name, random.values(count, from, to));
            }
        }
        let size = network.node(network.input()).output.iter().product();
        let images = (0..IMAGES).map(|_| random.values(size, -1.0, 1.0)).collect();
        let mut model = Self { network, mode, values, images, biases: BTreeMap::new() };
        for (id, _) in network.nodes() {
            model.shift(id, &vec![0.0; network.bias_terms(id).map_or(0, |terms| terms.parameters())]);
        }
        model
    }

    /// Moves the parameters of a bias.
    pub(super) fn shift(&mut self, id: NodeId, direction: &[f64]) {
        let Some(terms) = self.network.bias_terms(id) else { return };
        let name = if matches!(self.network.node(id).operation, Operation::Bias(_)) { "bias" } else { "beta" };
        let moved: Vec<f64> = self.values.get(id, name).iter().zip(direction).map(|(value, d)| value + d).collect();
        self.biases.insert(id, terms.expand(&moved));
        self.values.insert(id, name, moved);
    }

    /// All outputs that nothing reads; of a loss, one per image.
    pub(super) fn outputs(&self) -> Vec<f64> {
        let mut maps: Vec<Batch> = Vec::new();
        for (id, node) in self.network.nodes() {
            let inputs: Vec<&Batch> = node.inputs.iter().map(|input| &maps[input.index()]).collect();
            maps.push(self.output(id, &inputs));
        }
        let ends = self.network.nodes().filter(|(id, _)| self.network.consumers(*id).next().is_none());
        ends.flat_map(|(id, _)| maps[id.index()].images.concat()).collect()
    }

    fn output(&self, id: NodeId, inputs: &[&Batch]) -> Batch {
        let node = self.network.node(id);
        let shape = node.output;
        let weight = self.values.get(id, "weight");
        let first = || inputs[0].clone();
        match &node.operation {
            Operation::Input => Batch { shape, images: self.images.clone() },
            Operation::Convolution(convolution) => convolve(convolution, weight, inputs[0], shape),
            Operation::Bias(_) => self.biased(id, inputs[0]),
            Operation::Normalization { normalization, .. } => {
                let normalized = self.normalize(id, *normalization, inputs[0]);
                self.biased(id, &normalized)
            }
            Operation::Activation(activation) => Batch::of(shape, |n, at| activate(*activation, inputs[0].at(n, at))),
            Operation::Pooling(pooling) => Batch::of(shape, |n, at| pool(pooling, inputs[0], n, at)),
            Operation::Mean => {
                let [_, height, width] = inputs[0].shape;
                let all = |n, c| (0..height * width).map(move |l| inputs[0].at(n, [c, l / width, l % width]));
                Batch::of(shape, |n, [c, _, _]| all(n, c).sum::<f64>() / (height * width) as f64)
            }
            Operation::Addition => Batch::of(shape, |n, at| inputs.iter().map(|input| input.at(n, at)).sum()),
            Operation::Concatenation => {
                let images = (0..IMAGES).map(|n| inputs.iter().flat_map(|input| input.images[n].clone()).collect());
                Batch { shape, images: images.collect() }
            }
            Operation::ChannelPadding { before, after: _ } => Batch::of(shape, |n, [c, y, x]| {
                let channel = c.checked_sub(*before).filter(|&c| c < inputs[0].shape[0]);
                channel.map_or(0.0, |c| inputs[0].at(n, [c, y, x]))
            }),
            Operation::Flatten => Batch { shape, ..first() },
            Operation::Dropout if self.mode == Mode::Evaluation => first(),
            Operation::Dropout => {
                // A fixed mask of its own for every image.
                Batch::of(shape, |n, at| inputs[0].at(n, at) * f64::from(u8::from((n + at[0] + at[1] + at[2]) % 3 > 0)))
            }
            Operation::Linear { features } => Batch::of(shape, |n, [o, _, _]| {
                inputs[0].images[n].iter().enumerate().map(|(i, x)| x * weight[i * features + o]).sum()
            }),
            Operation::Loss => Batch::of(shape, |n, _| {
                let scores = &inputs[0].images[n];
                scores.iter().map(|score| (score - scores[n % scores.len()]).exp()).sum::<f64>().ln()
            }),
        }
    }

    fn biased(&self, id: NodeId, x: &Batch) -> Batch {
        let Some(bias) = self.biases.get(&id) else { return x.clone() };
        let add = |image: &Vec<f64>| image.iter().zip(bias).map(|(x, b)| x + b).collect();
        Batch { shape: x.shape, images: x.images.iter().map(add).collect() }
    }

    fn normalize(&self, id: NodeId, normalization: Normalization, x: &Batch) -> Batch {
        let [channels, height, width] = x.shape;
        // Of two elements (n, c, y, x), whether they share statistics.
        let share = |a: [usize; 4], b: [usize; 4]| match normalization {
            Normalization::None => a == b,
            Normalization::Batch => a[1] == b[1],
            Normalization::BatchPerActivation => a[1..] == b[1..],
            Normalization::Layer | Normalization::Rms => a[0] == b[0],
            Normalization::Instance | Normalization::FilterResponse => a[..2] == b[..2],
            Normalization::Group(groups) => a[0] == b[0] && a[1] * groups / channels == b[1] * groups / channels,
        };
        let elements: Vec<[usize; 4]> = (0..IMAGES * channels * height * width)
            .map(|i| [i / (channels * height * width), i / (height * width) % channels, i / width % height, i % width])
            .collect();
        let per_activation = normalization == Normalization::BatchPerActivation;
        let running = matches!(normalization, Normalization::Batch) || per_activation;
        Batch::of(x.shape, |n, [c, row, column]| {
            let at = [n, c, row, column];
            let value = x.at(n, [c, row, column]);
            if normalization == Normalization::None {
                return value;
            }
            let own = if per_activation { (c * height + row) * width + column } else { c };
            let gamma = self.values.get(id, "gamma")[own];
            if running && self.mode.takes_running_statistics() {
                let [mean, variance] = ["running_mean", "running_var"].map(|name| self.values.get(id, name)[own]);
                return gamma * (value - mean) / (variance + EPSILON).sqrt();
            }
            let set = elements.iter().filter(|&&other| share(at, other));
            let set: Vec<f64> = set.map(|&[n, c, y, column]| x.at(n, [c, y, column])).collect();
            let count = set.len() as f64;
            let uncentred = [Normalization::Rms, Normalization::FilterResponse].contains(&normalization);
            let mean = if uncentred { 0.0 } else { set.iter().sum::<f64>() / count };
            let variance = set.iter().map(|x| (x - mean).powi(2)).sum::<f64>() / count;
            gamma * (value - mean) / (variance + EPSILON).sqrt()
        })
    }
}

fn convolve(convolution: &Convolution, weight: &[f64], x: &Batch, shape: Shape) -> Batch {
    let Convolution { channels, kernel: [rows, columns], stride, dilation, groups, .. } = *convolution;
    let (inputs, size) = (x.shape[0] / groups, [x.shape[1], x.shape[2]]);
    let before = convolution.windows(x.shape).map(|window| window.before);
    let locate = |axis: usize, o: usize, k: usize| -> Option<usize> {
        let at = (o * stride[axis] + k * dilation[axis]) as i64 - before[axis] as i64;
        let size = size[axis] as i64;
        match convolution.fill {
            Fill::Zero if at < 0 || at >= size => None,
            Fill::Zero => Some(at as usize),
            Fill::Circular => Some(((at % size + size) % size) as usize),
            Fill::Replicate => Some(at.max(0).min(size - 1) as usize),
        }
    };
    Batch::of(shape, |n, [o, y, column]| {
        let mut sum = 0.0;
        for i in 0..inputs {
            for (ky, kx) in (0..rows).flat_map(|ky| (0..columns).map(move |kx| (ky, kx))) {
                if let (Some(iy), Some(ix)) = (locate(0, y, ky), locate(1, column, kx)) {
                    let c = o / (channels / groups) * inputs + i;
                    sum += weight[((o * inputs + i) * rows + ky) * columns + kx] * x.at(n, [c, iy, ix]);
                }
            }
        }
        sum
    })
}

fn pool(pooling: &Pooling, x: &Batch, n: usize, [c, y, column]: [usize; 3]) -> f64 {
    let Pooling { kernel, stride, padding, .. } = *pooling;
    let range = |axis: usize, o: usize| {
        let start = (o * stride[axis]) as i64 - padding[axis][0] as i64;
        let size = x.shape[axis + 1] as i64;
        (start..start + kernel[axis] as i64).filter(move |at| (0..size).contains(at)).map(|at| at as usize)
    };
    let window = range(0, y).flat_map(|iy| range(1, column).map(move |ix| (iy, ix)));
    let values: Vec<f64> = window.map(|(iy, ix)| x.at(n, [c, iy, ix])).collect();
    match pooling.pool {
        Pool::Max => values.iter().copied().fold(f64::NEG_INFINITY, f64::max),
        Pool::Average { count_padding: true } => values.iter().sum::<f64>() / (kernel[0] * kernel[1]) as f64,
        Pool::Average { count_padding: false } => values.iter().sum::<f64>() / values.len() as f64,
    }
}

fn activate(activation: Activation, x: f64) -> f64 {
    let sigmoid = 1.0 / (1.0 + (-x).exp());
    match activation {
        Activation::Relu => x.max(0.0),
        Activation::LeakyRelu => x.max(0.1 * x),
        // The usual approximation of Φ by tanh.
        Activation::Gelu => 0.5 * x * (1.0 + (0.797_884_560_802_865_4 * (x + 0.044_715 * x.powi(3))).tanh()),
        Activation::Silu => x * sigmoid,
        Activation::Sigmoid => sigmoid,
        Activation::Tanh => x.tanh(),
    }
}
