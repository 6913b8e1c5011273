//! The normalizations, written entry by entry: each entry finds the others of its statistics set by itself.

use untied_redundancy::{Mode, Normalization};

use super::dual::Dual;

pub(crate) const IMAGES: usize = 3;
/// Large, so that sets of two entries keep derivatives far above rounding.
const EPSILON: f64 = 0.1;

/// A normalization in one of the modes.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Case {
    pub(crate) normalization: Normalization,
    pub(crate) mode: Mode,
}

impl Case {
    /// Whether statistics are constants.
    fn frozen(self) -> bool {
        let batch = matches!(self.normalization, Normalization::Batch | Normalization::BatchPerActivation);
        batch && self.mode != Mode::Training
    }
}

/// Whether two entries (n, c, l) share their statistics.
fn share(normalization: Normalization, channels: usize, a: [usize; 3], b: [usize; 3]) -> bool {
    match normalization {
        Normalization::None => a == b,
        Normalization::Batch => a[1] == b[1],
        Normalization::BatchPerActivation => a[1..] == b[1..],
        Normalization::Instance | Normalization::FilterResponse => a[..2] == b[..2],
        Normalization::Group(groups) => a[0] == b[0] && a[1] / (channels / groups) == b[1] / (channels / groups),
        Normalization::Layer | Normalization::Rms => a[0] == b[0],
    }
}

fn mean(values: &[Dual]) -> Dual {
    values.iter().copied().sum::<Dual>() / Dual::constant(values.len() as f64)
}

fn normalize_entry(case: Case, z: Dual, set: &[Dual]) -> Dual {
    let square =
        |values: &[Dual], centre: Dual| values.iter().map(|&v| (v - centre) * (v - centre)).collect::<Vec<_>>();
    let (centre, variance) = match case.normalization {
        Normalization::None => return z,
        _ if case.frozen() => (Dual::constant(0.3), Dual::constant(1.7)),
        Normalization::Rms | Normalization::FilterResponse => {
            (Dual::constant(0.0), mean(&square(set, Dual::constant(0.0))))
        }
        _ => (mean(set), mean(&square(set, mean(set)))),
    };
    (z - centre) / (variance + Dual::constant(EPSILON)).sqrt()
}

/// The normalized `z` of dimensions [`IMAGES`, `channels`, `locations`].
pub(crate) fn normalize(case: Case, channels: usize, locations: usize, z: &[Dual]) -> Vec<Dual> {
    let position = |i: usize| [i / locations / channels, i / locations % channels, i % locations];
    let set = |i| -> Vec<Dual> {
        let of_set = |&j: &usize| share(case.normalization, channels, position(i), position(j));
        (0..z.len()).filter(of_set).map(|j| z[j]).collect()
    };
    (0..z.len()).map(|i| normalize_entry(case, z[i], &set(i))).collect()
}
