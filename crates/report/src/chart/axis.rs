//! Number lines and their ticks.

use std::ops::Range;

use crate::document::number::{fixed, power_of_ten};

/// A number line and its ticks. Logarithms are the caller's: they are numbers like others.
#[derive(Debug, Clone)]
pub(crate) struct Axis {
    pub(crate) range: Range<f64>,
    pub(crate) ticks: Vec<(f64, String)>,
}

impl Axis {
    /// About as many ticks as asked for or fewer, at multiples of 1, 2 or 5 times a power of ten, with as many decimals as
    /// they need.
    pub(crate) fn linear(range: Range<f64>, most: usize) -> Self {
        let step = nice_step((range.end - range.start) / most as f64);
        let decimals = (-step.log10().floor()).clamp(0.0, 9.0) as usize;
        Self::steps(range, step, |value| match value.abs() {
            size if size >= 1e6 => fixed(value),
            size if size < step * 1e-3 => "0".into(),
            _ => format!("{value:.decimals$}").replace('-', "−"),
        })
    }

    /// [`Axis::linear`] for whole numbers.
    pub(crate) fn whole(range: Range<f64>, most: usize) -> Self {
        let step = nice_step((range.end - range.start) / most as f64).max(1.0);
        Self::steps(range, step, |value| format!("{value:.0}"))
    }

    /// Ticks at the multiples of a step.
    pub(crate) fn steps(range: Range<f64>, step: f64, label: impl Fn(f64) -> String) -> Self {
        let [first, last] = [(range.start / step - 1e-9).ceil() as i64, (range.end / step + 1e-9).floor() as i64];
        let ticks = (first..=last).map(|tick| tick as f64 * step).map(|value| (value, label(value))).collect();
        Self { range, ticks }
    }

    /// Ticks at powers of ten, of which the range holds the logarithms.
    pub(crate) fn decades(range: Range<f64>, most: usize) -> Self {
        let step = ((range.end - range.start) / most as f64).ceil().max(1.0);
        Self::steps(range, step, |log| power_of_ten(log.round() as i32))
    }

    /// Ticks at the values themselves, at their logarithms.
    pub(crate) fn log(mut values: Vec<f64>, label: impl Fn(f64) -> String) -> Self {
        values.retain(|value| *value > 0.0 && value.is_finite());
        values.sort_unstable_by(f64::total_cmp);
        values.dedup();
        let ticks: Vec<(f64, String)> = values.into_iter().map(|value| (value.log10(), label(value))).collect();
        let ends = ticks.first().zip(ticks.last()).map_or([0.0, 0.0], |(first, last)| [first.0, last.0]);
        let air = ((ends[1] - ends[0]) * 0.06).max(0.05);
        Self { range: ends[0] - air..ends[1] + air, ticks }
    }

    /// The share of the line below a value; values beyond the ends lie on them.
    pub(crate) fn share(&self, value: f64) -> f64 {
        ((value - self.range.start) / (self.range.end - self.range.start)).clamp(0.0, 1.0)
    }
}

/// The smallest of 1, 2 and 5 times a power of ten that is no smaller than the least step.
fn nice_step(least: f64) -> f64 {
    let power = 10f64.powf(least.log10().floor());
    [1.0, 2.0, 5.0].map(|factor| factor * power).into_iter().find(|step| *step >= least).unwrap_or(10.0 * power)
}

/// Numbers beyond this are off every scale.
const LARGEST: f64 = 1e12;

/// A range around the values that can be divided: of sensible numbers, not empty, with a little air.
pub(crate) fn around(values: impl Iterator<Item = f64>) -> Range<f64> {
    let (low, high) = values
        .filter(|value| value.abs() <= LARGEST)
        .fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), value| (low.min(value), high.max(value)));
    if low > high {
        return 0.0..1.0;
    }
    let size = low.abs().max(high.abs());
    let air = ((high - low) * 0.06).max(size * 1e-4).max(1e-9);
    low - air..high + air
}

#[cfg(test)]
mod tests {
    use super::*;

    fn labels(axis: &Axis) -> Vec<&str> {
        axis.ticks.iter().map(|(_, label)| label.as_str()).collect()
    }

    #[test]
    fn ticks_are_round_numbers_with_the_decimals_that_they_need() {
        assert_eq!(labels(&Axis::linear(-0.012..0.021, 6)), ["−0.01", "0", "0.01", "0.02"]);
        assert_eq!(labels(&Axis::linear(0.861..0.893, 6)), ["0.87", "0.88", "0.89"]);
        assert_eq!(labels(&Axis::linear(0.0..1.0, 5)), ["0", "0.2", "0.4", "0.6", "0.8", "1.0"]);
        assert_eq!(labels(&Axis::whole(1.0..5.0, 6)), ["1", "2", "3", "4", "5"]);
        assert_eq!(labels(&Axis::whole(0.0..1170.0, 5)), ["0", "500", "1000"]);
        assert_eq!(labels(&Axis::decades(-1.4..6.4, 8)), ["10⁻¹", "1", "10", "10²", "10³", "10⁴", "10⁵", "10⁶"]);
        assert_eq!(labels(&Axis::decades(-18.0..0.0, 7)), ["10⁻¹⁸", "10⁻¹⁵", "10⁻¹²", "10⁻⁹", "10⁻⁶", "10⁻³", "1"]);
    }

    #[test]
    fn every_range_of_values_has_few_ticks() {
        for values in [vec![], vec![0.0], vec![1e12, -1e12], vec![0.1, 0.1 + 1e-15], vec![f64::NAN, f64::MAX]] {
            let axis = Axis::linear(around(values.iter().copied()), 6);
            assert!((1..=8).contains(&axis.ticks.len()), "{values:?}: {axis:?}");
        }
    }
}
