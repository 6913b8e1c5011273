//! Random networks, with random values.

use crate::network::{
    Activation, Convolution, Fill, Network, NodeId, Operation, Padding, Parametrization, Pool, Pooling,
};
use crate::{Bias, Normalization};

/// SplitMix64.
pub(super) struct Random(pub(super) u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }

    pub(super) fn below(&mut self, bound: usize) -> usize {
        (self.next() % bound as u64) as usize
    }

    fn of<T: Clone>(&mut self, choices: &[T]) -> T {
        choices[self.below(choices.len())].clone()
    }

    /// Evenly spread in [from, to).
    pub(super) fn uniform(&mut self, from: f64, to: f64) -> f64 {
        from + (to - from) * (self.next() >> 11) as f64 / (1_u64 << 53) as f64
    }

    pub(super) fn values(&mut self, count: usize, from: f64, to: f64) -> Vec<f64> {
        (0..count).map(|_| self.uniform(from, to)).collect()
    }
}

/// A network of up to a dozen operations; those that do not fit are left out.
pub(super) fn network(random: &mut Random) -> Network {
    let input = [random.below(4) + 1, random.below(4) + 3, random.below(4) + 3];
    let mut network = Network::new(input).expect("a possible input");
    // Maps to go back to, for shortcuts.
    let mut kept = vec![network.input()];
    for step in 0..random.below(9) + 3 {
        let last = network.last();
        let fitting = match random.below(9) {
            0 => join(&mut network, &kept, step, random),
            _ => network.then(format!("node{step}"), operation(random, network.node(last).output[0])).is_ok(),
        };
        if fitting && random.below(3) == 0 {
            kept.push(network.last());
        }
    }
    head(&mut network, random);
    network
}

fn operation(random: &mut Random, channels: usize) -> Operation {
    match random.below(17) {
        0..=3 => convolution(random, channels),
        4..=6 => Operation::Bias(bias(random)),
        7..=9 => Operation::Normalization { normalization: normalization(random), beta: random.below(3) > 0 },
        10..=12 => Operation::Pooling(pooling(random)),
        13 => Operation::Dropout,
        14 => Operation::ChannelPadding { before: random.below(3), after: random.below(5) },
        _ => Operation::Activation(random.of(&[
            Activation::Relu,
            Activation::LeakyRelu,
            Activation::Gelu,
            Activation::Silu,
            Activation::Sigmoid,
            Activation::Tanh,
        ])),
    }
}

fn convolution(random: &mut Random, channels_in: usize) -> Operation {
    let groups = if random.below(4) == 0 { channels_in } else { random.of(&[1, 1, 1, 2]) };
    let kernel = [random.below(3) + 1, random.below(3) + 1];
    let padding = match random.below(4) {
        0 => Padding::Valid,
        1 | 2 => Padding::Same,
        // Every window sees a part of the input.
        _ => Padding::Explicit(kernel.map(|size| [random.below(size), random.below(size)])),
    };
    Operation::Convolution(Convolution {
        channels: groups * (random.below(4) + 1),
        kernel,
        stride: random.of(&[[1, 1], [1, 1], [2, 1], [2, 2], [3, 3]]),
        // With an even kernel, both elements could lie in the padding.
        dilation: random.of(&[[1, 1], [1, 1], [1, if kernel[1] == 2 { 1 } else { 2 }]]),
        padding,
        fill: random.of(&[Fill::Zero, Fill::Zero, Fill::Circular, Fill::Replicate]),
        groups,
        weight: Parametrization::Plain,
    })
}

fn pooling(random: &mut Random) -> Pooling {
    let pool = random.of(&[Pool::Max, Pool::Average { count_padding: false }, Pool::Average { count_padding: true }]);
    let kernel = random.of(&[[2, 2], [2, 1], [3, 3]]);
    let stride = if random.below(2) == 0 { kernel } else { [1, 1] };
    let padding = random.of(&[[[0, 0], [0, 0]], [[0, 1], [0, 0]], [[1, 1], [0, 0]]]);
    Pooling { pool, kernel, stride, padding }
}

pub(super) fn bias(random: &mut Random) -> Bias {
    random.of(&[Bias::Tied, Bias::Tied, Bias::Untied, Bias::UntiedAlong(vec![0]), Bias::UntiedAlong(vec![1])])
}

fn normalization(random: &mut Random) -> Normalization {
    random.of(&[
        Normalization::None,
        Normalization::Batch,
        Normalization::Batch,
        Normalization::BatchPerActivation,
        Normalization::Layer,
        Normalization::Instance,
        Normalization::Group(2),
        Normalization::Rms,
        Normalization::FilterResponse,
    ])
}

/// An addition or a concatenation with an earlier map, through a convolution where that makes them fit.
fn join(network: &mut Network, kept: &[NodeId], step: usize, random: &mut Random) -> bool {
    let (last, other) = (network.last(), random.of(kept));
    if other == last {
        return false;
    }
    if random.below(2) == 0 {
        return network.add(format!("both{step}"), Operation::Concatenation, &[other, last]).is_ok();
    }
    let name = format!("sum{step}");
    if network.add(name.clone(), Operation::Addition, &[other, last]).is_ok() {
        return true;
    }
    let pointwise = Operation::Convolution(Convolution::new(network.node(last).output[0], [1, 1]));
    let Ok(shortcut) = network.add(format!("shortcut{step}"), pointwise, &[other]) else { return false };
    if network.add(name, Operation::Addition, &[shortcut, last]).is_ok() {
        return true;
    }
    // The shortcut stays, as an output of its own.
    false
}

/// A head with a loss, or without one, or none at all.
fn head(network: &mut Network, random: &mut Random) {
    let vector = match random.below(5) {
        0 => return,
        1 | 2 => Operation::Flatten,
        _ => Operation::Mean,
    };
    let classes = random.below(4) + 2;
    let mut operations = vec![vector, Operation::Linear { features: classes }, Operation::Bias(Bias::Tied)];
    if random.below(4) == 0 {
        operations.remove(1);
    }
    if random.below(3) > 0 {
        operations.push(Operation::Loss);
    }
    for (index, operation) in operations.into_iter().enumerate() {
        network.then(format!("head{index}"), operation).expect("a head fits any map");
    }
}
