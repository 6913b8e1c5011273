//! Comparisons in a group-sequential design: look by look, until each has its verdict.

use untied_study::{CellRecord, Comparison, Sequential, Status, Verdict};

use crate::comparison::contest::Contest;

/// Comparisons as far as their looks have come, and the cells that decide how far.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Looks {
    /// Every comparison, as its last look left it.
    pub comparisons: Vec<Comparison>,
    /// The cells that the next look needs and that were not trained to their end, by index; none where no look is left.
    pub waiting: Vec<usize>,
    /// The cells not trained to their end that no look needs any more, by index.
    pub skipped: Vec<usize>,
}

impl Looks {
    /// Sets the status of the cells that no look needs any more, and of those that one needs again.
    pub fn mark(&self, cells: &mut [CellRecord]) {
        for cell in cells.iter_mut().filter(|cell| cell.status == Status::Skipped) {
            cell.status = Status::Missing;
        }
        for &index in &self.skipped {
            (cells[index].status, cells[index].reason) = (Status::Skipped, None);
        }
    }
}

/// Takes one look after the other, as long as the cells that it needs are there. With n₁ < … < n_K seeds at the looks, and
/// p-values p of a comparison's first nₖ pairs,
///
/// ```text
/// at look k:  qₖ = min(1, pₖ / wₖ),   wₖ = (nₖ − nₖ₋₁) / n_K,   n₀ = 0
/// ```
///
/// take the place of p in the adjustment over all comparisons, each with the q of its last look. A comparison with a
/// verdict is looked at no more: q, verdict and interval stay. The interval is the repeated one, of level 1 − 0.05·wₖ: all
/// looks together cover the true difference with 95 %.
///
/// The chance that any qₖ of a true null is ≤ α is Σₖ P(pₖ ≤ α·wₖ) ≤ α·Σₖ wₖ = α by Bonferroni's inequality, whatever the
/// dependence of the looks, so that the smallest of them is a p-value of its own. The adjustment grows with each of its
/// p-values, hence rejects no more than it would with those. What the share wₖ of the level pays is that no joint
/// distribution of t statistics is assumed: boundaries for normal ones are too generous for few seeds.
///
/// Source: Bonferroni's design and linear spending, Wassmer & Brannath 2016, Group Sequential and Confirmatory Adaptive
/// Designs in Clinical Trials, Springer; several hypotheses, Maurer & Bretz 2013, Stat. Biopharm. Res. 5:311; repeated
/// intervals, Jennison & Turnbull 1989, J. R. Stat. Soc. B 51:305.
pub(crate) fn take(
    design: Sequential,
    contests: &[Contest],
    cells: &[CellRecord],
    judge: impl Fn(&Contest, u64, f64) -> Comparison,
    adjust: impl Fn(&mut [Comparison]),
) -> Looks {
    let first = design.looks().next().unwrap_or_default() as u64;
    let mut states: Vec<State> = contests.iter().map(|contest| State::new(judge(contest, first, 0.95))).collect();
    let mut waiting = Vec::new();
    let mut before = 0;
    for seeds in design.looks() {
        let open: Vec<usize> = (0..states.len()).filter(|&index| states[index].open).collect();
        let needed = open.iter().flat_map(|&index| contests[index].cells(cells, seeds as u64));
        waiting = distinct(needed.filter(|&cell| !cells[cell].status.is_done()));
        if open.is_empty() || !waiting.is_empty() {
            break;
        }
        let share = (seeds - before) as f64 / design.most as f64;
        for &index in &open {
            states[index].look(judge(&contests[index], seeds as u64, 1.0 - 0.05 * share), share);
        }
        decide(&mut states, &adjust);
        before = seeds;
    }
    let open = contests.iter().zip(&states).filter(|(_, state)| state.open);
    let needed = distinct(open.flat_map(|(contest, _)| contest.cells(cells, u64::MAX)));
    let unneeded = |cell: &usize| !cells[*cell].status.is_done() && needed.binary_search(cell).is_err();
    let skipped = (0..cells.len()).filter(unneeded).collect();
    Looks { comparisons: states.into_iter().map(|state| state.shown).collect(), waiting, skipped }
}

/// A comparison between two looks.
struct State {
    /// As it is reported.
    shown: Comparison,
    /// Its p-values for the adjustment, qₖ of its last look.
    spent: [Option<f64>; 2],
    open: bool,
}

impl State {
    /// Before the first look, which no number is shown of.
    fn new(first: Comparison) -> Self {
        let (t_p, tost_p, ci95, ci95_images) = (None, None, None, None);
        Self { shown: Comparison { t_p, tost_p, ci95, ci95_images, ..first }, spent: [None; 2], open: true }
    }

    fn look(&mut self, judged: Comparison, share: f64) {
        let spent = |p: Option<f64>| p.map(|p| (p / share).min(1.0));
        self.spent = [spent(judged.t_p), spent(judged.tost_p)];
        let mut looks = std::mem::take(&mut self.shown.looks);
        looks.push(judged.seeds);
        self.shown = Comparison { looks, ..judged };
    }
}

/// Adjusts the p-values of all comparisons, and closes those open ones that this gives a verdict.
fn decide(states: &mut [State], adjust: impl Fn(&mut [Comparison])) {
    let with_spent = |state: &State| {
        let [t_p, tost_p] = state.spent;
        Comparison { t_p, tost_p, ..state.shown.clone() }
    };
    let mut adjusted: Vec<Comparison> = states.iter().map(with_spent).collect();
    adjust(&mut adjusted);
    for (state, adjusted) in states.iter_mut().zip(adjusted).filter(|(state, _)| state.open) {
        let raw = (state.shown.t_p, state.shown.tost_p);
        state.shown = Comparison { t_p: raw.0, tost_p: raw.1, ..adjusted };
        state.open = state.shown.verdict == Verdict::Inconclusive;
    }
}

fn distinct(indices: impl Iterator<Item = usize>) -> Vec<usize> {
    let mut indices: Vec<usize> = indices.collect();
    indices.sort_unstable();
    indices.dedup();
    indices
}
