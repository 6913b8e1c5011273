//! The redundancy table, its index sets, and the shapes that are refused.

use untied_redundancy::{
    Bias, BiasTerms, Mode, Normalization, Redundancy, RedundancyError, RedundancyTable, ShiftClass,
};

use crate::{behind, map};

const SPATIAL: [usize; 2] = [3, 5];

/// Redundant dimensions with 4 channels of 3×5: tied (4 parameters), untied along y (12), untied (60).
const TABLE: [(Normalization, Mode, [usize; 3]); 10] = [
    (Normalization::None, Mode::Training, [0, 0, 0]),
    (Normalization::Batch, Mode::Training, [4, 4, 4]),
    (Normalization::BatchPerActivation, Mode::Training, [4, 12, 60]),
    (Normalization::Instance, Mode::Training, [4, 4, 4]),
    (Normalization::Group(2), Mode::Training, [2, 2, 2]),
    (Normalization::Layer, Mode::Training, [1, 1, 1]),
    (Normalization::Rms, Mode::Training, [0, 0, 0]),
    (Normalization::FilterResponse, Mode::Training, [0, 0, 0]),
    (Normalization::Batch, Mode::Evaluation, [0, 0, 0]),
    (Normalization::Instance, Mode::Evaluation, [4, 4, 4]),
];

#[test]
fn the_table() {
    let maps = [Bias::Tied, Bias::UntiedAlong(vec![0]), Bias::Untied].map(|bias| map(&bias, 4, &SPATIAL));
    assert_eq!(maps.each_ref().map(BiasTerms::parameters), [4, 12, 60]);
    for (normalization, mode, expected) in TABLE {
        for (map, expected) in maps.iter().zip(expected) {
            let redundancy = behind(normalization, mode, map);
            assert_eq!(redundancy.dimensions(), expected, "{normalization} of {:?}", map.terms());
        }
    }
}

/// The READMEs hold what the code works out; `cargo run -p untied-redundancy --example table` prints it.
#[test]
fn the_readmes_show_the_table() {
    let table = RedundancyTable::new();
    assert!(table.rows.iter().flat_map(|(_, dimensions)| dimensions).all(|dimension| !dimension.is_empty()));
    for (name, readme) in
        [("crate", include_str!("../../README.md")), ("project", include_str!("../../../../README.md"))]
    {
        assert!(readme.contains(&table.markdown()), "README of the {name}: expected\n{}", table.markdown());
    }
}

#[test]
fn sets_are_consecutive() {
    let sets = |normalization, map: &BiasTerms| behind(normalization, Mode::Training, map).sets().collect::<Vec<_>>();
    let untied = map(&Bias::Untied, 4, &[3]);
    assert_eq!(sets(Normalization::Batch, &untied), [0..3, 3..6, 6..9, 9..12]);
    assert_eq!(sets(Normalization::Group(2), &untied), [0..6, 6..12]);
    assert_eq!(sets(Normalization::Layer, &untied), std::slice::from_ref(&(0..12)));
    assert_eq!(sets(Normalization::Batch, &map(&Bias::Tied, 3, &[7])), [0..1, 1..2, 2..3]);
    assert_eq!(sets(Normalization::BatchPerActivation, &map(&Bias::Untied, 1, &[2])), [0..1, 1..2]);
    assert_eq!(sets(Normalization::Rms, &untied), []);
}

#[test]
fn without_a_bias_nothing_is_redundant() {
    let redundancy = behind(Normalization::Batch, Mode::Training, &map(&Bias::None, 4, &[3]));
    assert_eq!((redundancy.parameters(), redundancy.dimensions()), (0, 0));
    assert!(redundancy.project(&[]).is_empty());
}

#[test]
fn groups_divide_the_channels() -> Result<(), RedundancyError> {
    let tied = map(&Bias::Tied, 6, &[2]);
    for groups in [0, 4, 12] {
        let error = RedundancyError::Groups { groups, channels: 6 };
        assert_eq!(Normalization::Group(groups).removed(Mode::Training, 6, 2), Err(error.clone()));
        assert_eq!(Redundancy::new(ShiftClass::Groups(groups), &tied), Err(error));
    }
    for groups in [1, 2, 3, 6] {
        assert_eq!(Redundancy::new(ShiftClass::Groups(groups), &tied)?.dimensions(), groups);
    }
    Ok(())
}
