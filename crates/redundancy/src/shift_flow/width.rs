//! The rank of what is at work of a bias.

use super::effect::Effect;
use super::flow::ShiftFlow;
use super::site::{Site, shifts_of};
use crate::network::{Node, NodeId, Operation, Pool, Pooling, Window};
use crate::{Redundancy, ShiftClass};

/// A bound from below on what has come along a path, for weights chosen well.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Width {
    /// The dimension that is at work already, in maxima.
    found: usize,
    /// The least so far of the dimension less what is removed.
    rank: usize,
    /// The dimension of all that arrives.
    dimension: usize,
    /// Channels and locations that weights can keep apart.
    channels: usize,
    locations: usize,
}

impl Width {
    /// The width where a bias is added.
    fn of(site: &Site, class: ShiftClass, shape: [usize; 3]) -> Self {
        let all = shifts_of(&site.terms) == class;
        let gauge = Redundancy::new(ShiftClass::Nothing, &site.terms).map_or(0, |redundancy| redundancy.dimensions());
        let dimension = if all { site.terms.parameters() - gauge } else { class.dimension(shape) };
        let full = site.terms.terms().iter().any(|term| term == site.terms.output());
        let locations = if all && full { shape[1] * shape[2] } else { 1 };
        let channels = class.meet(ShiftClass::per_channel(shape)).dimension(shape);
        Self { found: 0, rank: dimension, dimension, channels, locations }
    }

    /// The width where so many dimensions of what could arrive are removed.
    fn less(self, removed: usize) -> Self {
        Self { rank: self.rank.min(self.dimension.saturating_sub(removed)), ..self }
    }

    /// The width where all but one value per channel is at work, of so many channels.
    fn channels_left(self, channels: usize) -> Self {
        let found = self.rank.saturating_sub(channels);
        Self { found: self.found + found, rank: self.rank - found, ..self }
    }

    /// The width behind a node.
    fn behind(self, node: &Node, shape: [usize; 3]) -> Self {
        let [_, height, width] = node.output;
        let locations = match &node.operation {
            // Weights could be those of one element of the kernel, which gives every output an input of its own.
            Operation::Convolution(convolution) if convolution.windows(shape).iter().all(Window::has_inner_element) => {
                self.locations.min(height * width)
            }
            Operation::Pooling(Pooling { pool: Pool::Average { .. }, kernel, stride, padding })
                if stride[0] >= kernel[0] && stride[1] >= kernel[1] && *padding == [[0; 2]; 2] =>
            {
                self.locations.min(height * width)
            }
            Operation::Convolution(_) | Operation::Pooling(_) | Operation::Mean | Operation::Linear { .. } => 1,
            Operation::Flatten if shape[1..] != [1, 1] => {
                return Self { channels: self.channels * self.locations, locations: 1, ..self };
            }
            _ => return self,
        };
        let channels = match &node.operation {
            Operation::Convolution(convolution) => {
                // At worst, the channels that differ fill some groups and leave the others alone.
                let [inside, outside] = [shape[0], convolution.channels].map(|channels| channels / convolution.groups);
                self.channels / inside * inside.min(outside) + (self.channels % inside).min(outside)
            }
            Operation::Linear { features } => self.channels.min(*features),
            _ => self.channels,
        };
        Self { dimension: self.dimension.min(channels * locations), channels, locations, ..self }
    }
}

/// The rank at work of a bias on its widest path: on each, the least of what its nodes keep and do not remove.
pub(super) fn rank(flow: &ShiftFlow<'_>, site: &Site, class: ShiftClass, arriving: &[ShiftClass]) -> usize {
    let network = flow.network;
    let removed = |id: NodeId| arriving[id.index()].meet(flow.removed(id)).dimension(network.node(id).output);
    let mut widths: Vec<Option<Width>> = vec![None; arriving.len()];
    let start = Width::of(site, class, network.node(site.node).output);
    widths[site.node.index()] = Some(start.less(removed(site.node)));
    let mut widest = 0;
    for (id, node) in network.nodes().skip(site.node.index()) {
        for (input, effect) in node.inputs.iter().zip(&flow.effects[id.index()]) {
            let (Some(mut width), shape) = (widths[input.index()], network.node(*input).output) else { continue };
            if *effect == Effect::PassesChannels {
                width = width.channels_left(ShiftClass::per_channel(shape).dimension(shape));
                widest = widest.max(width.found);
            }
            if let Effect::Stops(_) = effect {
                let works = effect.is_at_work(arriving[input.index()], shape);
                widest = widest.max(width.found + if works { width.rank } else { 0 });
            } else {
                let behind = width.behind(node, shape).less(removed(id));
                widths[id.index()] = widths[id.index()].max(Some(behind));
            }
        }
        if flow.outputs[id.index()] {
            widest = widest.max(widths[id.index()].map_or(0, |width| width.found + width.rank));
        }
    }
    widest
}
