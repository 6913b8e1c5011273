//! What the runs of a study have in common: the names of their classes, and what they take for what.

use untied_study::Confusion;

use crate::document::names::clean;
use crate::results::View;

/// The name of a class, where all runs have data with the same names; otherwise its number, from 0.
pub(super) fn name(view: &View<'_>, class: usize) -> String {
    let mut all = view.results.provenance.iter().map(|one| &one.class_names);
    let first = all.next().filter(|first| all.all(|other| other == *first));
    first.and_then(|names| names.get(class)).map_or_else(|| class.to_string(), |name| clean(name))
}

/// The sum of the confusion matrices of a variant's runs, if they have as many classes.
pub(super) fn total<'c>(of: impl Iterator<Item = &'c Confusion>) -> Option<Confusion> {
    let mut sum = Confusion::default();
    for confusion in of.filter(|confusion| !confusion.is_empty()) {
        if !sum.is_empty() && sum.classes() != confusion.classes() {
            return None;
        }
        sum.add(confusion);
    }
    (!sum.is_empty()).then_some(sum)
}
