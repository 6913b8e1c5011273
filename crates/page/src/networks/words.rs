//! The words for operations and shifts on the page.

use untied_redundancy::ShiftClass;
use untied_redundancy::network::{Operation, Padding, Pool};

/// `conv1`, with spaces for underscores.
pub(super) fn name(node: &str) -> String {
    node.replace('_', " ")
}

/// The operation in a few words; of norms and biases, what can be chosen stands in the page's own controls.
pub(super) fn operation(operation: &Operation) -> String {
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
        Operation::Bias(_) => "bias".into(),
        Operation::Normalization { .. } => "norm".into(),
        Operation::Activation(_) => "ReLU".into(),
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

/// The kind of a node's box.
pub(super) fn kind(operation: &Operation) -> &'static str {
    match operation {
        Operation::Bias(_) => "bias",
        Operation::Normalization { .. } => "norm",
        _ => "operation",
    }
}

/// A letter for what arrives at a node of this shape: nothing, the same everywhere, one value per group, per channel, any.
pub(super) fn letter(class: ShiftClass, [channels, height, width]: [usize; 3]) -> char {
    match class {
        ShiftClass::Nothing => '.',
        ShiftClass::Everything if height * width == 1 => 'c',
        ShiftClass::Everything => 'e',
        ShiftClass::Groups(groups) if groups == channels => 'c',
        ShiftClass::Groups(1) => '1',
        ShiftClass::Groups(_) => 'g',
    }
}
