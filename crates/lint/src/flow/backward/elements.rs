//! Operations that move elements, or reduce sets of them.

use crate::flow::removed::{Removed, most, tied};
use crate::graph::{Map, Reduction, Sets};

/// Of an operation whose output is, element by element, one of the input times a factor, which `factors` tells apart.
///
/// Elements of one label are equal behind it only if they are read with the same factor, and none of them reads nothing.
pub(super) fn moved(map: &Map, factors: Option<&Map>, behind: &Removed, size: usize, outputs: usize) -> Removed {
    let behind = behind.labels(outputs);
    let (table, labels) = (map.table(outputs), most(&behind));
    let factors = factors.map(|map| map.table(outputs));
    let factor = |at: usize| factors.as_ref().map_or(0, |factors| factors[at]);
    // Of each label the factor, and whether all its elements have that one.
    let mut of_label = vec![(u32::MAX, true); labels + 1];
    for (at, &label) in behind.iter().enumerate() {
        let (first, alike) = &mut of_label[label as usize];
        if *first == u32::MAX {
            *first = factor(at);
        }
        *alike &= *first == factor(at) && table[at] != Map::NONE;
    }
    let label = |label: u32| if of_label[label as usize].1 { label } else { 0 };
    let read = table.iter().zip(&behind).filter(|(index, _)| **index != Map::NONE);
    tied(read.map(|(&index, &of)| (label(of), index as usize)), labels, size).finish()
}

/// Of a factor for each set.
pub(super) fn scaled(sets: &[u32], behind: &Removed) -> Removed {
    let Removed::Sets(labels) = behind else { return behind.clone() };
    moved(&Map::Same, Some(&Map::Reads(sets.into())), &Removed::Sets(labels.clone()), labels.len(), labels.len())
}

/// Of a reduction of sets: elements of tied sets are tied one by one for sums; a maximum passes what is equal in the set.
pub(super) fn reduced(sets: &Sets, reduction: Reduction, behind: &Removed, size: usize) -> Removed {
    let Removed::Sets(labels) = behind else { return Removed::Nothing };
    let table = sets.table();
    let label = |set: u32| labels[set as usize];
    match reduction {
        Reduction::Max | Reduction::Min => {
            tied(table.iter().enumerate().map(|(index, &set)| (label(set), index)), most(labels), size).finish()
        }
        Reduction::Sum | Reduction::Mean => {
            let mut seen = vec![0_u32; labels.len()];
            let each = size / labels.len().max(1);
            let slot = |(index, &set): (usize, &u32)| {
                let position = seen[set as usize];
                seen[set as usize] += 1;
                // Of each label and position in the set, one class.
                let of = label(set);
                (if of == 0 { 0 } else { (of - 1) * each as u32 + position + 1 }, index)
            };
            let pairs: Vec<(u32, usize)> = table.iter().enumerate().map(slot).collect();
            tied(pairs.into_iter(), most(labels) * each, size).finish()
        }
        Reduction::L2 => Removed::Nothing,
    }
}
