//! From a shift on: where it arrives, by names that equal elements share.
//!
//! A shift is written as one name for each element: equal names stand for equal numbers, whatever the weights, and 0 for
//! zero. Sums of weighted elements get names made of the names and the weights.

use untied_redundancy::Mode;

use crate::graph::{
    Contraction, Convolution, Graph, Map, Node, Operation, Pool, PoolKind, Product2d, Reduction, Sets, ValueId,
};

/// The nodes, by index, that a shift meets where it does not pass on as it is.
#[derive(Debug, Default)]
pub(crate) struct Arrivals {
    /// Those that remove all that arrives.
    pub(crate) removed_by: Vec<usize>,
    /// Those where some of it is at work.
    pub(crate) at_work: Vec<usize>,
    /// Those that are not understood.
    pub(crate) unknown: Vec<usize>,
    /// Those that it passes, changed or reduced.
    pub(crate) through: Vec<usize>,
    /// The outputs of the graph that it changes.
    pub(crate) outputs: Vec<ValueId>,
}

/// The fate of a shift at a node.
enum Fate {
    Passes(Vec<u64>),
    Removed,
    /// What is at work in the node does not go on; the rest does.
    AtWork(Option<Vec<u64>>),
    Unknown,
}

/// Follows a shift of a value through a graph.
pub(crate) fn follow(graph: &Graph, mode: Mode, from: ValueId, names: Vec<u64>) -> Arrivals {
    let mut arrivals = Arrivals::default();
    let mut shifts: Vec<Option<Vec<u64>>> = vec![None; graph.values.len()];
    shifts[from] = Some(names);
    for (index, node) in graph.nodes.iter().enumerate() {
        let inputs: Vec<Option<&[u64]>> = node.inputs.iter().map(|&input| shifts[input].as_deref()).collect();
        if inputs.iter().all(Option::is_none) {
            continue;
        }
        let passed = match fate(graph, node, &inputs, mode) {
            Fate::Passes(names) => {
                let moves = matches!(node.operation, Operation::Sum { .. } | Operation::Dropout);
                if !moves && is_shift(&names) {
                    arrivals.through.push(index);
                }
                Some(names)
            }
            Fate::Removed => {
                arrivals.removed_by.push(index);
                None
            }
            Fate::AtWork(rest) => {
                arrivals.at_work.push(index);
                rest
            }
            Fate::Unknown => {
                arrivals.unknown.push(index);
                None
            }
        };
        shifts[node.output] = passed.filter(|names| is_shift(names));
    }
    arrivals.outputs = graph.outputs.iter().copied().filter(|&output| shifts[output].is_some()).collect();
    arrivals
}

fn is_shift(names: &[u64]) -> bool {
    names.iter().any(|&name| name != 0)
}

/// A name made of two.
fn joined(a: u64, b: u64) -> u64 {
    let mut z = (a ^ b.wrapping_mul(0x9E37_79B9_7F4A_7C15).rotate_left(29)).wrapping_add(0x9E37_79B9_7F4A_7C15);
    z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    (z ^ (z >> 31)) | 1
}

/// The name of a sum of terms, each with the name of its weight; 0 where no term is shifted.
fn combined(terms: impl Iterator<Item = (u64, u64)>) -> u64 {
    terms.filter(|(_, name)| *name != 0).fold(0, |sum, (weight, name)| joined(joined(sum, weight), name))
}

fn fate(graph: &Graph, node: &Node, inputs: &[Option<&[u64]>], mode: Mode) -> Fate {
    let size = graph.size(node.output);
    let shifted = inputs.iter().position(Option::is_some).unwrap_or(0);
    let several = inputs.iter().flatten().count() > 1;
    let names = inputs[shifted].unwrap_or_default();
    match &node.operation {
        Operation::Unknown { .. } => Fate::Unknown,
        Operation::Sum { maps, .. } => Fate::Passes(added(maps, inputs, size)),
        Operation::Product { divides, .. } if several || (*divides && shifted == 1) => Fate::AtWork(None),
        Operation::Product { maps, .. } => {
            let [own, factor] = [shifted, 1 - shifted].map(|at| maps[at].table(size));
            let scaled = |(&i, &f): (&u32, &u32)| combined([(u64::from(f), names[i as usize])].into_iter());
            Fate::Passes(own.iter().zip(factor.iter()).map(scaled).collect())
        }
        Operation::Contraction(_) if several => Fate::AtWork(None),
        Operation::Contraction(of) => contracted(of, shifted, names),
        Operation::Pool(pool) => pooled(pool, names),
        Operation::Reduce { sets, reduction } => reduced(sets, *reduction, names),
        Operation::Centre { sets } => centred(sets, names),
        Operation::Normalize { .. } if shifted != 0 => Fate::AtWork(None),
        Operation::Normalize { sets, running: true, .. } if mode == Mode::Evaluation => {
            let scaled = |(&set, &name): (&u32, &u64)| combined([(u64::from(set), name)].into_iter());
            Fate::Passes(sets.table().iter().zip(names).map(scaled).collect())
        }
        Operation::Normalize { sets, centres: true, .. } | Operation::Softmax { sets, .. } => {
            if constants(sets, names).iter().all(Option::is_some) { Fate::Removed } else { Fate::AtWork(None) }
        }
        Operation::Dropout if mode == Mode::Evaluation => Fate::Passes(names.to_vec()),
        Operation::Normalize { .. } | Operation::Dropout | Operation::Function { .. } | Operation::Lookup { .. } => {
            Fate::AtWork(None)
        }
    }
}

fn added(maps: &[(Map, f64)], inputs: &[Option<&[u64]>], size: usize) -> Vec<u64> {
    let mut sums = vec![0; size];
    for ((map, sign), names) in maps.iter().zip(inputs) {
        let Some(names) = names else { continue };
        for (sum, &index) in sums.iter_mut().zip(map.table(size).iter()) {
            let name = if index == Map::NONE { 0 } else { names[index as usize] };
            let name = if *sign == 1.0 || name == 0 { name } else { joined(name, sign.to_bits()) };
            *sum = match (*sum, name) {
                (sum, 0) => sum,
                (0, name) => name,
                (sum, name) => joined(sum, name),
            };
        }
    }
    sums
}

/// The one name that all have.
fn all_equal(mut names: impl Iterator<Item = u64>) -> Option<u64> {
    let first = names.next().unwrap_or(0);
    names.all(|name| name == first).then_some(first)
}

/// The name of each set in which all elements have one.
fn constants(sets: &Sets, names: &[u64]) -> Vec<Option<u64>> {
    let mut found: Vec<Option<Option<u64>>> = vec![None; sets.count()];
    for (&set, &name) in sets.table().iter().zip(names) {
        let found = &mut found[set as usize];
        *found = Some(match found {
            None => Some(name),
            Some(so_far) => so_far.filter(|so_far| *so_far == name),
        });
    }
    found.into_iter().map(Option::unwrap_or_default).collect()
}

/// What passes maxima: what is equal in the window.
fn maxima(names: &[Option<u64>]) -> Fate {
    let passed: Vec<u64> = names.iter().map(|name| name.unwrap_or(0)).collect();
    if names.iter().all(Option::is_some) { Fate::Passes(passed) } else { Fate::AtWork(Some(passed)) }
}

fn reduced(sets: &Sets, reduction: Reduction, names: &[u64]) -> Fate {
    let constants = constants(sets, names);
    match reduction {
        Reduction::L2 => Fate::AtWork(None),
        Reduction::Max | Reduction::Min => maxima(&constants),
        Reduction::Sum | Reduction::Mean => {
            let mut sums = vec![0; sets.count()];
            for (&set, &name) in sets.table().iter().zip(names) {
                let sum = &mut sums[set as usize];
                // Zeros count too: they stand at other positions in other sets.
                *sum = joined(*sum, name);
            }
            let one = |(sum, constant): (u64, Option<u64>)| constant.unwrap_or(sum);
            Fate::Passes(sums.into_iter().zip(constants).map(one).collect())
        }
    }
}

fn pooled(pool: &Pool, names: &[u64]) -> Fate {
    let (inputs, outputs) = (pool.windows.input(), pool.windows.output());
    let taps = pool.windows.taps();
    let window = |at: usize| {
        let plane = at / outputs * inputs;
        taps.of(at % outputs).iter().map(move |&(k, i)| (u64::from(k), plane + i as usize))
    };
    let constant = |at: usize| all_equal(window(at).map(|(_, i)| names[i]));
    let counts = pool.kind == PoolKind::Mean { counts_padding: true };
    let full = |at: usize| !counts || taps.of(at % outputs).len() == pool.windows.kernel();
    let all = (0..pool.planes * outputs).map(|at| constant(at).filter(|_| full(at)));
    if pool.kind == PoolKind::Max {
        return maxima(&all.collect::<Vec<_>>());
    }
    let mean =
        |(at, name): (usize, Option<u64>)| name.unwrap_or_else(|| combined(window(at).map(|(k, i)| (k, names[i]))));
    Fate::Passes(all.enumerate().map(mean).collect())
}

fn centred(sets: &Sets, names: &[u64]) -> Fate {
    let constants = constants(sets, names);
    if constants.iter().all(Option::is_some) {
        return Fate::Removed;
    }
    let left = |(&set, &name): (&u32, &u64)| match constants[set as usize] {
        Some(_) => 0,
        None => joined(name, u64::from(set)),
    };
    Fate::Passes(sets.table().iter().zip(names).map(left).collect())
}

fn contracted(of: &Contraction, shifted: usize, names: &[u64]) -> Fate {
    match of {
        Contraction::Convolution(_) if shifted == 1 => Fate::AtWork(None),
        Contraction::Convolution(of) => Fate::Passes(convolved(of, names)),
        Contraction::Product(of) => Fate::Passes(multiplied(of, shifted == 0, names)),
    }
}

fn convolved(of: &Convolution, names: &[u64]) -> Vec<u64> {
    let (taps, planes) = (of.windows.taps(), of.batch * of.groups);
    let (inputs, outputs) = (of.windows.input(), of.windows.output());
    let all_channels = |at: usize| {
        let (plane, i) = (at / inputs, at % inputs);
        let name = |c: usize| names[(plane * of.channels_in + c) * inputs + i];
        combined((0..of.channels_in).map(|c| (c as u64, name(c))))
    };
    let inside: Vec<u64> = (0..planes * inputs).map(all_channels).collect();
    let location = |at: usize| {
        let (plane, l) = (at / outputs, at % outputs);
        combined(taps.of(l).iter().map(|&(k, i)| (u64::from(k), inside[plane * inputs + i as usize])))
    };
    let read: Vec<u64> = (0..planes * outputs).map(location).collect();
    let element = |at: usize| {
        let (row, l) = (at / outputs, at % outputs);
        let (plane, o) = (row / of.channels_out, row % of.channels_out);
        combined([((plane % of.groups * of.channels_out + o) as u64, read[plane * outputs + l])].into_iter())
    };
    (0..planes * of.channels_out * outputs).map(element).collect()
}

fn multiplied(of: &Product2d, left: bool, names: &[u64]) -> Vec<u64> {
    let &Product2d { rows, inner, columns, .. } = of;
    // The name of each row of the left, or column of the right matrix.
    let line = |at: usize| {
        let index = |k: usize| if left { at * inner + k } else { (at / columns * inner + k) * columns + at % columns };
        let equal = (of.averages && !left).then(|| all_equal((0..inner).map(|k| names[index(k)]))).flatten();
        (equal, combined((0..inner).map(|k| (k as u64, names[index(k)]))))
    };
    let lines: Vec<(Option<u64>, u64)> = (0..names.len() / inner).map(line).collect();
    let element = |at: usize| {
        let [a, b] = of.matrices[at / columns / rows].map(|matrix| matrix as usize);
        let (row, column) = (a * rows + at / columns % rows, b * columns + at % columns);
        let (own, other) = if left { (row, column) } else { (column, row) };
        let (equal, name) = lines[own];
        equal.unwrap_or_else(|| combined([(other as u64, name)].into_iter()))
    };
    (0..of.matrices.len() * rows * columns).map(element).collect()
}
