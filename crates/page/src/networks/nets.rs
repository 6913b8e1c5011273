//! The networks that are drawn.

/// A network of the page.
#[derive(Debug)]
pub(crate) struct Net {
    /// The title of the choice.
    pub(crate) title: &'static str,
    /// What to look at.
    pub(crate) about: &'static str,
    /// Its operations before the head, one a line, as `untied-flow` reads them.
    operations: &'static [&'static str],
}

/// The mean of each channel, class scores with a tied bias, and the loss.
const HEAD: [&str; 4] = ["mean", "scores: linear 3", "scores_bias: bias tied", "loss"];

impl Net {
    /// All operations, one a line.
    pub(super) fn text(&self) -> String {
        [self.operations, &HEAD].concat().join("\n")
    }
}

/// The networks in the order of the choice.
pub(crate) const NETS: [Net; 6] = [
    Net {
        title: "plain: convolution, norm, ReLU, twice",
        about: "Each bias stands right before a norm. If that subtracts a mean per channel (batch, instance), a tied bias is \
                redundant as a whole; of an untied one, the mean of each channel is.",
        operations: &[
            "conv1: convolution 3 padded",
            "bias1: bias",
            "norm1: norm",
            "relu1: relu",
            "max_pool: max 2",
            "conv2: convolution 3 padded",
            "bias2: bias",
            "norm2: norm",
            "relu2: relu",
        ],
    },
    Net {
        title: "the norm stands far behind, nothing padded",
        about: "Between the first bias and the norm lie two poolings and a convolution. One number per channel passes \
                them all.",
        operations: &[
            "input 1 18 18",
            "conv1: convolution 3",
            "relu1: relu",
            "bias1: bias",
            "max_pool: max 2",
            "mean_pool: average 2",
            "conv2: convolution 3",
            "bias2: bias",
            "norm2: norm",
            "relu2: relu",
        ],
    },
    Net {
        title: "the norm stands far behind, zeros around",
        about: "The same, but the second convolution pads with zeros. At the border it sees fewer values, so that one \
                number per channel arrives with a rim, which no mean takes away.",
        operations: &[
            "input 1 18 18",
            "conv1: convolution 3",
            "relu1: relu",
            "bias1: bias",
            "max_pool: max 2",
            "mean_pool: average 2",
            "conv2: convolution 3 padded",
            "bias2: bias",
            "norm2: norm",
            "relu2: relu",
        ],
    },
    Net {
        title: "residual block, as of 2015 (norm before the sum)",
        about: "The shortcut's bias has no norm behind it. It is at work, but does the same as β of the last norm in the \
                branch: one of the two is enough.",
        operations: &[
            "stem: convolution 3 padded",
            "stem_bias: bias",
            "stem_norm: norm",
            "stem_relu: relu",
            "conv1: convolution 3 padded",
            "bias1: bias",
            "norm1: norm",
            "relu1: relu",
            "conv2: convolution 3 padded",
            "bias2: bias",
            "norm2: norm",
            "shortcut: convolution 1 of stem_relu",
            "shortcut_bias: bias",
            "sum: add of norm2, shortcut_bias",
            "relu2: relu",
        ],
    },
    Net {
        title: "residual blocks with pre-activation",
        about: "The stem's bias goes to the first norm, and through the sums to all later ones. Redundant is what every one of \
                them takes away.",
        operations: &[
            "stem: convolution 3 padded",
            "stem_bias: bias",
            "norm1: norm",
            "relu1: relu",
            "conv1: convolution 3 padded",
            "bias1: bias",
            "sum1: add of bias1, stem_bias",
            "norm2: norm",
            "relu2: relu",
            "conv2: convolution 3 padded",
            "bias2: bias",
            "sum2: add of bias2, sum1",
            "last_norm: norm",
            "last_relu: relu",
        ],
    },
    Net {
        title: "two branches side by side, one norm",
        about: "Channels of two convolutions are put side by side, and normalized together. With group norm of two groups, \
                each branch is a group of its own. Layer norm takes one mean over both, which a shift in one branch moves only in \
                part: each bias by itself is at work. (The same number added to both would be taken away; these answers follow \
                one bias at a time.)",
        operations: &[
            "conv1: convolution 3 padded",
            "bias1: bias",
            "conv2: convolution 1 of input",
            "bias2: bias",
            "side_by_side: concatenate of bias1, bias2",
            "norm",
            "relu",
        ],
    },
];
