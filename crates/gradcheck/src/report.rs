//! Findings of a gradient check.

use std::fmt;

use crate::Input;

/// One element of one gradient, seen from both sides.
#[derive(Debug, Clone, PartialEq)]
pub struct Element {
    /// Name of the input.
    pub input: String,
    /// Index into the input, per axis.
    pub index: Vec<usize>,
    /// The gradient under test.
    pub given: f64,
    /// By central differences.
    pub numeric: f64,
    /// |given − numeric| / max(1, |given|, |numeric|).
    pub error: f64,
}

/// The outcome of a gradient check: the worst element of every input.
#[derive(Debug, Clone, PartialEq)]
pub struct Report {
    /// The worst element of each input, in the order of the inputs.
    pub worst: Vec<Element>,
    /// Elements compared.
    pub elements: usize,
    /// Largest error that passes.
    pub tolerance: f64,
}

impl Report {
    pub(crate) fn new(inputs: &[Input], given: &[Vec<f64>], numeric: &[Vec<f64>], tolerance: f64) -> Self {
        assert_eq!(given.len(), inputs.len(), "gradcheck: one gradient per input");
        let worst = inputs.iter().zip(given).zip(numeric).filter_map(|((input, a), n)| worst_element(input, a, n));
        Self { worst: worst.collect(), elements: inputs.iter().map(|input| input.values.len()).sum(), tolerance }
    }

    /// Whether every element is within the tolerance; NaN is not.
    #[must_use]
    pub fn passes(&self) -> bool {
        self.worst.iter().all(|element| element.error <= self.tolerance)
    }

    /// The largest error of all.
    #[must_use]
    pub fn error(&self) -> f64 {
        self.worst.iter().map(|element| element.error).fold(0.0, nan_or_max)
    }

    /// Does nothing where the check passes.
    ///
    /// # Panics
    /// With the report where it does not.
    #[track_caller]
    pub fn assert(&self) {
        assert!(self.passes(), "{self}");
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let verdict = if self.passes() { "agree" } else { "disagree" };
        writeln!(
            f,
            "gradients {verdict}: {} elements, tolerance {:.0e}; worst of each input:",
            self.elements, self.tolerance
        )?;
        for Element { input, index, given, numeric, error } in &self.worst {
            writeln!(
                f,
                "  {input}{index:?}: given {given:+.9e}, central difference {numeric:+.9e}, error {error:.1e}"
            )?;
        }
        Ok(())
    }
}

fn worst_element(input: &Input, given: &[f64], numeric: &[f64]) -> Option<Element> {
    assert_eq!(given.len(), numeric.len(), "gradcheck: length of the gradient of `{}`", input.name);
    let errors = given.iter().zip(numeric).map(|(&a, &n)| (a - n).abs() / 1f64.max(a.abs()).max(n.abs()));
    let worse = |best: Option<(usize, f64)>, (index, error): (usize, f64)| match best {
        Some((_, largest)) if largest.is_nan() || error <= largest => best,
        _ => Some((index, error)),
    };
    errors.enumerate().fold(None, worse).map(|(flat, error)| Element {
        input: input.name.clone(),
        index: unravel(flat, &input.shape),
        given: given[flat],
        numeric: numeric[flat],
        error,
    })
}

fn unravel(mut flat: usize, shape: &[usize]) -> Vec<usize> {
    let mut index = vec![0; shape.len()];
    for (index, &side) in index.iter_mut().zip(shape).rev() {
        *index = flat % side;
        flat /= side;
    }
    index
}

fn nan_or_max(a: f64, b: f64) -> f64 {
    if a.is_nan() || b.is_nan() { f64::NAN } else { a.max(b) }
}
