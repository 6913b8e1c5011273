use super::{Network, NodeId, Operation};
use crate::axes::size;
use crate::{BiasTerms, Layout};

/// A tensor that a node keeps.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NodeTensor {
    /// The name in the node: `weight`, `bias`, `gamma`, `beta`, `running_mean` or `running_var`.
    pub name: &'static str,
    /// The shape, row-major.
    pub shape: Vec<usize>,
    /// Whether training changes it by its gradient.
    pub trained: bool,
}

impl Network {
    /// The tensors that a node keeps: weights `[out, in/groups, h, w]` of a convolution and `[in, out]` of a linear map; a
    /// bias in the shape of its term, or, where it is a sum of several, as one vector; those of a norm as vectors.
    pub fn tensors(&self, id: NodeId) -> Vec<NodeTensor> {
        let node = self.node(id);
        let channels_in = self.input_shapes(id).first().map_or(1, |shape| shape[0]);
        let trained = |name, shape| NodeTensor { name, shape, trained: true };
        match &node.operation {
            Operation::Convolution(convolution) => {
                let [height, width] = convolution.kernel;
                let inputs = channels_in / convolution.groups;
                vec![trained("weight", vec![convolution.channels, inputs, height, width])]
            }
            Operation::Linear { features } => vec![trained("weight", vec![channels_in, *features])],
            Operation::Normalization { normalization, beta } => {
                let Some(spec) = normalization.spec() else { return vec![] };
                let running = spec.running_layout();
                let tensor = |name, layout: Option<Layout>, trained| {
                    Some(NodeTensor { name, shape: vec![layout?.count(node.output)], trained })
                };
                let all = [
                    tensor("gamma", spec.gamma, true),
                    tensor("beta", spec.beta.filter(|_| *beta), true),
                    tensor("running_mean", running, false),
                    tensor("running_var", running, false),
                ];
                all.into_iter().flatten().collect()
            }
            Operation::Bias(_) => {
                let terms = self.bias_terms(id);
                let shape = |terms: &BiasTerms| match terms.terms() {
                    [term] => term.clone(),
                    _ => vec![terms.parameters()],
                };
                terms.iter().map(|terms| trained("bias", shape(terms))).collect()
            }
            _ => vec![],
        }
    }

    /// The number of a node's elements that training changes.
    pub fn parameters(&self, id: NodeId) -> usize {
        self.tensors(id).iter().filter(|tensor| tensor.trained).map(|tensor| size(&tensor.shape)).sum()
    }

    /// Multiplications with additions that a convolution or a linear map takes for one image; none of other operations.
    pub fn multiply_adds(&self, id: NodeId) -> usize {
        let node = self.node(id);
        let channels_in = self.input_shapes(id).first().map_or(0, |shape| shape[0]);
        match &node.operation {
            Operation::Convolution(convolution) => {
                let filter = channels_in / convolution.groups * size(&convolution.kernel);
                size(&node.output).saturating_mul(filter)
            }
            Operation::Linear { features } => channels_in.saturating_mul(*features),
            _ => 0,
        }
    }

    /// The linear map from the bias of a node, or from the β of its norm, to the tensor that it adds to the node's output;
    /// none where the node adds nothing.
    pub fn bias_terms(&self, id: NodeId) -> Option<BiasTerms> {
        let node = self.node(id);
        let bias = match &node.operation {
            Operation::Bias(bias) => bias.clone(),
            Operation::Normalization { normalization, beta: true } => normalization.spec()?.beta?.bias(),
            _ => return None,
        };
        // Adding the node has checked that the bias fits.
        let terms = BiasTerms::new(&bias, node.output[0], &node.output[1..]).ok()?;
        (terms.parameters() > 0).then_some(terms)
    }
}
