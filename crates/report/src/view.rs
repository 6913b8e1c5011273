//! Results arranged for a report: variants, what was compared, and in which surroundings.

use std::collections::BTreeSet;

use untied_study::{CompareConfig, Comparison, Factors, Metric, Results};

use crate::label::Labels;
use crate::variant::{Variant, variants};

/// What every section of a report reads.
pub(crate) struct View<'a> {
    pub(crate) results: &'a Results,
    pub(crate) metric: Metric,
    pub(crate) labels: Labels,
    pub(crate) variants: Vec<Variant<'a>>,
    /// Keys of the baseline; none where nothing is compared.
    compared: BTreeSet<&'a str>,
}

/// The variants that differ in nothing but the compared keys.
pub(crate) struct Group<'v, 'a> {
    /// `norm batch`; empty where there is one group.
    pub(crate) label: String,
    pub(crate) members: Vec<Member<'v, 'a>>,
}

/// A variant inside its group.
pub(crate) struct Member<'v, 'a> {
    /// `bias tied`; the same in every group.
    pub(crate) label: String,
    /// Numbers the labels in grid order: the choice of colour and dashes.
    pub(crate) series: usize,
    pub(crate) variant: &'v Variant<'a>,
}

impl<'a> View<'a> {
    pub(crate) fn new(results: &'a Results, compare: Option<&'a CompareConfig>) -> Self {
        let first = results.comparisons.first();
        let metric = first.map(|one| one.metric).or(compare.map(|compare| compare.metric)).unwrap_or_default();
        let baseline = first.map(|one| &one.baseline).or(compare.map(|compare| &compare.baseline));
        Self {
            results,
            metric,
            labels: Labels::new(&results.cells),
            variants: variants(&results.cells),
            compared: baseline.into_iter().flat_map(Factors::keys).map(String::as_str).collect(),
        }
    }

    /// The variants by context, both in grid order.
    pub(crate) fn groups(&self) -> Vec<Group<'_, 'a>> {
        let series = self.series();
        let mut groups: Vec<Group<'_, 'a>> = Vec::new();
        for variant in &self.variants {
            let (compared, context) = self.split(variant.factors);
            let (label, group) = (self.labels.of(&compared), self.labels.of(&context));
            let number = series.iter().position(|name| *name == label).unwrap_or(0);
            let member = Member { label: or_the_only_one(label), series: number, variant };
            match groups.iter_mut().find(|known| known.label == group) {
                Some(known) => known.members.push(member),
                None => groups.push(Group { label: group, members: vec![member] }),
            }
        }
        groups
    }

    /// The labels of all members, in grid order.
    pub(crate) fn series(&self) -> Vec<String> {
        let mut found = Vec::new();
        for variant in &self.variants {
            let label = self.labels.of(&self.split(variant.factors).0);
            if !found.contains(&label) {
                found.push(label);
            }
        }
        found
    }

    /// The comparisons by context label, in the order of the results.
    pub(crate) fn comparisons(&self) -> Vec<(String, Vec<&'a Comparison>)> {
        let mut groups: Vec<(String, Vec<&Comparison>)> = Vec::new();
        for one in &self.results.comparisons {
            let label = self.labels.of(&one.context);
            match groups.iter_mut().find(|(known, _)| *known == label) {
                Some((_, members)) => members.push(one),
                None => groups.push((label, vec![one])),
            }
        }
        groups
    }

    pub(crate) fn variant_label(&self, factors: &Factors) -> String {
        or_the_only_one(self.labels.of(factors))
    }

    /// Compared factors and context; everything is compared where no baseline says otherwise.
    fn split(&self, factors: &Factors) -> (Factors, Factors) {
        let compared = |key: &str| self.compared.is_empty() || self.compared.contains(key);
        factors.clone().into_iter().partition(|(key, _)| compared(key))
    }
}

fn or_the_only_one(label: String) -> String {
    if label.is_empty() { "the only variant".into() } else { label }
}
