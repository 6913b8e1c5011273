use burn::module::Param;
use burn::tensor::Tensor;

use crate::model::net::Net;

/// What becomes of the bias of the first convolution.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum FirstBias {
    /// It is taken away.
    None,
    Tied,
    Untied,
}

impl FirstBias {
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Tied => "tied",
            Self::Untied => "untied",
        }
    }

    /// The model with its first bias, a tied one, of this kind: the same function, unless the bias is taken away.
    pub(super) fn of(self, model: &Net) -> Net {
        let mut model = model.copy();
        let first = model.blocks.remove(0);
        let size = first.convolution.input_size;
        let mut first = first;
        first.convolution = match self {
            Self::None => first.convolution.without_bias().0,
            Self::Tied => first.convolution,
            Self::Untied => {
                let size = size.expect("the trainer builds layers for one size");
                first.convolution.untied(size).expect("the size that the layer was built for")
            }
        };
        model.blocks.insert(0, first);
        model
    }

    /// The model with b₀ − w∗δ in place of the first bias b₀; tied: with the mean of w∗δ over the locations. `delta` is
    /// `[1, c, h, w]`.
    pub(super) fn corrected(self, model: &Net, delta: Tensor<4>) -> Net {
        let mut model = self.of(model);
        let convolution = &mut model.blocks[0].convolution;
        let mut response = convolution.clone().without_bias().0.forward(delta).squeeze_dim::<3>(0);
        if self == Self::Tied {
            response = response.mean_dim(2).mean_dim(1);
        }
        convolution.bias = convolution.bias.take().map(|bias| Param::from_tensor((bias.val() - response).detach()));
        model
    }
}
