//! The networks that are drawn.

use untied_redundancy::network::{Activation, Convolution, Operation, Padding, Pool, Pooling};
use untied_redundancy::{Bias, Normalization};

use super::drawing::Drawing;

const CLASSES: usize = 3;
const CHANNELS: usize = 4;
const RELU: Operation = Operation::Activation(Activation::Relu);

/// A network of the page.
#[derive(Debug)]
pub(crate) struct Net {
    /// The title of the choice.
    pub(crate) title: &'static str,
    /// What to look at.
    pub(crate) about: &'static str,
    draw: fn(Normalization, &Bias) -> Drawing,
}

impl Net {
    /// The network with this norm, and all its convolutions' biases of this kind.
    pub(super) fn draw(&self, norm: Normalization, bias: &Bias) -> Drawing {
        (self.draw)(norm, bias)
    }
}

/// The networks in the order of the choice.
pub(crate) const NETS: [Net; 6] = [
    Net {
        title: "plain: convolution, norm, ReLU, twice",
        about: "Each bias stands right before a norm. If that subtracts a mean per channel (batch, instance), a tied bias is \
                redundant as a whole; of an untied one, the mean of each channel is.",
        draw: plain,
    },
    Net {
        title: "the norm stands far behind, nothing padded",
        about: "Between the first bias and the norm lie two poolings and a convolution. One number per channel passes \
                them all.",
        draw: |norm, bias| far(norm, bias, Padding::Valid),
    },
    Net {
        title: "the norm stands far behind, zeros around",
        about: "The same, but the second convolution pads with zeros. At the border it sees fewer values, so that one \
                number per channel arrives with a rim, which no mean takes away.",
        draw: |norm, bias| far(norm, bias, Padding::Same),
    },
    Net {
        title: "residual block, as of 2015 (norm before the sum)",
        about: "The shortcut's bias has no norm behind it. It is at work, but does the same as β of the last norm in the \
                branch: one of the two is enough.",
        draw: residual,
    },
    Net {
        title: "residual blocks with pre-activation",
        about: "The stem's bias goes to the first norm, and through the sums to all later ones. Redundant is what every one of \
                them takes away.",
        draw: preactivated,
    },
    Net {
        title: "two branches side by side, one norm",
        about: "Channels of two convolutions are put side by side, and normalized together. With groups, each branch is a \
                group of its own; layer norm takes one mean over both, so that one number is left that both biases share.",
        draw: concatenated,
    },
];

fn plain(norm: Normalization, bias: &Bias) -> Drawing {
    let mut net = Drawing::new([1, 8, 8], norm, bias);
    for block in 1..=2 {
        net.then(&format!("conv{block}"), convolution(3, Padding::Same));
        net.bias(&format!("bias{block}"));
        net.norm(&format!("norm{block}"));
        net.then(&format!("relu{block}"), RELU);
        if block == 1 {
            net.then("max_pool", Operation::Pooling(Pooling::new(Pool::Max, [2, 2])));
        }
    }
    head(net)
}

fn far(norm: Normalization, bias: &Bias, padding: Padding) -> Drawing {
    let mut net = Drawing::new([1, 18, 18], norm, bias);
    net.then("conv1", convolution(3, Padding::Valid));
    net.then("relu1", RELU);
    net.bias("bias1");
    net.then("max_pool", Operation::Pooling(Pooling::new(Pool::Max, [2, 2])));
    net.then("mean_pool", Operation::Pooling(Pooling::new(Pool::Average { count_padding: false }, [2, 2])));
    net.then("conv2", convolution(3, padding));
    net.bias("bias2");
    net.norm("norm2");
    net.then("relu2", RELU);
    head(net)
}

fn residual(norm: Normalization, bias: &Bias) -> Drawing {
    let mut net = Drawing::new([1, 8, 8], norm, bias);
    net.then("stem", convolution(3, Padding::Same));
    net.bias("stem_bias");
    net.norm("stem_norm");
    let start = net.then("stem_relu", RELU);
    net.then("conv1", convolution(3, Padding::Same));
    net.bias("bias1");
    net.norm("norm1");
    net.then("relu1", RELU);
    net.then("conv2", convolution(3, Padding::Same));
    net.bias("bias2");
    let branch = net.norm("norm2");
    net.add(1, "shortcut", convolution(1, Padding::Valid), &[start]);
    let shortcut = net.bias("shortcut_bias");
    net.add(0, "sum", Operation::Addition, &[branch, shortcut]);
    net.then("relu2", RELU);
    head(net)
}

fn preactivated(norm: Normalization, bias: &Bias) -> Drawing {
    let mut net = Drawing::new([1, 8, 8], norm, bias);
    net.then("stem", convolution(3, Padding::Same));
    let mut carried = net.bias("stem_bias");
    for block in 1..=2 {
        net.norm(&format!("norm{block}"));
        net.then(&format!("relu{block}"), RELU);
        net.then(&format!("conv{block}"), convolution(3, Padding::Same));
        let branch = net.bias(&format!("bias{block}"));
        carried = net.add(0, &format!("sum{block}"), Operation::Addition, &[branch, carried]);
    }
    net.norm("last_norm");
    net.then("last_relu", RELU);
    head(net)
}

fn concatenated(norm: Normalization, bias: &Bias) -> Drawing {
    let mut net = Drawing::new([1, 8, 8], norm, bias);
    let input = net.last();
    net.then("conv1", convolution(3, Padding::Same));
    let one = net.bias("bias1");
    net.add(1, "conv2", convolution(1, Padding::Valid), &[input]);
    let other = net.bias("bias2");
    net.add(0, "side_by_side", Operation::Concatenation, &[one, other]);
    net.norm("norm");
    net.then("relu", RELU);
    head(net)
}

/// The mean of each channel, class scores with a tied bias, and the loss.
fn head(mut net: Drawing) -> Drawing {
    net.then("mean", Operation::Mean);
    net.then("scores", Operation::Linear { features: CLASSES });
    net.then("scores_bias", Operation::Bias(Bias::Tied));
    net.then("loss", Operation::Loss);
    net
}

fn convolution(kernel: usize, padding: Padding) -> Operation {
    Operation::Convolution(Convolution { padding, ..Convolution::new(CHANNELS, [kernel, kernel]) })
}
