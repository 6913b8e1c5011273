//! The projection as linear algebra, and the yardstick of rounding.

use proptest::prelude::*;
use untied_redundancy::{BiasShape, Normalization, Redundancy, UNIT_ROUND_OFF_F32, UNIT_ROUND_OFF_F64, norm};

fn any_redundancy() -> impl Strategy<Value = Redundancy> {
    let normalization = prop_oneof![
        Just(Normalization::None),
        Just(Normalization::BatchPerChannel),
        Just(Normalization::BatchPerActivation),
        Just(Normalization::Instance),
        Just(Normalization::Group { groups: 2 }),
        Just(Normalization::Layer),
        Just(Normalization::Rms),
        Just(Normalization::BatchFrozen),
    ];
    (normalization, 1_usize..=4, prop::collection::vec((1_usize..=4, any::<bool>()), 1..=3)).prop_map(
        |(normalization, pairs, axes)| {
            let spatial: Vec<usize> = axes.iter().map(|axis| axis.0).collect();
            let untied: Vec<usize> = (0..axes.len()).filter(|&axis| axes[axis].1).collect();
            let shape = BiasShape::untied_along(2 * pairs, &spatial, &untied).expect("sizes and axes are in range");
            Redundancy::new(normalization, &shape).expect("2 groups divide an even number of channels")
        },
    )
}

fn redundancy_and_vectors() -> impl Strategy<Value = (Redundancy, Vec<f64>, Vec<f64>)> {
    any_redundancy().prop_flat_map(|redundancy| {
        let vector = prop::collection::vec(-1.0..1.0, redundancy.numbers());
        (Just(redundancy), vector.clone(), vector)
    })
}

fn dot(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).map(|(a, b)| a * b).sum()
}

fn distance(a: &[f64], b: &[f64]) -> f64 {
    norm(&a.iter().zip(b).map(|(a, b)| a - b).collect::<Vec<_>>())
}

proptest! {
    #[test]
    fn is_an_orthogonal_projection((redundancy, v, w) in redundancy_and_vectors()) {
        let (pv, pw) = (redundancy.project(&v), redundancy.project(&w));
        prop_assert!(distance(&redundancy.project(&pv), &pv) < 1e-13, "idempotent");
        prop_assert!((dot(&pv, &w) - dot(&v, &pw)).abs() < 1e-12, "self-adjoint");
        prop_assert!(dot(&pv, &redundancy.residual(&v)).abs() < 1e-12, "orthogonal");
    }

    #[test]
    fn rank_is_the_trace(redundancy in any_redundancy()) {
        let unit = |k| (0..redundancy.numbers()).map(|j| f64::from(u8::from(j == k))).collect::<Vec<_>>();
        let trace: f64 = (0..redundancy.numbers()).map(|k| redundancy.project(&unit(k))[k]).sum();
        prop_assert!((trace - redundancy.dimensions() as f64).abs() < 1e-11);
    }

    #[test]
    fn sets_are_disjoint_and_cover_all_or_nothing(redundancy in any_redundancy()) {
        let covered: Vec<usize> = redundancy.sets().flatten().collect();
        let all: Vec<usize> = (0..redundancy.numbers()).collect();
        prop_assert!(covered.is_empty() || covered == all);
    }

    #[test]
    fn rounding_each_term_stays_within_round_off((redundancy, v, _) in redundancy_and_vectors()) {
        // One term per number, wrong by one unit of f32 and all with one sign.
        let errors: Vec<f64> = v.iter().map(|v| v.abs() * UNIT_ROUND_OFF_F32).collect();
        let absolute: Vec<f64> = v.iter().map(|v| v.abs()).collect();
        let explained = redundancy.round_off(&absolute, UNIT_ROUND_OFF_F32);
        prop_assert!(norm(&redundancy.project(&errors)) <= explained * (1.0 + 1e-12));
    }
}

#[test]
fn round_off_by_hand() {
    let untied = BiasShape::untied(2, &[4]).expect("sizes are in range");
    let sums = [1.0, 2.0, 0.5, 2.5, 0.0, 4.0, 4.0, 0.0];
    let of = |normalization| {
        Redundancy::new(normalization, &untied).expect("groups divide the channels").round_off(&sums, 1.0)
    };
    // s = (6, 8)/√4 = (3, 4)
    assert!((of(Normalization::BatchPerChannel) - 5.0).abs() < 1e-15);
    assert!((of(Normalization::Layer) - 14.0 / 8.0_f64.sqrt()).abs() < 1e-15);
    assert!((of(Normalization::BatchPerActivation) - norm(&sums)).abs() < 1e-15);
    assert!((of(Normalization::None) - norm(&sums)).abs() < 1e-15);
}

#[test]
fn unit_round_off_is_half_an_epsilon() {
    assert!((2.0 * UNIT_ROUND_OFF_F32 - f64::from(f32::EPSILON)).abs() < f64::MIN_POSITIVE);
    assert!((2.0 * UNIT_ROUND_OFF_F64 - f64::EPSILON).abs() < f64::MIN_POSITIVE);
}

/// A plain sum would leave 1e-16·1e16 = 1 here; the measurement must not add rounding of its own.
#[test]
fn measuring_adds_no_rounding() {
    let shape = BiasShape::untied(1, &[4]).expect("sizes are in range");
    let redundancy = Redundancy::new(Normalization::BatchPerChannel, &shape).expect("no groups to divide");
    assert_eq!(redundancy.project(&[1.0, 1e16, 1.0, -1e16]), [0.5; 4]);
}

#[test]
fn not_a_number_is_not_hidden() {
    let shape = BiasShape::untied(1, &[2]).expect("sizes are in range");
    let redundancy = Redundancy::new(Normalization::Layer, &shape).expect("no groups to divide");
    assert!(norm(&redundancy.project(&[f64::NAN, 1.0])).is_nan());
    assert!(redundancy.round_off(&[1.0, f64::NAN], 1.0).is_nan());
}
