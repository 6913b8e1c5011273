//! Names of tensors in a file, and in the model.

use std::collections::{BTreeMap, BTreeSet};

/// What programs wrap a model or its state dict in.
const WRAPPERS: [&str; 6] = ["module", "_orig_mod", "model", "state_dict", "model_state_dict", "network"];

/// Each name in the file with the one that it has in the model: without wrappers, and with other beginnings where the map
/// tells some. Two names that would become one stay as they are.
pub(super) fn translated<'n>(
    names: impl Iterator<Item = &'n String>,
    map: &BTreeMap<String, String>,
) -> BTreeMap<String, &'n String> {
    let mut translated: BTreeMap<String, Vec<&String>> = BTreeMap::new();
    for name in names {
        translated.entry(mapped(unwrapped(name), map)).or_default().push(name);
    }
    let each = translated.into_iter().flat_map(|(new, old)| match old.as_slice() {
        [one] => vec![(new, *one)],
        several => several.iter().map(|one| ((*one).clone(), *one)).collect(),
    });
    each.collect()
}

/// The beginnings of the map with which no name in the file begins.
pub(super) fn unmatched<'m>(names: &BTreeSet<&str>, map: &'m BTreeMap<String, String>) -> Vec<&'m str> {
    let begins = |from: &str| names.iter().any(|name| after(unwrapped(name), from).is_some());
    map.keys().map(String::as_str).filter(|from| !begins(from)).collect()
}

/// The beginnings of names up to the first dot, without wrappers, each once.
pub(super) fn beginnings<'n>(names: &BTreeSet<&'n str>) -> BTreeSet<&'n str> {
    names.iter().filter_map(|name| unwrapped(name).split('.').next()).collect()
}

/// What follows a beginning that ends with the name, or at a dot.
fn after<'n>(name: &'n str, from: &str) -> Option<&'n str> {
    name.strip_prefix(from).filter(|rest| rest.is_empty() || rest.starts_with('.'))
}

/// The name without wrappers around it, which may lie in one another.
fn unwrapped(name: &str) -> &str {
    match name.split_once('.') {
        Some((first, rest)) if WRAPPERS.contains(&first) => unwrapped(rest),
        _ => name,
    }
}

/// The longest beginning that the map knows, up to a dot or the end, becomes the one that it tells.
fn mapped(name: &str, map: &BTreeMap<String, String>) -> String {
    let known = map.iter().filter_map(|(from, to)| Some((from.len(), to, after(name, from)?)));
    known.max_by_key(|(length, ..)| *length).map_or_else(|| name.to_owned(), |(_, to, rest)| format!("{to}{rest}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn wrappers_go_and_the_longest_beginning_is_told() {
        let map = BTreeMap::from([("fc".to_owned(), "head".to_owned()), ("fc.bias".to_owned(), "last".to_owned())]);
        let names = ["module._orig_mod.fc.weight", "state_dict.fc.bias", "fcn.weight", "model"].map(str::to_owned);
        let found = translated(names.iter(), &map);
        let found: Vec<(&str, &str)> = found.iter().map(|(new, old)| (new.as_str(), old.as_str())).collect();
        let expected =
            [("fcn.weight", "fcn.weight"), ("head.weight", &names[0]), ("last", &names[1]), ("model", "model")];
        assert_eq!(found, expected);
    }

    #[test]
    fn beginnings_that_match_nothing_are_found() {
        let names = BTreeSet::from(["module.layer1.0.conv.weight", "module.fc.bias", "fc.weight"]);
        let map = ["fc", "layer1.0", "layer1.1", "f", "module"].map(|from| (from.to_owned(), "head".to_owned()));
        assert_eq!(unmatched(&names, &map.into()), ["f", "layer1.1", "module"]);
        assert_eq!(beginnings(&names), BTreeSet::from(["fc", "layer1"]));
    }

    #[test]
    fn names_that_would_meet_stay_apart() {
        let names = ["model.conv.weight", "module.conv.weight"].map(str::to_owned);
        assert!(translated(names.iter(), &BTreeMap::new()).keys().eq(names.iter()));
    }
}
