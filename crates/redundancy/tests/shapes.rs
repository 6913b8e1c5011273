//! The redundancy table, its index sets, and the shapes that are refused.

use untied_redundancy::{BiasShape, Normalization, Redundancy, RedundancyError};

const SPATIAL: [usize; 2] = [3, 5];

/// Redundant dimensions with 4 channels of 3×5: tied (4 numbers), untied along y (12), untied (60).
const TABLE: [(Normalization, [usize; 3]); 8] = [
    (Normalization::None, [0, 0, 0]),
    (Normalization::BatchPerChannel, [4, 4, 4]),
    (Normalization::BatchPerActivation, [4, 12, 60]),
    (Normalization::Instance, [4, 4, 4]),
    (Normalization::Group { groups: 2 }, [2, 2, 2]),
    (Normalization::Layer, [1, 1, 1]),
    (Normalization::Rms, [0, 0, 0]),
    (Normalization::BatchFrozen, [0, 0, 0]),
];

#[test]
fn dimensions_follow_the_table() -> Result<(), RedundancyError> {
    let shapes =
        [BiasShape::tied(4, &SPATIAL)?, BiasShape::untied_along(4, &SPATIAL, &[0])?, BiasShape::untied(4, &SPATIAL)?];
    assert_eq!(shapes.each_ref().map(BiasShape::numbers), [4, 12, 60]);
    assert_eq!(shapes.each_ref().map(BiasShape::locations_per_number), [15, 5, 1]);
    for (normalization, expected) in TABLE {
        for (shape, expected) in shapes.iter().zip(expected) {
            let redundancy = Redundancy::new(normalization, shape)?;
            assert_eq!(redundancy.dimensions(), expected, "{normalization}, {:?}", shape.dimensions());
            assert_eq!(redundancy.sets().len(), expected);
        }
    }
    Ok(())
}

#[test]
fn sets_are_channels_groups_or_single_numbers() -> Result<(), RedundancyError> {
    let sets = |normalization, shape: &BiasShape| -> Result<Vec<_>, RedundancyError> {
        Ok(Redundancy::new(normalization, shape)?.sets().collect())
    };
    let untied = BiasShape::untied(4, &[3])?;
    assert_eq!(sets(Normalization::BatchPerChannel, &untied)?, [0..3, 3..6, 6..9, 9..12]);
    assert_eq!(sets(Normalization::Group { groups: 2 }, &untied)?, [0..6, 6..12]);
    assert_eq!(sets(Normalization::Layer, &untied)?, std::slice::from_ref(&(0..12)));
    assert_eq!(sets(Normalization::BatchPerChannel, &BiasShape::tied(3, &[7])?)?, [0..1, 1..2, 2..3]);
    assert_eq!(sets(Normalization::BatchPerActivation, &BiasShape::untied(1, &[2])?)?, [0..1, 1..2]);
    assert_eq!(sets(Normalization::Rms, &untied)?, []);
    Ok(())
}

#[test]
fn a_shape_is_read_from_the_bias_tensor() -> Result<(), RedundancyError> {
    let along_x = BiasShape::untied_along(4, &SPATIAL, &[1])?;
    assert_eq!(along_x.dimensions(), [4, 1, 5]);
    assert_eq!(BiasShape::from_dimensions(&[4, 1, 5], &SPATIAL)?, along_x);
    assert_eq!(BiasShape::from_dimensions(&[4, 1, 1], &SPATIAL)?, BiasShape::tied(4, &SPATIAL)?);
    assert_eq!(BiasShape::from_dimensions(&[4, 3, 5], &SPATIAL)?, BiasShape::untied(4, &SPATIAL)?);
    Ok(())
}

#[test]
fn impossible_shapes_are_refused() {
    let huge = usize::MAX / 2;
    let cases = [
        (BiasShape::tied(0, &[1]), "expected at least 1 channel, found 0"),
        (BiasShape::tied(1, &[]), "expected 1 to 3 spatial axes, found 0"),
        (BiasShape::untied(1, &[1; 4]), "expected 1 to 3 spatial axes, found 4"),
        (BiasShape::untied(1, &[2, 0]), "expected at least 1 location along spatial axis 1, found 0"),
        (BiasShape::untied_along(1, &[2, 2], &[2]), "expected spatial axes below 2, found axis 2"),
        (BiasShape::untied_along(1, &[2, 2], &[1, 1]), "expected each spatial axis once, found axis 1 twice"),
    ];
    for (shape, message) in cases {
        assert_eq!(shape.expect_err(message).to_string(), message);
    }
    assert!(matches!(BiasShape::tied(3, &[huge]), Err(RedundancyError::TooLarge { .. })));
    for dimensions in [&[][..], &[4], &[4, 2], &[4, 3, 1]] {
        let error = BiasShape::from_dimensions(dimensions, &[3]).expect_err("dimensions do not fit");
        assert!(matches!(error, RedundancyError::BiasDimensions { .. }), "{error}");
    }
}

#[test]
fn groups_divide_the_channels() -> Result<(), RedundancyError> {
    let shape = BiasShape::tied(6, &[2])?;
    for groups in [0, 4, 12] {
        let error = Redundancy::new(Normalization::Group { groups }, &shape).expect_err("groups do not divide 6");
        assert_eq!(error, RedundancyError::Groups { groups, channels: 6 });
    }
    for groups in [1, 2, 3, 6] {
        assert_eq!(Redundancy::new(Normalization::Group { groups }, &shape)?.dimensions(), groups);
    }
    Ok(())
}
