//! Certificates of made-up sums.

use proptest::prelude::*;
use untied_redundancy::{
    Bias, CERTIFICATE_FACTOR, Certificate, Finding, Mode, Normalization, Progress, Redundancy, ShiftClass, StepSums,
    UNIT_ROUND_OFF_F32, norm,
};

use crate::{behind, map, noise};

/// Two channels of two rows before batch norm, untied: two sets of four parameters.
fn two_sets() -> Redundancy {
    behind(Normalization::Batch, Mode::Training, &map(&Bias::Untied, 2, &[2, 2]))
}

fn certificate(redundancy: &Redundancy) -> Certificate {
    Certificate::new(redundancy, UNIT_ROUND_OFF_F32)
}

/// A certificate after one step in which every parameter's sums are of size 1.
fn after(redundancy: &Redundancy, gradient: &[f64]) -> Certificate {
    let mut certificate = certificate(redundancy);
    let ones = vec![1.0; gradient.len()];
    certificate.add(StepSums { gradient, absolute: &ones, terms: &ones });
    certificate
}

#[test]
fn a_ratio_is_a_sum_in_units_of_what_rounding_explains() {
    let mut gradient = [1.0, 2.0, -3.0, 0.0, 0.5, 0.5, 0.5, -1.5];
    assert_eq!(after(&two_sets(), &gradient).worst_ratio(), 0.0);
    gradient[5] += 8.0 * UNIT_ROUND_OFF_F32;
    let certificate = after(&two_sets(), &gradient);
    // 8 units in a set whose four parameters explain one each.
    assert!((certificate.worst_ratio() - 2.0).abs() < 1e-6);
    assert_eq!((certificate.sets(), certificate.finding()), (2, Finding::Certified));
}

#[test]
fn findings_are_decided_at_their_limits() {
    let over = CERTIFICATE_FACTOR.next_up();
    for (sets, unseen, worst, expected) in [
        (0, 0, 0.0, Finding::AtWork),
        (1, 0, CERTIFICATE_FACTOR, Finding::Certified),
        (9, 0, over, Finding::NotCertified),
        (9, 1, 0.0, Finding::NoEvidence),
        (9, 9, over, Finding::NotCertified),
        (9, 0, f64::INFINITY, Finding::NotCertified),
        (9, 0, f64::NAN, Finding::NotCertified),
    ] {
        assert_eq!(Finding::of(sets, unseen, worst), expected, "{sets} sets, {unseen} unseen, {worst}");
    }
}

#[test]
fn one_doubtful_seed_is_enough_for_doubt() {
    use Finding::{Certified, NoEvidence, NotCertified};
    for (finding, other, expected) in [
        (Certified, Certified, Certified),
        (Certified, NoEvidence, NoEvidence),
        (NotCertified, Certified, NotCertified),
        (NoEvidence, NotCertified, NotCertified),
    ] {
        assert_eq!((finding.and(other), other.and(finding)), (expected, expected));
    }
}

#[test]
fn what_is_no_number_is_never_certified() {
    let zeros = [0.0; 8];
    for (bad, index) in [f64::NAN, f64::INFINITY].into_iter().flat_map(|bad| (0..8).map(move |index| (bad, index))) {
        let with = |mut values: [f64; 8]| {
            values[index] = bad;
            values
        };
        let ones = [1.0; 8];
        for (gradient, terms) in [(with(zeros), ones), (zeros, with(ones))] {
            let mut certificate = certificate(&two_sets());
            certificate.add(StepSums { gradient: &gradient, absolute: &ones, terms: &terms });
            certificate.add(StepSums { gradient: &zeros, absolute: &ones, terms: &ones });
            assert_eq!(certificate.finding(), Finding::NotCertified, "{bad} at {index}");
        }
    }
    // A sum that nothing explains is more than any rounding.
    let mut unexplained = certificate(&two_sets());
    unexplained.add(StepSums { gradient: &noise(8, 1), absolute: &[1.0; 8], terms: &zeros });
    assert_eq!(unexplained.finding(), Finding::NotCertified);
}

#[test]
fn evidence_is_asked_of_every_set() {
    let (zeros, ones) = ([0.0; 8], [1.0; 8]);
    let mut certificate = certificate(&two_sets());
    assert_eq!((certificate.sets_without_evidence(), certificate.finding()), (2, Finding::NoEvidence));
    let first_alone = [1.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0];
    certificate.add(StepSums { gradient: &zeros, absolute: &first_alone, terms: &ones });
    assert_eq!((certificate.sets_without_evidence(), certificate.finding()), (1, Finding::NoEvidence));
    certificate.add(StepSums { gradient: &zeros, absolute: &[0.0, 0.0, 0.0, 0.0, 0.0, 1e-30, 0.0, 0.0], terms: &ones });
    certificate.add(StepSums { gradient: &zeros, absolute: &zeros, terms: &ones });
    assert_eq!((certificate.sets_without_evidence(), certificate.finding()), (0, Finding::Certified));
}

#[test]
fn nothing_redundant_is_at_work_whatever_its_gradient() {
    let redundancy = behind(Normalization::Rms, Mode::Training, &map(&Bias::Tied, 3, &[2, 2]));
    let certificate = after(&redundancy, &[1.0, 2.0, 3.0]);
    assert_eq!((certificate.sets(), certificate.worst_ratio(), certificate.finding()), (0, 0.0, Finding::AtWork));
}

/// What terms can exchange is held against ∂J/∂z itself, whose sums alone round; what a norm removes, against its terms.
#[test]
fn exchanges_between_terms_round_as_their_sums_do() {
    let bias = map(&Bias::Factorised, 2, &[2, 2]);
    let free = Redundancy::new(ShiftClass::Nothing, &bias).unwrap();
    // Σ over channels = Σ over rows = Σ over columns.
    let gradient = [3.0, 1.0, 2.0, 2.0, 0.0, 4.0];
    let mut certificate = certificate(&free);
    assert_eq!(certificate.sets(), 2);
    certificate.add(StepSums { gradient: &gradient, absolute: &[1.0; 6], terms: &[f64::NAN; 6] });
    assert_eq!((certificate.worst_ratio(), certificate.finding()), (0.0, Finding::Certified));
    let wrong = [3.0, 1.0, 2.0, 2.0, 0.0, 4.1];
    certificate.add(StepSums { gradient: &wrong, absolute: &[1.0; 6], terms: &[1e30; 6] });
    assert_eq!(certificate.finding(), Finding::NotCertified);
}

#[test]
fn progress_goes_on_to_the_same_bits() {
    let redundancy = two_sets();
    let mut whole = certificate(&redundancy);
    let steps: Vec<_> =
        (0..4).map(|seed| (noise(8, seed), noise(8, 9 + seed).iter().map(|x| x.abs()).collect::<Vec<_>>())).collect();
    for (index, (gradient, sizes)) in steps.iter().enumerate() {
        let mut resumed = certificate(&redundancy);
        let kept = serde_json::to_string(whole.progress()).unwrap();
        assert!(resumed.resume(serde_json::from_str(&kept).unwrap()));
        let step = StepSums { gradient, absolute: if index == 0 { &[0.0; 8] } else { sizes }, terms: sizes };
        whole.add(step);
        resumed.add(step);
        assert_eq!(whole.progress(), resumed.progress());
    }
    // Neither infinity nor what JSON cannot hold is lost.
    whole.add(StepSums { gradient: &[f64::NAN; 8], absolute: &[1.0; 8], terms: &[1.0; 8] });
    let kept: Progress = serde_json::from_str(&serde_json::to_string(whole.progress()).unwrap()).unwrap();
    assert!(whole.resume(kept) && whole.worst_ratio() == f64::INFINITY);
}

#[test]
fn progress_of_another_bias_is_refused() {
    let mut small = certificate(&two_sets());
    let other =
        certificate(&behind(Normalization::BatchPerActivation, Mode::Training, &map(&Bias::Untied, 2, &[2, 2])));
    assert!(!small.resume(other.progress().clone()));
    for text in [
        r#"{"worst_ratio":0,"without_evidence":[1,0]}"#,
        r#"{"worst_ratio":0,"without_evidence":[2]}"#,
        r#"{"worst_ratio":18446744073709551615,"without_evidence":[]}"#,
    ] {
        assert!(!small.resume(serde_json::from_str(text).unwrap()), "{text}");
    }
    assert_eq!(small.sets_without_evidence(), 2);
}

/// The channel at work of a hundred thousandth of the others' size, which norms over the layer hide.
#[test]
fn small_channels_do_not_hide_among_large_ones() {
    let bias = map(&Bias::Tied, 16, &[28, 28]);
    let redundancy = behind(Normalization::Batch, Mode::Training, &bias);
    let mut sizes = vec![1e-3 * 64.0 * 784.0; 16];
    let mut gradient = vec![0.1 * UNIT_ROUND_OFF_F32 * sizes[0]; 16];
    sizes[0] *= 1e-5;
    gradient[0] = 0.1 * sizes[0];
    let wide = norm(&redundancy.project(&gradient)) / redundancy.round_off(&sizes, UNIT_ROUND_OFF_F32);
    assert!(wide <= CERTIFICATE_FACTOR, "norms over the layer see nothing: {wide}");
    let mut certificate = certificate(&redundancy);
    certificate.add(StepSums { gradient: &gradient, absolute: &sizes, terms: &sizes });
    assert_eq!(certificate.finding(), Finding::NotCertified);
    assert!(certificate.worst_ratio() > 1e6);
}

fn any_bias() -> impl Strategy<Value = Bias> {
    prop_oneof![
        Just(Bias::Tied),
        Just(Bias::Untied),
        Just(Bias::UntiedAlong(vec![0])),
        Just(Bias::UntiedAlong(vec![1])),
        Just(Bias::Factorised)
    ]
}

proptest! {
    /// Any gradient without a redundant part passes; whatever is added along any redundant direction is seen.
    #[test]
    fn a_gradient_is_certified_if_it_has_no_redundant_part(
        bias in any_bias(), norm in 0_usize..Normalization::ALL.len(), seed in 0_usize..1000, chosen in any::<prop::sample::Index>(),
    ) {
        let redundancy = behind(Normalization::ALL[norm], Mode::Training, &map(&bias, 8, &[3, 4]));
        let gradient = redundancy.residual(&noise(redundancy.parameters(), seed));
        prop_assert_ne!(after(&redundancy, &gradient).finding(), Finding::NotCertified);
        let directions = redundancy.directions();
        if !directions.is_empty() {
            let mut wrong = gradient;
            directions[chosen.index(directions.len())].iter().for_each(|(k, factor)| wrong[*k] += 1e-4 * factor);
            prop_assert_eq!(after(&redundancy, &wrong).finding(), Finding::NotCertified);
        }
    }
}
