//! The operators that a normalization becomes.

use untied_onnx::attribute;
use untied_redundancy::network::NodeId;
use untied_redundancy::{Layout, NormSpec, Span};

use super::graph::{Graph, Value};

/// A normalization that is being written.
struct Norm<'n> {
    name: &'n str,
    spec: &'n NormSpec,
    output: [usize; 3],
    epsilon: f64,
}

impl Norm<'_> {
    /// The name of one of its tensors.
    fn tensor(&self, part: &str) -> String {
        format!("{}.{part}", self.name)
    }
}

impl Graph<'_> {
    pub(super) fn norm(&mut self, id: NodeId, spec: &NormSpec, x: Value) -> String {
        let node = self.network().node(id);
        let norm = Norm { name: &node.name, spec, output: node.output, epsilon: self.net.plan().epsilon };
        let x = self.maps(x);
        match (spec.running, spec.centres, spec.span) {
            (true, _, Span::Activation) => self.per_activation(&norm, &x),
            (true, ..) => self.batch_norm(&norm, norm.name, &x),
            (false, true, Span::Group(groups)) => {
                let [gamma, beta] = self.affine(&norm);
                let attributes = vec![attribute("num_groups", groups as i64), epsilon(&norm)];
                self.apply("GroupNormalization", norm.name, &[&x, &gamma, &beta], attributes)
            }
            (false, true, _) => {
                let [gamma, beta] = self.affine(&norm);
                self.apply("InstanceNormalization", norm.name, &[&x, &gamma, &beta], vec![epsilon(&norm)])
            }
            (false, false, _) => self.divided(&norm, &x),
        }
    }

    /// γ and β as vectors. A β that is not trained is a constant: a tensor of the file would count as a parameter.
    fn affine(&mut self, norm: &Norm<'_>) -> [String; 2] {
        let count = norm.spec.gamma.unwrap_or(Layout::Channel).count(norm.output);
        let gamma = self.parameter(&norm.tensor("gamma"), &[count]);
        let beta = norm.tensor("beta");
        let beta = if self.is_trained(&beta) {
            self.parameter(&beta, &[count])
        } else {
            self.constant(&beta, &[count], &vec![0.0; count])
        };
        [gamma, beta]
    }

    fn batch_norm(&mut self, norm: &Norm<'_>, name: &str, x: &str) -> String {
        let [gamma, beta] = self.affine(norm);
        let count = norm.spec.gamma.unwrap_or(Layout::Channel).count(norm.output);
        let [mean, variance] = ["running_mean", "running_var"].map(|part| self.parameter(&norm.tensor(part), &[count]));
        self.apply("BatchNormalization", name, &[x, &gamma, &beta, &mean, &variance], vec![epsilon(norm)])
    }

    /// Batch norm of all elements as the channels of a vector.
    fn per_activation(&mut self, norm: &Norm<'_>, x: &str) -> String {
        let vectors = self.apply("Flatten", &norm.tensor("vectors"), &[x], vec![]);
        let normal = self.batch_norm(norm, &norm.tensor("activations"), &vectors);
        let [channels, height, width] = norm.output.map(|size| size as i64);
        // 0: as many images as there are.
        let shape = self.whole(&norm.tensor("shape"), &[0, channels, height, width]);
        self.apply("Reshape", norm.name, &[&normal, &shape], vec![])
    }

    /// γ·x/√(mean(x²) + ε), plus β where there is one.
    fn divided(&mut self, norm: &Norm<'_>, x: &str) -> String {
        let axes: &[i64] = if norm.spec.span == Span::Channel { &[2, 3] } else { &[1, 2, 3] };
        let axes = self.whole(&norm.tensor("axes"), axes);
        let epsilon = self.constant(&norm.tensor("epsilon"), &[], &[norm.epsilon]);
        let square = self.apply("Mul", &norm.tensor("square"), &[x, x], vec![]);
        let mean = self.apply("ReduceMean", &norm.tensor("mean"), &[&square, &axes], vec![]);
        let sum = self.apply("Add", &norm.tensor("sum"), &[&mean, &epsilon], vec![]);
        let root = self.apply("Sqrt", &norm.tensor("root"), &[&sum], vec![]);
        let quotient = self.apply("Div", &norm.tensor("quotient"), &[x, &root], vec![]);
        let shape = [norm.output[0], 1, 1];
        let gamma = self.parameter(&norm.tensor("gamma"), &shape);
        let beta = norm.tensor("beta");
        if !self.is_trained(&beta) {
            return self.apply("Mul", norm.name, &[&quotient, &gamma], vec![]);
        }
        let scaled = self.apply("Mul", &norm.tensor("scaled"), &[&quotient, &gamma], vec![]);
        let beta = self.parameter(&beta, &shape);
        self.apply("Add", norm.name, &[&scaled, &beta], vec![])
    }

    /// Whether the model has a β, and trains it.
    fn is_trained(&self, beta: &str) -> bool {
        let norm = beta.strip_suffix(".beta").and_then(|name| self.network().find(name));
        norm.is_some_and(|id| self.network().bias_terms(id).is_some())
    }
}

fn epsilon(norm: &Norm<'_>) -> untied_onnx::AttributeProto {
    attribute("epsilon", norm.epsilon as f32)
}
