//! A test of the tests: effects that are wrong in one way each, and are caught.

use super::*;
use crate::Normalization;

/// A site whose exact kernel is known.
struct Known {
    node: NodeId,
    kernel: Vec<Vec<f64>>,
    /// Whether the classes, taken rightly, tell all of it.
    tells: bool,
}

/// Networks with the exact kernels of their sites.
fn known() -> Vec<(Network, Mode, Vec<Known>)> {
    let of = |(seed, network, mode): (u64, Network, Mode)| {
        let model = Model::new(&network, mode, &mut Random(seed + NETWORKS));
        let flow = ShiftFlow::new(&network, mode);
        let exact = ExactFlow::new(&network, mode, &model.values).expect("all values are there");
        let known = |site: &Site| Known {
            node: site.node,
            kernel: exact.kernel(&[site.node]),
            tells: classes_tell_all(&flow, site),
        };
        let known = flow.sites().iter().map(known).collect();
        (network, mode, known)
    };
    draws().map(of).collect()
}

type Mutant = fn(&Operation, Effect) -> Effect;

const MUTANTS: [(&str, Mutant); 15] = [
    ("padding of convolutions is taken for nothing", |operation, effect| match operation {
        Operation::Convolution(_) => Effect::Passes(Keeps::Channels),
        _ => effect,
    }),
    ("no convolution keeps one value per channel", |operation, effect| match operation {
        Operation::Convolution(_) => Effect::Passes(Keeps::Nothing),
        _ => effect,
    }),
    ("convolutions keep groups", |operation, effect| match operation {
        Operation::Convolution(_) if effect == Effect::Passes(Keeps::Channels) => Effect::Passes(Keeps::Groups),
        _ => effect,
    }),
    ("a maximum passes everything", |_, effect| match effect {
        Effect::PassesChannels => Effect::Passes(Keeps::Groups),
        _ => effect,
    }),
    ("a maximum passes nothing", |_, effect| match effect {
        Effect::PassesChannels => Effect::Stops(ShiftClass::Nothing),
        _ => effect,
    }),
    ("counted padding of means is taken for nothing", |operation, effect| match operation {
        Operation::Pooling(Pooling { pool: Pool::Average { .. }, .. }) => Effect::Passes(Keeps::Groups),
        _ => effect,
    }),
    ("linear maps keep groups", |operation, effect| match operation {
        Operation::Linear { .. } => Effect::Passes(Keeps::Groups),
        _ => effect,
    }),
    ("evaluated norms keep groups", |operation, effect| match (operation, effect) {
        (Operation::Normalization { .. }, Effect::Passes(_)) => Effect::Passes(Keeps::Groups),
        _ => effect,
    }),
    ("evaluated norms remove", |operation, effect| match (operation, effect) {
        (Operation::Normalization { normalization: Normalization::Batch, .. }, Effect::Passes(_)) => {
            Effect::Stops(ShiftClass::Groups(1))
        }
        _ => effect,
    }),
    ("a norm without centring removes", |operation, effect| match operation {
        Operation::Normalization { normalization: Normalization::Rms, .. } => Effect::Stops(ShiftClass::Groups(1)),
        _ => effect,
    }),
    ("group norm removes channels", |operation, effect| match (operation, effect) {
        (Operation::Normalization { normalization: Normalization::Group(_), .. }, Effect::Stops(_)) => {
            Effect::Stops(ShiftClass::Everything)
        }
        _ => effect,
    }),
    ("an activation passes", |operation, effect| match operation {
        Operation::Activation(_) => Effect::Passes(Keeps::Groups),
        _ => effect,
    }),
    ("dropout passes", |operation, effect| match operation {
        Operation::Dropout => Effect::Passes(Keeps::Groups),
        _ => effect,
    }),
    ("the loss removes nothing", |operation, effect| match operation {
        Operation::Loss => Effect::Stops(ShiftClass::Nothing),
        _ => effect,
    }),
    ("concatenated channels begin at the first", |_, effect| match effect {
        Effect::Passes(Keeps::Part { .. }) => Effect::Passes(Keeps::Groups),
        _ => effect,
    }),
];

#[test]
fn wrong_effects_are_caught() {
    let known = known();
    let wrong_sites = |mutant: Mutant| -> usize {
        let wrong = |(network, mode, sites): &(Network, Mode, Vec<Known>)| {
            let effect = |network: &Network, mode, id, position| {
                mutant(&network.node(id).operation, Effect::of(network, mode, id, position))
            };
            let flow = ShiftFlow::by(network, *mode, effect);
            let is_wrong = |known: &&Known| match flow.site(known.node) {
                // A class that does not fit its channels.
                None => true,
                Some(site) => {
                    let incomplete = known.tells && site.redundancy.dimensions() != known.kernel.len();
                    incomplete || !is_sound(&site.redundancy, &known.kernel)
                }
            };
            sites.iter().filter(is_wrong).count()
        };
        known.iter().map(wrong).sum()
    };
    assert_eq!(wrong_sites(|_, effect| effect), 0);
    for (name, mutant) in MUTANTS {
        assert!(wrong_sites(mutant) > 0, "not caught: {name}");
    }
}
