//! The projection as linear algebra, and the yardstick of rounding.

use nalgebra::DMatrix;
use proptest::prelude::*;
use untied_redundancy::{
    Bias, BiasTerms, Mode, Normalization, Redundancy, ShiftClass, UNIT_ROUND_OFF_F32, UNIT_ROUND_OFF_F64, norm,
};

use crate::{behind, map, noise, rank, untied_along};

fn any_removed() -> impl Strategy<Value = ShiftClass> {
    prop_oneof![
        Just(ShiftClass::Nothing),
        Just(ShiftClass::Groups(1)),
        Just(ShiftClass::Groups(2)),
        Just(ShiftClass::Groups(usize::MAX)),
        Just(ShiftClass::Everything),
    ]
}

/// Any bias of the crate, and any sum of up to four broadcast terms.
fn any_redundancy() -> impl Strategy<Value = Redundancy> {
    any_removed_and_map().prop_map(|(removed, map)| Redundancy::new(removed, &map).expect("groups divide the channels"))
}

fn any_removed_and_map() -> impl Strategy<Value = (ShiftClass, BiasTerms)> {
    let sizes = (1_usize..=2, prop::collection::vec((1_usize..=3, any::<bool>()), 1..=3));
    (any_removed(), sizes, prop::collection::vec(0_usize..16, 0..=3)).prop_map(|(removed, (pairs, axes), sums)| {
        let (channels, spatial) = (2 * pairs, axes.iter().map(|axis| axis.0).collect::<Vec<_>>());
        let untied = untied_along((0..axes.len()).filter(|&axis| axes[axis].1).collect());
        let output = [&[channels][..], &spatial].concat();
        let term = |kept: usize| -> Vec<usize> {
            output.iter().enumerate().map(|(axis, &size)| if kept >> axis & 1 == 1 { size } else { 1 }).collect()
        };
        let own = untied.terms(channels, &spatial).expect("axes are in range");
        let terms = own.into_iter().chain(sums.into_iter().map(term)).collect();
        let removed = if removed == ShiftClass::Groups(usize::MAX) { ShiftClass::Groups(channels) } else { removed };
        (removed, BiasTerms::from_terms(terms, channels, &spatial).expect("terms fit the output"))
    })
}

fn redundancy_and_vectors() -> impl Strategy<Value = (Redundancy, Vec<f64>, Vec<f64>)> {
    any_redundancy().prop_flat_map(|redundancy| {
        let vector = prop::collection::vec(-1.0..1.0, redundancy.parameters());
        (Just(redundancy), vector.clone(), vector)
    })
}

fn dot(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).map(|(a, b)| a * b).sum()
}

fn distance(a: &[f64], b: &[f64]) -> f64 {
    norm(&a.iter().zip(b).map(|(a, b)| a - b).collect::<Vec<_>>())
}

fn unit(k: usize, count: usize) -> Vec<f64> {
    (0..count).map(|j| f64::from(u8::from(j == k))).collect()
}

/// The expanded bias less its mean over what the class holds constant, element by element.
fn left(removed: ShiftClass, map: &BiasTerms, parameters: &[f64]) -> Vec<f64> {
    let bias = map.expand(parameters);
    let set = match removed {
        ShiftClass::Nothing => return bias,
        ShiftClass::Groups(groups) => bias.len() / groups,
        ShiftClass::Everything => 1,
    };
    let centred = |values: &[f64]| {
        let mean = values.iter().sum::<f64>() / values.len() as f64;
        values.iter().map(|value| value - mean).collect::<Vec<_>>()
    };
    bias.chunks(set).flat_map(centred).collect()
}

/// The orthogonal projector on the kernel.
fn kernel(matrix: &DMatrix<f64>) -> DMatrix<f64> {
    let count = matrix.ncols();
    // Rows of zeros, so that the decomposition has all right singular vectors.
    let padded = matrix.clone().resize_vertically(matrix.nrows().max(count), 0.0);
    let decomposition = padded.svd(false, true);
    let vectors = decomposition.v_t.expect("asked for");
    let rows = (0..count).filter(|&k| decomposition.singular_values[k] < 1e-9).map(|k| vectors.row(k).into_owned());
    rows.fold(DMatrix::zeros(count, count), |sum, row| sum + row.transpose() * row)
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
        let count = redundancy.parameters();
        let trace: f64 = (0..count).map(|k| redundancy.project(&unit(k, count))[k]).sum();
        prop_assert!((trace - redundancy.dimensions() as f64).abs() < 1e-11);
    }

    #[test]
    fn sets_are_disjoint_and_cover_all_or_nothing(redundancy in any_redundancy()) {
        let covered: Vec<usize> = redundancy.sets().flatten().collect();
        let all: Vec<usize> = (0..redundancy.parameters()).collect();
        prop_assert!(covered.is_empty() || covered == all);
    }

    #[test]
    fn directions_span_the_subspace(redundancy in any_redundancy()) {
        let dense = |direction: &Vec<(usize, f64)>| {
            let mut values = vec![0.0; redundancy.parameters()];
            for &(index, value) in direction {
                values[index] += value;
            }
            values
        };
        let directions: Vec<Vec<f64>> = redundancy.directions().iter().map(dense).collect();
        for direction in &directions {
            prop_assert!(norm(&redundancy.residual(direction)) < 1e-13 * norm(direction));
        }
        prop_assert_eq!(rank::rank(directions, 1e-9), redundancy.dimensions());
    }

    /// The closed form against the singular value decomposition of the expanded bias, less its part in the removed class.
    #[test]
    fn is_the_kernel_of_what_is_left((removed, map) in any_removed_and_map()) {
        let redundancy = Redundancy::new(removed, &map).expect("groups divide the channels");
        let left = |k: usize| left(removed, &map, &unit(k, map.parameters()));
        let columns: Vec<f64> = (0..map.parameters()).flat_map(left).collect();
        let matrix = DMatrix::from_vec(map.output().iter().product(), map.parameters(), columns);
        let projector = kernel(&matrix);
        for k in 0..map.parameters() {
            let column: Vec<f64> = projector.column(k).iter().copied().collect();
            prop_assert!(distance(&redundancy.project(&unit(k, map.parameters())), &column) < 1e-11);
        }
    }

    #[test]
    fn the_transpose_is_the_transpose((_, map) in any_removed_and_map(), seed in 0_usize..99) {
        let parameters = noise(map.parameters(), seed);
        let output = noise(map.output().iter().product(), seed + 100);
        prop_assert!((dot(&map.expand(&parameters), &output) - dot(&parameters, &map.transpose(&output))).abs() < 1e-12);
    }

    #[test]
    fn rounding_each_term_stays_within_round_off((redundancy, v, _) in redundancy_and_vectors()) {
        // One term per parameter, wrong by one unit of f32 and all with one sign.
        let errors: Vec<f64> = v.iter().map(|v| v.abs() * UNIT_ROUND_OFF_F32).collect();
        let absolute: Vec<f64> = v.iter().map(|v| v.abs()).collect();
        let explained = redundancy.round_off(&absolute, UNIT_ROUND_OFF_F32);
        prop_assert!(norm(&redundancy.project(&errors)) <= explained * (1.0 + 1e-12));
    }
}

#[test]
fn round_off_by_hand() {
    let untied = map(&Bias::Untied, 2, &[4]);
    let sums = [1.0, 2.0, 0.5, 2.5, 0.0, 4.0, 4.0, 0.0];
    let of = |normalization| behind(normalization, Mode::Training, &untied).round_off(&sums, 1.0);
    // s = (6, 8)/√4 = (3, 4)
    assert!((of(Normalization::Batch) - 5.0).abs() < 1e-15);
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
    let redundancy = behind(Normalization::Batch, Mode::Training, &map(&Bias::Untied, 1, &[4]));
    assert_eq!(redundancy.project(&[1.0, 1e16, 1.0, -1e16]), [0.5; 4]);
}

#[test]
fn not_a_number_is_not_hidden() {
    let redundancy = behind(Normalization::Layer, Mode::Training, &map(&Bias::Untied, 1, &[2]));
    assert!(norm(&redundancy.project(&[f64::NAN, 1.0])).is_nan());
    assert!(redundancy.round_off(&[1.0, f64::NAN], 1.0).is_nan());
}

/// A column, a row and a line of 2, 3 and 4 elements: the constants of two of them can go over to the third.
#[test]
fn a_sum_of_terms_has_a_gauge_of_its_own() {
    let map = BiasTerms::from_terms(vec![vec![2, 1, 1], vec![1, 3, 1], vec![1, 1, 4]], 2, &[3, 4]).expect("terms fit");
    let of = |removed| Redundancy::new(removed, &map).expect("groups divide the channels");
    assert_eq!(of(ShiftClass::Nothing).dimensions(), 2);
    assert_eq!(of(ShiftClass::Groups(1)).dimensions(), 3);
    assert_eq!(of(ShiftClass::Groups(2)).dimensions(), 4);
    assert_eq!(of(ShiftClass::Everything).dimensions(), 9);
    // 1 everywhere, by the first term: each takes over a share in proportion to the elements that the others have.
    let ones = [1.0, 1.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0];
    let lambda = 1.0 / (1.0 / 2.0 + 1.0 / 3.0 + 1.0 / 4.0);
    let expected = [1.0 - lambda / 2.0, -lambda / 3.0, -lambda / 4.0];
    for (value, k) in of(ShiftClass::Nothing).project(&ones).iter().zip([0, 0, 1, 1, 1, 2, 2, 2, 2]) {
        assert!((value - expected[k]).abs() < 1e-15, "{value}");
    }
}
