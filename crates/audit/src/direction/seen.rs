use untied_redundancy::Finding;

use super::{Along, Family};

/// What the passes tell of the directions of a family.
///
/// Of a direction d, with ∂J/∂θ as computed for the cotangents a, b and a + b at one point:
///
/// ```text
/// v = ⟨d, g(a+b)⟩        the change of J along d, 0 in exact arithmetic if d is redundant
/// e = ⟨d, g(a+b) − g(a) − g(b)⟩        0 in exact arithmetic for every d, since a backward pass is linear: nothing but rounding
/// ```
///
/// so that rounding explains what |e| is on average, and no less than the unit round-off times Σ|dₖ gₖ|, as each gₖ is
/// rounded at the end. The *ratio* of a direction is its largest |v| over passes, by the root mean square of |e|.
#[derive(Debug)]
pub(crate) struct Seen {
    passes: usize,
    sets: Vec<Set>,
}

#[derive(Debug, Clone, Copy, Default)]
struct Set {
    /// The largest |v|.
    largest: f64,
    /// Σ e².
    errors: f64,
    /// Σ (Σ|dₖ gₖ|)².
    sizes: f64,
    /// The largest |v| / Σ|dₖ gₖ|.
    share: f64,
}

/// One pass: the values of the parameter, g(a+b) and g(a+b) − g(a) − g(b), one for each element.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Pass<'a> {
    pub(crate) values: &'a [f64],
    pub(crate) gradient: &'a [f64],
    pub(crate) error: &'a [f64],
}

impl Seen {
    pub(crate) fn new(family: &Family) -> Self {
        Self { passes: 0, sets: vec![Set::default(); family.partition.sets()] }
    }

    pub(crate) fn add(&mut self, family: &Family, pass: Pass<'_>) {
        let mut sums = vec![[0.0; 3]; self.sets.len()];
        for (element, set) in family.partition.index().enumerate() {
            let along = if family.along == Along::Scale { pass.values[element] } else { 1.0 };
            let [v, e] = [pass.gradient, pass.error].map(|of| along * of[element]);
            let [sum, errors, size] = &mut sums[set];
            (*sum, *errors, *size) = (*sum + v, *errors + e, *size + v.abs());
        }
        self.passes += 1;
        for (set, [v, e, size]) in self.sets.iter_mut().zip(sums) {
            set.largest = set.largest.max(v.abs());
            set.errors += e * e;
            set.sizes += size * size;
            set.share = if size > 0.0 { set.share.max(v.abs() / size) } else { set.share };
        }
    }

    /// What rounding explains of |v|, with the unit round-off and the smallest normal number.
    pub(crate) fn explained(&self, set: usize, [unit, least]: [f64; 2]) -> f64 {
        let of = &self.sets[set];
        let root_mean = |sum: f64| (sum / self.passes as f64).sqrt();
        root_mean(of.errors).max(unit * root_mean(of.sizes)) + least
    }

    pub(crate) fn ratio(&self, set: usize, rounding: [f64; 2]) -> f64 {
        self.sets[set].largest / self.explained(set, rounding)
    }

    /// Certified, not certified, or without evidence: every gradient of the set was exactly 0.
    pub(crate) fn finding(&self, set: usize, rounding: [f64; 2]) -> Finding {
        let without_evidence = usize::from(self.sets[set].sizes == 0.0);
        Finding::of(1, without_evidence, self.ratio(set, rounding))
    }

    /// The largest share of a set's terms that is left of their sum.
    pub(crate) fn share(&self) -> f64 {
        self.sets.iter().map(|set| set.share).fold(0.0, f64::max)
    }
}

#[cfg(test)]
mod tests {
    use untied_redundancy::CERTIFICATE_FACTOR;

    use super::*;
    use crate::direction::families;

    const F64: [f64; 2] = [untied_redundancy::UNIT_ROUND_OFF_F64, f64::MIN_POSITIVE];

    fn seen(gradient: &[f64], error: &[f64]) -> Vec<Finding> {
        let family = &families(&[gradient.len()])[0];
        let mut seen = Seen::new(family);
        (0..4).for_each(|_| seen.add(family, Pass { values: gradient, gradient, error }));
        (0..gradient.len()).map(|set| seen.finding(set, F64)).collect()
    }

    #[test]
    fn a_gradient_within_its_rounding_is_certified_and_zero_is_no_evidence() {
        let found = seen(&[31e-16, 33e-16, 0.0, 1.0], &[1e-16, 1e-16, 0.0, 1e-16]);
        assert_eq!(found, [Finding::Certified, Finding::NotCertified, Finding::NoEvidence, Finding::NotCertified]);
        assert_eq!(CERTIFICATE_FACTOR, 32.0);
    }

    #[test]
    fn without_an_error_only_the_last_rounding_counts() {
        assert_eq!(seen(&[1e-16], &[0.0]), [Finding::NotCertified]);
    }
}
