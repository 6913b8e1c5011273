//! The values of the biases, to be looked at.

use untied_study::{BiasMap, MeasureConfig, Measured};

use crate::TrainerError;
use crate::emit::Emit;
use crate::measure::measurement::{Measurement, Sizes};
use crate::measure::subject::Subject;
use crate::model::plan::BiasPlan;
use crate::model::tensors::host;

/// `measure.bias_maps`.
pub(super) struct BiasMaps;

impl Measurement for BiasMaps {
    fn check(&self, _config: &MeasureConfig, _sizes: &Sizes<'_>) -> Result<(), TrainerError> {
        Ok(())
    }

    fn run(&self, subject: &Subject<'_>, _emit: &mut Emit<'_>, measured: &mut Measured) {
        if subject.config.measure.bias_maps {
            measured.bias_maps = maps(subject);
        }
    }
}

fn maps(subject: &Subject<'_>) -> Vec<BiasMap> {
    let map = |plan: &BiasPlan| {
        let bias = subject.model.bias(plan.node)?;
        let shape = bias.dims();
        let values = host(bias).into_iter().map(four_digits).collect();
        Some(BiasMap { layer: plan.layer.clone(), shape, values })
    };
    subject.plan.biases.iter().filter_map(map).collect()
}

/// The nearest number with four significant digits.
fn four_digits(value: f64) -> f64 {
    format!("{value:.3e}").parse().unwrap_or(value)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_of_maps_are_short() {
        assert_eq!(four_digits(-0.123_456), -0.1235);
        assert_eq!(four_digits(1.0e-9 / 3.0), 3.333e-10);
        assert_eq!(four_digits(0.0), 0.0);
    }
}
