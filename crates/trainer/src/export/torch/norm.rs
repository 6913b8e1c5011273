//! The modules that a normalization becomes.

use untied_redundancy::network::NodeId;
use untied_redundancy::{Layout, NormSpec, Span};

use super::module::Module;

impl Module<'_> {
    /// The output of a normalization of feature maps.
    pub(super) fn norm(&mut self, id: NodeId, spec: &NormSpec, x: &str) -> String {
        let node = self.network().node(id);
        let (own, [channels, height, width]) = (node.name.as_str(), node.output);
        let name = &self.names.of(own);
        let (count, epsilon) = (spec.gamma.unwrap_or(Layout::Channel).count(node.output), self.net.plan().epsilon);
        match (spec.running, spec.centres, spec.span) {
            (true, _, Span::Activation) => {
                let norm = self.batch_norm([own, name], &format!("nn.BatchNorm1d({count}, eps={epsilon:?})"), count);
                format!("{norm}({x}.flatten(1)).unflatten(1, ({channels}, {height}, {width}))")
            }
            (true, ..) => {
                let norm = self.batch_norm([own, name], &format!("nn.BatchNorm2d({count}, eps={epsilon:?})"), count);
                format!("{norm}({x})")
            }
            (false, true, span) => {
                let groups = match span {
                    Span::Group(groups) => groups,
                    _ => channels,
                };
                let norm = self.part(name, &format!("nn.GroupNorm({groups}, {count}, eps={epsilon:?})"));
                self.affine([own, name], count);
                format!("{norm}({x})")
            }
            (false, false, span) => {
                let axes = if span == Span::Channel { "(2, 3)" } else { "(1, 2, 3)" };
                let [gamma, beta] = ["gamma", "beta"].map(|part| {
                    let values = self.values(&format!("{own}.{part}"));
                    values.map(|values| self.parameter(&format!("{name}.{part}"), &[channels, 1, 1], values))
                });
                let scale = gamma.map(|gamma| format!(" * {gamma}")).unwrap_or_default();
                let shift = beta.map(|beta| format!(" + {beta}")).unwrap_or_default();
                format!("{x} * torch.rsqrt({x}.square().mean({axes}, keepdim=True) + {epsilon:?}){scale}{shift}")
            }
        }
    }

    fn batch_norm(&mut self, [own, name]: [&str; 2], made_by: &str, count: usize) -> String {
        let norm = self.part(name, made_by);
        self.affine([own, name], count);
        for part in ["running_mean", "running_var"] {
            self.own_tensor(&format!("{name}.{part}"), &[count], &format!("{own}.{part}"));
        }
        norm
    }

    /// γ and β under PyTorch's names; a β that the model does not have is 0.
    fn affine(&mut self, [own, name]: [&str; 2], count: usize) {
        for (theirs, ours, default) in [("weight", "gamma", 1.0), ("bias", "beta", 0.0)] {
            let values = self.values(&format!("{own}.{ours}")).unwrap_or_else(|| vec![default; count]);
            self.tensor(&format!("{name}.{theirs}"), &[count], values);
        }
    }
}
