//! The two variants of a comparison, and their cells.

use std::collections::HashMap;

use untied_study::{CellRecord, CompareConfig, Factors};

use crate::comparison::pairs::{Pairs, pair};
use crate::results::first_seen::{FirstSeen, group};

/// A variant and the baseline that it is judged against.
pub(crate) struct Contest {
    pub(crate) treatment: Factors,
    pub(crate) context: Factors,
    /// Indices of the cells of both variants.
    treated: Vec<usize>,
    base: Vec<usize>,
}

/// Every other combination of the baseline's keys against the baseline, once per context of the remaining factors;
/// contexts and treatments in grid order.
pub(crate) fn contests(cells: &[CellRecord], compare: &CompareConfig) -> Vec<Contest> {
    let (mut treatments, mut contexts) = (FirstSeen::new(), FirstSeen::new());
    let sides = group(cells.iter().enumerate().map(|(index, cell)| {
        let (compared, context) = split(cell, compare);
        ((treatments.number(compared), contexts.number(context)), index)
    }));
    let sides: HashMap<(usize, usize), Vec<usize>> = sides.into_iter().collect();
    let Some(baseline) = treatments.get(&compare.baseline) else { return Vec::new() };
    let mut contests = Vec::new();
    for (number, context) in contexts.values().iter().enumerate() {
        for (other, treatment) in treatments.values().iter().enumerate().filter(|(other, _)| *other != baseline) {
            if let (Some(treated), Some(base)) = (sides.get(&(other, number)), sides.get(&(baseline, number))) {
                let (treatment, context) = (treatment.clone(), context.clone());
                contests.push(Contest { treatment, context, treated: treated.clone(), base: base.clone() });
            }
        }
    }
    contests
}

/// A cell's compared factors and its context.
fn split(cell: &CellRecord, compare: &CompareConfig) -> (Factors, Factors) {
    cell.factors.clone().into_iter().partition(|(key, _)| compare.baseline.contains_key(key))
}

impl Contest {
    /// The cells of both variants with a seed below the given one.
    pub(crate) fn cells<'c>(&'c self, cells: &'c [CellRecord], seeds: u64) -> impl Iterator<Item = usize> + 'c {
        self.treated.iter().chain(&self.base).copied().filter(move |&index| cells[index].seed < seeds)
    }

    /// Those of these cells that share a seed.
    pub(crate) fn pairs(&self, cells: &[CellRecord], compare: &CompareConfig, seeds: u64) -> Pairs {
        let below =
            |side: &[usize]| side.iter().copied().filter(|&index| cells[index].seed < seeds).collect::<Vec<_>>();
        pair(cells, &below(&self.treated), &below(&self.base), compare.metric)
    }
}
