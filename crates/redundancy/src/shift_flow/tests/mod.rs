//! Structural against exact, and exact against networks that are run.

mod forward;
mod mutants;
mod random;

use super::effect::{Effect, Keeps};
use super::exact::ExactFlow;
use super::site::shifts_of;
use super::*;
use crate::axes::norm;
use crate::network::{Network, Node, NodeId, Operation, Pool, Pooling};
use crate::{Mode, Redundancy, ShiftClass};
use forward::Model;
use random::Random;

const NETWORKS: u64 = 2000;

fn draws() -> impl Iterator<Item = (u64, Network, Mode)> {
    (0..NETWORKS).map(|seed| {
        let mode = [Mode::Evaluation, Mode::Training, Mode::FrozenNorm][seed as usize % 3];
        (seed, random::network(&mut Random(seed)), mode)
    })
}

/// A line for each node.
fn listing(network: &Network) -> String {
    let line = |(id, node): (NodeId, &Node)| {
        let inputs: Vec<usize> = node.inputs.iter().map(|input| input.index()).collect();
        format!("\n{:2} {inputs:?} {} {:?} → {:?}", id.index(), node.name, node.operation, node.output)
    };
    network.nodes().map(line).collect()
}

/// A vector less its projection on an orthonormal basis.
fn outside(basis: &[Vec<f64>], vector: &[f64]) -> Vec<f64> {
    let mut rest = vector.to_vec();
    for direction in basis {
        let along: f64 = direction.iter().zip(vector).map(|(a, b)| a * b).sum();
        rest.iter_mut().zip(direction).for_each(|(value, d)| *value -= along * d);
    }
    rest
}

/// Whether what is told to be redundant lies in the exact kernel.
fn is_sound(redundancy: &Redundancy, kernel: &[Vec<f64>]) -> bool {
    redundancy.directions().iter().all(|direction| {
        let mut dense = vec![0.0; redundancy.parameters()];
        for &(index, value) in direction {
            dense[index] += value;
        }
        norm(&outside(kernel, &dense)) < 1e-8 * norm(&dense)
    })
}

/// Whether the classes tell all that is removed of the shifts of a site: no linear map on their paths narrows them, none
/// mixes what a proper class behind it asks to be equal, and none has such a class that is no class before it.
fn classes_tell_all(flow: &ShiftFlow<'_>, site: &Site) -> bool {
    let arriving = flow.arrivals(site.node, shifts_of(&site.terms), None);
    let tells = |id: NodeId, input: NodeId, effect: Effect| {
        let (node, shape) = (flow.network.node(id), flow.network.node(input).output);
        let (before, after) = (arriving[input.index()], effect.forward(arriving[input.index()], shape, node.output));
        let Effect::Passes(keeps) = effect else { return true };
        let channels = ShiftClass::per_channel(shape).contains(before);
        let averages = matches!(node.operation, Operation::Pooling(Pooling { pool: Pool::Average { .. }, .. }));
        let fewer = |axes: std::ops::Range<usize>| axes.into_iter().any(|axis| node.output[axis] < shape[axis]);
        let narrows = match &node.operation {
            Operation::Flatten => false,
            Operation::Convolution(_) => fewer(0..if channels { 1 } else { 3 }),
            _ => before.dimension(shape) > after.dimension(node.output) || (averages && !channels),
        };
        let behind = |class| effect.backward(class, shape, node.output);
        let decided = match (flow.removed(id), keeps) {
            (ShiftClass::Nothing | ShiftClass::Everything, _) | (_, Keeps::Groups) => true,
            (class, Keeps::Channels) => channels && class == ShiftClass::per_channel(node.output),
            (_, Keeps::Nothing) => false,
            (class, Keeps::FlatGroups) => behind(class).dimension(shape) == class.dimension(node.output),
            (class, Keeps::Part { .. }) => behind(class) != ShiftClass::Nothing,
        };
        before == ShiftClass::Nothing || (!narrows && decided)
    };
    flow.network.nodes().all(|(id, node)| {
        node.inputs.iter().zip(&flow.effects[id.index()]).all(|(input, effect)| tells(id, *input, *effect))
    })
}

#[test]
fn structural_is_exact() {
    let (mut sites, mut equal, mut redundant) = (0, 0, 0);
    for (seed, network, mode) in draws() {
        let model = Model::new(&network, mode, &mut Random(seed + NETWORKS));
        let flow = ShiftFlow::new(&network, mode);
        let exact = ExactFlow::new(&network, mode, &model.values).expect("all values are there");
        for site in flow.sites() {
            let kernel = exact.kernel(&[site.node]);
            let context = format!("network {seed}, {mode:?}, {}: {}{}", site.name, site.path, listing(&network));
            assert!(is_sound(&site.redundancy, &kernel), "{context}");
            sites += 1;
            if classes_tell_all(&flow, &site) {
                assert_eq!(site.redundancy.dimensions(), kernel.len(), "{context}");
                equal += 1;
                redundant += usize::from(!kernel.is_empty());
            }
        }
    }
    assert!(3 * equal > 2 * sites && 3 * redundant > equal, "{sites} sites, {equal} equal, {redundant} redundant");
}

/// Meetings tell of nothing that is not redundant, and where classes tell all of each bias, they miss hardly anything.
#[test]
fn meetings_are_exact() {
    let (mut networks, mut meet, mut equal) = (0, 0, 0);
    for (seed, network, mode) in draws() {
        let model = Model::new(&network, mode, &mut Random(seed + NETWORKS));
        let flow = ShiftFlow::new(&network, mode);
        let exact = ExactFlow::new(&network, mode, &model.values).expect("all values are there");
        let (sites, meetings) = (flow.sites(), flow.meetings());
        let nodes: Vec<NodeId> = sites.iter().map(|site| site.node).collect();
        let single: usize = nodes.iter().map(|&node| exact.kernel(&[node]).len()).sum();
        let shared = exact.kernel(&nodes).len() - single;
        let told: usize = meetings.iter().map(|meeting| meeting.dimensions).sum();
        let sentences: Vec<String> = meetings.iter().map(ToString::to_string).collect();
        assert!(told <= shared, "{told} of {shared}: network {seed}, {mode:?}, {sentences:#?}{}", listing(&network));
        // Partly tied biases share more than classes tell, which know no single axes.
        let whole =
            |site: &Site| site.terms.terms().iter().all(|term| term[1..] == [1, 1] || term == site.terms.output());
        if sites.iter().all(|site| whole(site) && classes_tell_all(&flow, site)) {
            networks += 1;
            meet += usize::from(told > 0);
            equal += usize::from(told == shared);
        }
    }
    assert!(8 * meet > networks && 100 * equal > 99 * networks, "{networks} networks, {meet} meet, {equal} equal");
}

/// A direction of the exact kernel leaves every output of the network unchanged, in training and in evaluation; any other
/// one changes some output.
#[test]
fn the_kernel_changes_nothing() {
    let (mut moved, mut seen) = (0, 0);
    for (seed, network, mode) in draws().take(300) {
        let random = &mut Random(seed + NETWORKS);
        let mut model = Model::new(&network, mode, random);
        let values = model.values.clone();
        let exact = ExactFlow::new(&network, mode, &values).expect("all values are there");
        let before = model.outputs();
        for (id, _) in network.nodes() {
            let Some(terms) = network.bias_terms(id) else { continue };
            let kernel = exact.kernel(&[id]);
            let drawn = random.values(terms.parameters(), -2.0, 2.0);
            let working = outside(&kernel, &drawn);
            let redundant: Vec<f64> = drawn.iter().zip(&working).map(|(all, working)| all - working).collect();
            let change = |model: &mut Model<'_>, direction: &[f64]| {
                model.shift(id, direction);
                let after = model.outputs();
                model.shift(id, &direction.iter().map(|d| -d).collect::<Vec<_>>());
                norm(&before.iter().zip(&after).map(|(a, b)| a - b).collect::<Vec<_>>()) / (1.0 + norm(&before))
            };
            let context = format!("network {seed}, {mode:?}, {}{}", network.node(id).name, listing(&network));
            assert!(change(&mut model, &redundant) < 1e-9, "{context}");
            if kernel.len() < terms.parameters() {
                moved += 1;
                seen += usize::from(change(&mut model, &working) > 1e-9);
            }
        }
    }
    // Dead units hide some.
    assert!(moved > 300 && 100 * seen > 95 * moved, "{seen} of {moved} seen");
}
