//! Looks of the past: verdicts that stored results drew from fewer of the same runs.

use std::collections::{HashMap, HashSet};

use untied_study::{Caveat, CellRecord, Comparison, Factors, Results, Sequential, Status};

/// Carries the looks of stored results over to comparisons of the same runs, and notes [`Caveat::Looks`] where they are not
/// those of the present plan: somebody saw the verdicts, and went on.
///
/// A sequential design takes its own looks again. With a fixed number of seeds, whole results are one look; those of an
/// interrupted run are none, since the number of seeds does not hang on them.
pub(crate) fn carry_over(
    comparisons: &mut [Comparison],
    cells: &[CellRecord],
    design: Option<Sequential>,
    stored: &Results,
) {
    let key = |one: &Comparison| (one.treatment.clone(), one.baseline.clone(), one.context.clone());
    let before: HashMap<_, &Comparison> = stored.comparisons.iter().map(|old| (key(old), old)).collect();
    let sides = Sides::new(cells, stored);
    for one in comparisons {
        let Some(&old) = before.get(&key(one)) else { continue };
        let Some(was_whole) = sides.shared(one) else { continue };
        let past = past_looks(old, was_whole, stored.sequential.is_none());
        let unplanned = match design {
            _ if design != stored.sequential && !past.is_empty() => {
                one.looks = [past, std::mem::take(&mut one.looks)].concat();
                true
            }
            Some(_) if old.caveats.contains(&Caveat::Looks) => {
                one.looks = joined(&past, &one.looks);
                true
            }
            Some(_) => false,
            None => {
                one.looks = joined(&past, &one.looks);
                let went_on = one.looks.last().is_some_and(|last| *last < one.seeds);
                went_on || one.looks.len() > 1 || old.caveats.contains(&Caveat::Looks)
            }
        };
        if unplanned {
            one.caveats.push(Caveat::Looks);
        }
    }
}

/// Those that the stored comparison lists; results of older versions list none.
fn past_looks(old: &Comparison, was_whole: bool, was_fixed: bool) -> Vec<usize> {
    if old.looks.is_empty() && was_whole && was_fixed && old.ci95.is_some() {
        return vec![old.seeds];
    }
    old.looks.clone()
}

/// The past looks, then the present ones that are not among the last of them.
fn joined(past: &[usize], present: &[usize]) -> Vec<usize> {
    let agree = |from: &usize| past[*from..].iter().zip(present).all(|(old, new)| old == new);
    let from = (0..past.len()).find(agree).unwrap_or(past.len());
    let longer = if present.len() > past.len() - from { present } else { &past[from..] };
    [&past[..from], longer].concat()
}

/// What stored results have of each variant.
struct Sides<'s> {
    variants: HashMap<&'s Factors, Side>,
}

#[derive(Default)]
struct Side {
    /// Some run without an end.
    is_open: bool,
    /// Some run that is one of the present ones.
    is_shared: bool,
}

impl<'s> Sides<'s> {
    fn new(cells: &[CellRecord], stored: &'s Results) -> Self {
        let present: HashSet<&str> = cells.iter().map(|cell| cell.id.as_str()).collect();
        let mut variants: HashMap<&Factors, Side> = HashMap::new();
        for cell in &stored.cells {
            let side = variants.entry(&cell.factors).or_default();
            let ended = cell.status.is_done();
            side.is_open |= !ended && cell.status != Status::Skipped;
            side.is_shared |= ended && present.contains(cell.id.as_str());
        }
        Self { variants }
    }

    /// Whether all runs of both variants had ended; none where the comparison shares no run with the stored one.
    fn shared(&self, one: &Comparison) -> Option<bool> {
        let side = |compared: &Factors| {
            let factors: Factors = compared.clone().into_iter().chain(one.context.clone()).collect();
            self.variants.get(&factors)
        };
        let sides = [side(&one.treatment)?, side(&one.baseline)?];
        sides.iter().all(|side| side.is_shared).then(|| !sides.iter().any(|side| side.is_open))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn looks_are_listed_once() {
        for (past, present, all) in [
            (vec![], vec![5], vec![5]),
            (vec![5], vec![5], vec![5]),
            (vec![5], vec![10], vec![5, 10]),
            (vec![5, 10], vec![10], vec![5, 10]),
            (vec![5, 10], vec![], vec![5, 10]),
            (vec![5, 10], vec![5], vec![5, 10]),
            (vec![5, 5, 10], vec![5, 10, 15], vec![5, 5, 10, 15]),
            (vec![10], vec![5], vec![10, 5]),
        ] {
            assert_eq!(joined(&past, &present), all, "{past:?} {present:?}");
        }
    }
}
