use burn::module::Param;
use burn::tensor::Tensor;

use crate::model::net::Net;
use crate::model::value::Value;

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
        let bias = model.plan().biases[0].node;
        match self {
            Self::None => model.set_terms(bias, Vec::new()),
            Self::Tied => {}
            Self::Untied => {
                let shape = model.plan().network.node(bias).output;
                let untied = |bias: Tensor<3>| {
                    let zeros = Tensor::zeros(shape, (&bias.device(), bias.dtype()));
                    Param::from_tensor((bias + zeros).detach())
                };
                let terms = model.bias(bias).map(untied);
                model.set_terms(bias, terms.into_iter().collect());
            }
        }
        model
    }

    /// The model with b₀ − w∗δ in place of the first bias b₀; tied: with the mean of w∗δ over the locations. `delta` is
    /// `[1, c, h, w]`.
    pub(super) fn corrected(self, model: &Net, delta: Tensor<4>) -> Net {
        let mut model = self.of(model);
        let bias = model.plan().biases[0].node;
        // The first bias follows the first convolution directly: the study's check asks for it.
        let convolution = model.plan().network.node(bias).inputs[0];
        let mut response = model.output(convolution, vec![Value::Maps(delta)]).maps().squeeze_dim::<3>(0);
        if self == Self::Tied {
            response = response.mean_dim(2).mean_dim(1);
        }
        let corrected = model.bias(bias).map(|bias| Param::from_tensor((bias - response).detach()));
        model.set_terms(bias, corrected.into_iter().collect());
        model
    }
}
