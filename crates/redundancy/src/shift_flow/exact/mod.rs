//! Exact shift flow, for given weights: the kernel of the linear map from biases to what of them is at work.

mod operations;
mod values;

use nalgebra::DMatrix;

pub use values::Values;

use super::flow::is_output;
use crate::axes::size;
use crate::network::{Network, NetworkError, NodeId, Operation, Pool, Pooling};
use crate::{BiasTerms, Mode};

/// Singular values count as zero below this share of the norm of all that arrives where something is at work or removed.
const ZERO: f64 = 1e-10;

/// The exact shift flow of a network with given values of its tensors.
///
/// All maps are linear in a shift, so that the redundant directions are the kernel of one of them: from the parameters of
/// a bias, or of several, to what is left of their shifts wherever they are at work. (A unit that happens to be
/// dead, or a γ of 0 in training, can hide more; that is not looked for.)
#[derive(Debug, Clone, Copy)]
pub struct ExactFlow<'a> {
    network: &'a Network,
    mode: Mode,
    values: &'a Values,
}

/// The shifts that are left at work, and those that arrived before a part was removed: node by node, of equal length.
#[derive(Debug, Default)]
struct Remainder {
    left: Vec<f64>,
    arrived: Vec<f64>,
}

impl<'a> ExactFlow<'a> {
    /// Follows shifts through a network in one of the two modes.
    ///
    /// # Errors
    /// If a weight, or, in evaluation, a running variance or its γ, is not there or not of its size.
    pub fn new(network: &'a Network, mode: Mode, values: &'a Values) -> Result<Self, NetworkError> {
        values.check(network, mode)?;
        Ok(Self { network, mode, values })
    }

    /// An orthonormal basis of the directions of the stacked parameters of these nodes' biases, or β, that change nothing.
    ///
    /// The basis of one node is that of its redundant subspace. Nodes without a bias have no parameters.
    pub fn kernel(&self, sites: &[NodeId]) -> Vec<Vec<f64>> {
        let terms: Vec<(NodeId, BiasTerms)> =
            sites.iter().filter_map(|&site| Some((site, self.network.bias_terms(site)?))).collect();
        let columns: Vec<Remainder> = terms.iter().flat_map(|(site, terms)| self.columns(*site, terms)).collect();
        let Some(first) = columns.first() else { return vec![] };
        let (rows, count) = (first.left.len(), columns.len());
        let arrived = columns.iter().flat_map(|column| &column.arrived).map(|value| value * value).sum::<f64>().sqrt();
        let matrix = DMatrix::from_iterator(rows, count, columns.iter().flat_map(|column| column.left.iter().copied()));
        // The triangle has the singular values and right vectors of the matrix; with rows of zeros it is square.
        let triangle = if rows > count { matrix.qr().r() } else { matrix.resize_vertically(count, 0.0) };
        let decomposition = triangle.svd(false, true);
        let vectors = decomposition.v_t.unwrap_or_else(|| DMatrix::zeros(0, count));
        let zero = |&index: &usize| decomposition.singular_values[index] <= ZERO * arrived;
        (0..vectors.nrows()).filter(zero).map(|index| vectors.row(index).iter().copied().collect()).collect()
    }

    /// The remainder of a unit of each parameter of a bias.
    fn columns(&self, site: NodeId, terms: &BiasTerms) -> Vec<Remainder> {
        let unit = |k| (0..terms.parameters()).map(|j| f64::from(u8::from(j == k))).collect::<Vec<_>>();
        (0..terms.parameters()).map(|k| self.follow(site, &terms.expand(&unit(k)))).collect()
    }

    /// The remainder of a shift that is added to a node's output.
    fn follow(&self, from: NodeId, shift: &[f64]) -> Remainder {
        let mut remainder = Remainder::default();
        let mut shifts: Vec<Vec<f64>> = Vec::with_capacity(self.network.nodes().len());
        for (id, node) in self.network.nodes() {
            let inputs: Vec<&[f64]> = node.inputs.iter().map(|input| shifts[input.index()].as_slice()).collect();
            let mut output = self.output(id, &inputs, &mut remainder);
            if id == from {
                output.iter_mut().zip(shift).for_each(|(value, added)| *value += added);
            }
            if is_output(self.network, id) {
                remainder.push(&output, None);
            }
            shifts.push(output);
        }
        remainder
    }

    /// The shift of a node's output; `remainder` takes what is at work in the node.
    fn output(&self, id: NodeId, inputs: &[&[f64]], remainder: &mut Remainder) -> Vec<f64> {
        let node = self.network.node(id);
        let shapes = self.network.input_shapes(id);
        let first = || inputs[0].to_vec();
        match &node.operation {
            Operation::Input => vec![0.0; size(&node.output)],
            Operation::Convolution(convolution) => {
                operations::convolution(convolution, self.values.get(id, "weight"), inputs[0], shapes[0], node.output)
            }
            Operation::Linear { .. } => operations::linear(self.values.get(id, "weight"), inputs[0], node.output[0]),
            Operation::Pooling(pooling @ Pooling { pool: Pool::Average { count_padding }, .. }) => {
                operations::average(pooling, *count_padding, inputs[0], shapes[0], node.output)
            }
            Operation::Pooling(_) => {
                let means = operations::channel_means(inputs[0], shapes[0]);
                remainder.push(inputs[0], Some(&operations::spread(&means, shapes[0])));
                operations::spread(&means, node.output)
            }
            Operation::Mean => operations::channel_means(inputs[0], shapes[0]),
            Operation::Addition => operations::sum(inputs),
            Operation::Concatenation => inputs.concat(),
            Operation::ChannelPadding { before, after } => {
                let zeros = |channels: usize| vec![0.0; channels * node.output[1] * node.output[2]];
                [zeros(*before), first(), zeros(*after)].concat()
            }
            Operation::Bias(_) | Operation::Flatten => first(),
            Operation::Dropout if self.mode == Mode::Evaluation => first(),
            Operation::Activation(_) | Operation::Dropout => {
                remainder.push(inputs[0], None);
                vec![0.0; size(&node.output)]
            }
            Operation::Loss => {
                let mean = inputs[0].iter().sum::<f64>() / inputs[0].len() as f64;
                remainder.push(inputs[0], Some(&vec![mean; inputs[0].len()]));
                vec![0.0; size(&node.output)]
            }
            Operation::Normalization { normalization, .. } => {
                let Some(spec) = normalization.spec() else { return first() };
                if spec.running && self.mode.takes_running_statistics() {
                    return operations::scaled(&spec, self.values, id, inputs[0], node.output);
                }
                let means = spec.centres.then(|| operations::set_means(&spec, inputs[0], node.output));
                remainder.push(inputs[0], means.as_deref());
                vec![0.0; size(&node.output)]
            }
        }
    }
}

impl Remainder {
    /// Adds what arrives at a node, less what is removed of it there.
    fn push(&mut self, arriving: &[f64], removed: Option<&[f64]>) {
        self.arrived.extend(arriving);
        match removed {
            None => self.left.extend(arriving),
            Some(removed) => self.left.extend(arriving.iter().zip(removed).map(|(value, removed)| value - removed)),
        }
    }
}
