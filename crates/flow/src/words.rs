//! The words for operations and shifts on the page.

use untied_redundancy::network::{Activation, Operation, Padding, Pool};
use untied_redundancy::{Bias, Normalization, ShiftClass};

/// `conv1`, with spaces for underscores.
pub(crate) fn name(node: &str) -> String {
    node.replace('_', " ")
}

/// The operation in a few words.
pub(crate) fn operation(operation: &Operation) -> String {
    let sizes = |[height, width]: [usize; 2]| format!("{height}×{width}");
    match operation {
        Operation::Input => "the image".into(),
        Operation::Convolution(convolution) => {
            let padding = match convolution.padding {
                Padding::Valid => "",
                _ if convolution.kernel == [1, 1] => "",
                Padding::Same | Padding::Explicit(_) => ", zeros around",
            };
            format!("convolution {}{padding}", sizes(convolution.kernel))
        }
        Operation::Bias(Bias::Tied) => "tied bias".into(),
        Operation::Bias(Bias::Untied) => "untied bias".into(),
        Operation::Bias(_) => "bias".into(),
        Operation::Normalization { normalization, .. } => norm(*normalization),
        Operation::Activation(Activation::Relu) => "ReLU".into(),
        Operation::Activation(activation) => format!("{activation:?}").to_lowercase(),
        Operation::Pooling(pooling) => {
            let pool = if pooling.pool == Pool::Max { "maximum" } else { "mean" };
            format!("{pool} over {}", sizes(pooling.kernel))
        }
        Operation::Mean => "mean over all locations".into(),
        Operation::Addition => "sum".into(),
        Operation::Concatenation => "channels side by side".into(),
        Operation::Flatten => "as one vector".into(),
        Operation::Linear { .. } => "linear map".into(),
        Operation::Loss => "softmax and cross-entropy".into(),
        Operation::ChannelPadding { .. } => "channels of zeros added".into(),
        Operation::Dropout => "dropout".into(),
    }
}

fn norm(normalization: Normalization) -> String {
    match normalization {
        Normalization::None => "no norm".into(),
        Normalization::Batch => "batch norm".into(),
        Normalization::BatchPerActivation => "batch norm at each location".into(),
        Normalization::Instance => "instance norm".into(),
        Normalization::Group(groups) => format!("group norm, {groups} groups"),
        Normalization::Layer => "layer norm".into(),
        Normalization::Rms => "RMS norm".into(),
        Normalization::FilterResponse => "filter response norm".into(),
    }
}

/// The kind of a node's box.
pub(crate) fn kind(operation: &Operation) -> &'static str {
    match operation {
        Operation::Bias(_) => "bias",
        Operation::Normalization { .. } => "norm",
        _ => "operation",
    }
}

/// A letter for what arrives at a node of this shape: nothing, the same everywhere, one value per group, per channel, any.
pub(crate) fn letter(class: ShiftClass, [channels, height, width]: [usize; 3]) -> char {
    match class {
        ShiftClass::Nothing => '.',
        ShiftClass::Everything if height * width == 1 => 'c',
        ShiftClass::Everything => 'e',
        ShiftClass::Groups(groups) if groups == channels => 'c',
        ShiftClass::Groups(1) => '1',
        ShiftClass::Groups(_) => 'g',
    }
}
