//! What each operation does with a shift that arrives at one of its inputs.

use crate::network::{Convolution, Fill, Network, NodeId, Operation, Pool, Pooling, Shape, Window};
use crate::shift_class::greatest_common_divisor;
use crate::{Layout, Mode, Normalization, ShiftClass};

/// The effect of an operation on shifts of one of its inputs.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Effect {
    /// The class is removed here; whatever else a shift has is at work here.
    Stops(ShiftClass),
    /// A linear map: the shift goes on, changed.
    Passes(Keeps),
    /// A maximum over windows: one value per channel goes on unchanged, whatever else a shift has is at work here.
    PassesChannels,
}

/// The constancy of a shift that a linear map keeps, whatever its weights.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Keeps {
    /// Constant on groups of channels, as before.
    Groups,
    /// One value per channel: other ones, each from all channels or by a factor of its own.
    Channels,
    /// Nothing.
    Nothing,
    /// Constant on groups of channels, which become groups of the elements of a vector.
    FlatGroups,
    /// The channels become those from `first` on.
    Part {
        /// The first of them.
        first: usize,
    },
}

impl Effect {
    /// The effect of a node on shifts of the input at `position`.
    pub(crate) fn of(network: &Network, mode: Mode, id: NodeId, position: usize) -> Self {
        let node = network.node(id);
        let inputs = network.input_shapes(id);
        let constant_if = |uniform| if uniform { Keeps::Groups } else { Keeps::Nothing };
        match &node.operation {
            Operation::Input | Operation::Activation(_) => Self::Stops(ShiftClass::Nothing),
            Operation::Dropout if mode != Mode::Evaluation => Self::Stops(ShiftClass::Nothing),
            Operation::Dropout | Operation::Bias(_) | Operation::Addition | Operation::Mean => {
                Self::Passes(Keeps::Groups)
            }
            Operation::Convolution(convolution) => {
                let uniform = convolution.is_uniform(inputs[position]);
                Self::Passes(if uniform { Keeps::Channels } else { Keeps::Nothing })
            }
            Operation::Pooling(Pooling { pool: Pool::Max, .. }) => Self::PassesChannels,
            Operation::Pooling(pooling) => Self::Passes(constant_if(pooling.is_uniform(inputs[position]))),
            Operation::Normalization { normalization, .. } => normalized(*normalization, mode, node.output),
            Operation::Concatenation => {
                Self::Passes(Keeps::Part { first: inputs[..position].iter().map(|shape| shape[0]).sum() })
            }
            Operation::ChannelPadding { before, .. } => Self::Passes(Keeps::Part { first: *before }),
            Operation::Flatten => Self::Passes(Keeps::FlatGroups),
            Operation::Linear { .. } => Self::Passes(Keeps::Nothing),
            Operation::Loss => Self::Stops(ShiftClass::Groups(1).of(inputs[position])),
        }
    }

    /// The largest class of shifts of the input that are removed behind the operation or by it, where `removed` is that of
    /// its output.
    pub(crate) fn backward(self, removed: ShiftClass, input: Shape, output: Shape) -> ShiftClass {
        match self {
            Self::Stops(class) => class,
            Self::PassesChannels => removed.of(output).meet(ShiftClass::per_channel(input)),
            Self::Passes(keeps) => keeps.backward(removed, input, output),
        }
        .of(input)
    }

    /// The smallest class of what a shift of the class `arriving` becomes at the output.
    pub(crate) fn forward(self, arriving: ShiftClass, input: Shape, output: Shape) -> ShiftClass {
        match self {
            Self::Stops(_) => ShiftClass::Nothing,
            Self::PassesChannels => arriving.meet(ShiftClass::per_channel(input)),
            Self::Passes(_) if arriving == ShiftClass::Nothing => arriving,
            Self::Passes(keeps) => keeps.forward(arriving, input, output),
        }
        .of(output)
    }

    /// Whether a part of a shift of the class `arriving` is at work here.
    pub(crate) fn is_at_work(self, arriving: ShiftClass, input: Shape) -> bool {
        match self {
            Self::Stops(class) => !class.contains(arriving),
            Self::PassesChannels => !ShiftClass::per_channel(input).contains(arriving),
            Self::Passes(_) => false,
        }
    }
}

impl Keeps {
    fn backward(self, removed: ShiftClass, input: Shape, output: Shape) -> ShiftClass {
        let ShiftClass::Groups(groups) = removed else { return removed };
        match self {
            Self::Groups => removed,
            Self::Channels if groups == output[0] => ShiftClass::per_channel(input),
            Self::Channels | Self::Nothing => ShiftClass::Nothing,
            Self::FlatGroups => ShiftClass::Groups(greatest_common_divisor(input[0], groups)),
            Self::Part { first } => {
                let size = output[0] / groups;
                // A group that holds other channels too would have to be 0 there.
                let whole = first.is_multiple_of(size) && input[0].is_multiple_of(size);
                if whole { ShiftClass::Groups(input[0] / size) } else { ShiftClass::Nothing }
            }
        }
    }

    fn forward(self, arriving: ShiftClass, input: Shape, output: Shape) -> ShiftClass {
        let ShiftClass::Groups(groups) = arriving else { return arriving };
        match self {
            Self::Groups | Self::FlatGroups => arriving,
            Self::Channels => ShiftClass::per_channel(output),
            Self::Nothing => ShiftClass::Everything,
            Self::Part { first } => {
                let size = greatest_common_divisor(greatest_common_divisor(input[0] / groups, first), output[0]);
                ShiftClass::Groups(output[0] / size)
            }
        }
    }
}

impl Convolution {
    /// Whether one value per channel stays one value per channel: the padding adds nothing foreign, or every output
    /// location sees the same elements of the kernel.
    fn is_uniform(&self, input: Shape) -> bool {
        self.fill != Fill::Zero || self.windows(input).iter().all(Window::is_uniform)
    }
}

impl Pooling {
    /// Whether the mean over windows keeps one value per channel.
    fn is_uniform(&self, input: Shape) -> bool {
        let counts = matches!(self.pool, Pool::Average { count_padding: true });
        !counts || self.windows(input).iter().all(Window::is_uniform)
    }
}

fn normalized(normalization: Normalization, mode: Mode, shape: Shape) -> Effect {
    let Some(spec) = normalization.spec() else { return Effect::Passes(Keeps::Groups) };
    if spec.running && mode.takes_running_statistics() {
        // One factor per element of the running variance and of γ.
        let layouts = [spec.running_layout(), spec.gamma];
        let channels = layouts.iter().flatten().all(|&layout| layout == Layout::Channel);
        return Effect::Passes(if channels { Keeps::Channels } else { Keeps::Nothing });
    }
    // Adding the node has checked that its groups divide the channels.
    let removed = spec.removed(mode, shape[0], shape[1] * shape[2]);
    Effect::Stops(removed.unwrap_or(ShiftClass::Nothing))
}
