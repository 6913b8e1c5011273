//! What was seen of one parameter, and what follows from it.

use untied_redundancy::Finding;

use crate::direction::{Along, Family, Pass, Seen, families};
use crate::findings::{Directions, Nearly, ParameterAudit};
use crate::module::{Gradient, Parameter};
use crate::rank::rank;

/// The share of a scale's terms that may be left for it to be told of.
const NEARLY: f64 = 1e-3;

pub(crate) struct Observed {
    /// The unit round-off and the smallest normal number of the parameter's type.
    rounding: [f64; 2],
    families: Vec<(Family, Seen)>,
    elements: usize,
    /// Gradients of cotangents and points of their own, for the rank.
    rows: Vec<Gradient>,
}

impl Observed {
    pub(crate) fn new(parameter: &Parameter, rounding: [f64; 2]) -> Self {
        let families = families(&parameter.shape).into_iter().map(|family| {
            let seen = Seen::new(&family);
            (family, seen)
        });
        Self { rounding, families: families.collect(), elements: parameter.values.len(), rows: vec![] }
    }

    pub(crate) fn elements(&self) -> usize {
        self.elements
    }

    /// Adds a pass: the values at its point, and the gradients of a sum of two cotangents and of each.
    pub(crate) fn add(&mut self, values: &[f64], of_sum: &[f64], of_parts: [&[f64]; 2], rank_up_to: usize) {
        let [a, b] = of_parts;
        let error: Vec<f64> = of_sum.iter().zip(a.iter().zip(b)).map(|(sum, (a, b))| sum - a - b).collect();
        for (family, seen) in &mut self.families {
            seen.add(family, Pass { values, gradient: of_sum, error: &error });
        }
        for part in of_parts {
            self.add_row(part.to_vec(), rank_up_to);
        }
    }

    pub(crate) fn add_row(&mut self, gradient: Gradient, rank_up_to: usize) {
        if self.elements <= rank_up_to {
            self.rows.push(gradient);
        }
    }

    pub(crate) fn findings(&self, parameter: &Parameter) -> ParameterAudit {
        let each = &self.families[0].1;
        let element = |element: usize| each.finding(element, self.rounding);
        let unseen: Vec<bool> = (0..self.elements).map(|of| element(of) == Finding::NoEvidence).collect();
        let without_evidence = unseen.iter().filter(|&&unseen| unseen).count();
        let directions = self.directions(&unseen);
        let count = |skip: usize| {
            let shifts = directions.iter().skip(skip).filter(|of| of.along == Along::Shift);
            shifts.map(|of| of.certified.len()).max().unwrap_or(0)
        };
        // Sets of one family are disjoint, and none that is listed lies in the elements that do nothing by themselves.
        let elements =
            directions.first().filter(|of| of.along == Along::Shift && of.partition == self.families[0].0.partition);
        let redundant = elements.map_or_else(|| count(0), |of| of.certified.len() + count(1));
        let finding = match (redundant > 0, without_evidence == self.elements) {
            (true, _) => Finding::Certified,
            (_, true) => Finding::NoEvidence,
            _ => Finding::AtWork,
        };
        let explained: Vec<f64> = (0..self.elements).map(|of| each.explained(of, self.rounding)).collect();
        ParameterAudit {
            name: parameter.name.clone(),
            shape: parameter.shape.clone(),
            finding,
            redundant,
            without_evidence,
            rank: rank(&self.rows, &explained, &unseen),
            nearly: self.nearly(&directions),
            directions,
        }
    }

    /// The certified directions, without those that follow from finer ones.
    fn directions(&self, unseen: &[bool]) -> Vec<Directions> {
        let mut finer: Vec<(&Family, Vec<bool>)> = vec![];
        let mut listed = vec![];
        for (family, seen) in &self.families {
            let sets = family.partition.sets();
            let certified: Vec<bool> =
                (0..sets).map(|set| seen.finding(set, self.rounding) == Finding::Certified).collect();
            if !certified.contains(&true) {
                continue;
            }
            let mut news = certified.clone();
            for (other, of_other) in finer.iter().filter(|(other, _)| implies(other, family)) {
                let covered = covered(other, of_other, family, unseen);
                news.iter_mut().zip(covered).for_each(|(news, covered)| *news &= !covered);
            }
            let new_sets: Vec<usize> = (0..sets).filter(|&set| news[set]).collect();
            finer.push((family, certified));
            if !new_sets.is_empty() {
                listed.push(Directions {
                    along: family.along,
                    partition: family.partition.clone(),
                    sets,
                    worst_ratio: new_sets.iter().map(|&set| seen.ratio(set, self.rounding)).fold(0.0, f64::max),
                    certified: new_sets,
                });
            }
        }
        listed
    }

    /// The finest scales of which next to nothing is left, where none is certified.
    fn nearly(&self, directions: &[Directions]) -> Option<Nearly> {
        if directions.iter().any(|of| of.along == Along::Scale) {
            return None;
        }
        let mut scales = self.families.iter().filter(|(family, _)| family.along == Along::Scale);
        let small = |seen: &Seen| (f64::MIN_POSITIVE..NEARLY).contains(&seen.share());
        let (family, seen) = scales.find(|(_, seen)| small(seen))?;
        Some(Nearly { partition: family.partition.clone(), share: seen.share() })
    }
}

/// Whether what the one family's directions do says what those of the other do: of equal kind, or elements by themselves.
fn implies(finer: &Family, family: &Family) -> bool {
    let elements = finer.partition.runs().iter().all(|&run| run == 1);
    finer.partition.refines(&family.partition) && (finer.along == family.along || elements)
}

/// The sets of `family` that are unions of certified sets of `finer`, and of elements that nothing was seen of.
fn covered(finer: &Family, certified: &[bool], family: &Family, unseen: &[bool]) -> Vec<bool> {
    let mut covered = vec![true; family.partition.sets()];
    for (element, (set, part)) in family.partition.index().zip(finer.partition.index()).enumerate() {
        covered[set] &= certified[part] || unseen[element];
    }
    covered
}
