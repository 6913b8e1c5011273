//! Results arranged for a report: variants, what was compared, and in which surroundings.

pub(crate) mod first_seen;
pub(crate) mod selection;
pub(crate) mod variant;

use std::collections::BTreeSet;

use untied_study::{CompareConfig, Comparison, Factors, Metric, Results};

use crate::document::names::Labels;
use crate::results::first_seen::{FirstSeen, group};
use crate::results::variant::{Variant, variants};

/// The results as every section of a report reads them.
pub(crate) struct View<'a> {
    pub(crate) results: &'a Results,
    pub(crate) metric: Metric,
    pub(crate) labels: Labels,
    pub(crate) variants: Vec<Variant<'a>>,
    /// The variant that the config compares others with.
    pub(crate) baseline: Option<&'a Factors>,
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
        let variants = variants(&results.cells);
        Self {
            results,
            metric,
            labels: Labels::new(&results.cells),
            variants,
            baseline,
            compared: baseline.into_iter().flat_map(Factors::keys).map(String::as_str).collect(),
        }
    }

    /// The variants by context, both in grid order.
    pub(crate) fn groups(&self) -> Vec<Group<'_, 'a>> {
        let mut series = FirstSeen::new();
        let members = self.variants.iter().map(|variant| {
            let (compared, context) = self.split(variant.factors);
            let label = self.labels.of(&compared);
            let series = series.number(label.clone());
            (self.labels.of(&context), Member { label: or_the_only_one(label), series, variant })
        });
        group(members).into_iter().map(|(label, members)| Group { label, members }).collect()
    }

    /// The comparisons by context label, in the order of the results.
    pub(crate) fn comparisons(&self) -> Vec<(String, Vec<&'a Comparison>)> {
        group(self.results.comparisons.iter().map(|one| (self.labels.of(&one.context), one)))
    }

    /// The layers of every variant, each with the variant's label.
    pub(crate) fn layers<L>(&self, of: impl Fn(&Variant<'a>) -> Vec<L>) -> Vec<(String, L)> {
        let labelled = |variant| of(variant).into_iter().map(|layer| (self.variant_label(variant.factors), layer));
        self.variants.iter().flat_map(labelled).collect()
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
