//! Normalizations: their names, and what derives from their descriptions.

use untied_redundancy::{Layout, NormSpec, Normalization};

const ALL: [(Normalization, &str); 8] = [
    (Normalization::None, "none"),
    (Normalization::Batch, "batch"),
    (Normalization::BatchPerActivation, "batch_per_activation"),
    (Normalization::Layer, "layer"),
    (Normalization::Instance, "instance"),
    (Normalization::Group(2), "group=2"),
    (Normalization::Rms, "rms"),
    (Normalization::FilterResponse, "filter_response"),
];

#[test]
fn names_are_those_of_configs() {
    for (normalization, name) in ALL {
        assert_eq!(normalization.to_string(), name);
        let json = serde_json::to_value(normalization).unwrap();
        let expected = if name == "group=2" { serde_json::json!({"group": 2}) } else { name.into() };
        assert_eq!(json, expected);
        assert_eq!(serde_json::from_value::<Normalization>(json).unwrap(), normalization);
    }
    assert_eq!(Normalization::default(), Normalization::Batch);
    assert_eq!(format!("{:<7}|", Normalization::Rms), "rms    |");
}

fn kinds(of: impl Fn(NormSpec) -> bool) -> Vec<String> {
    let kinds = ALL.into_iter().filter(|(normalization, _)| normalization.spec().is_some_and(&of));
    kinds.map(|(_, name)| name.to_owned()).collect()
}

#[test]
fn properties_derive_from_the_description() {
    assert_eq!(kinds(|spec| spec.follows()), ["batch", "batch_per_activation"]);
    assert_eq!(kinds(|spec| spec.folds()), ["batch"]);
    assert_eq!(kinds(|spec| spec.per_activation()), ["batch_per_activation"]);
    assert_eq!(kinds(|spec| spec.needs_images()), ["batch_per_activation"]);
    assert_eq!(kinds(|spec| spec.beta.is_none()), ["rms"]);
    assert_eq!(kinds(|spec| spec.gamma == Some(Layout::Activation)), ["batch_per_activation"]);
    assert_eq!(kinds(|spec| spec.running_layout() == Some(Layout::Activation)), ["batch_per_activation"]);
    assert_eq!([Layout::Channel, Layout::Activation].map(|layout| layout.count([2, 3, 5])), [2, 30]);
}

/// The part of an element's index that a norm keeps apart.
type Key = fn([usize; 4]) -> [usize; 3];

/// Elements share a set if and only if they agree in what the norm keeps apart.
#[test]
fn statistics_sets_are_those_of_the_formula() {
    const SHAPE: [usize; 3] = [4, 2, 3];
    let elements: Vec<[usize; 4]> = (0..3 * 24).map(|i| [i / 24, i / 6 % 4, i / 3 % 2, i % 3]).collect();
    let keys: [(Normalization, Key); 7] = [
        (Normalization::Batch, |[_, c, _, _]| [c, 0, 0]),
        (Normalization::BatchPerActivation, |[_, c, y, x]| [c, y, x]),
        (Normalization::Layer, |[n, _, _, _]| [n, 0, 0]),
        (Normalization::Instance, |[n, c, _, _]| [n, c, 0]),
        (Normalization::Group(2), |[n, c, _, _]| [n, c / 2, 0]),
        (Normalization::Rms, |[n, _, _, _]| [n, 0, 0]),
        (Normalization::FilterResponse, |[n, c, _, _]| [n, c, 0]),
    ];
    for (normalization, key) in keys {
        let spec = normalization.spec().expect("a norm");
        let mut sets: Vec<usize> = elements.iter().map(|&element| spec.statistics_set(SHAPE, element)).collect();
        for (&a, i) in elements.iter().zip(0..) {
            for (&b, j) in elements.iter().zip(0..) {
                assert_eq!(sets[i] == sets[j], key(a) == key(b), "{normalization}: {a:?} and {b:?}");
            }
        }
        sets.sort_unstable();
        sets.dedup();
        assert!(sets.iter().copied().eq(0..sets.len()), "{normalization}: indices without gaps");
    }
}
