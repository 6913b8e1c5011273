//! What `[measure]` asks for, measured on the trained model.

use burn::module::Module;
use untied_study::{BiasMap, MeasureConfig, Measured, Translated};

use crate::adaptation::adaptations;
use crate::architecture::BlockPlan;
use crate::evaluation::{Evaluation, evaluate};
use crate::jacobian::ranks;
use crate::measurement::host;
use crate::run::Run;
use crate::training::Emit;

/// Everything that the config asks for.
pub(crate) fn measured(run: &Run<'_>, emit: &mut Emit<'_>) -> Measured {
    let MeasureConfig { jacobian, bias_maps, translate, shift } = &run.config.measure;
    Measured {
        jacobian: if *jacobian { ranks(run, emit) } else { Vec::new() },
        translated: translate.iter().map(|&pixels| translated(run, pixels)).collect(),
        adaptations: shift.as_ref().map_or_else(Vec::new, |shift| adaptations(run, shift, emit)),
        bias_maps: if *bias_maps { maps(run) } else { Vec::new() },
    }
}

/// Test metrics of images moved up, down, left and right.
fn translated(run: &Run<'_>, pixels: usize) -> Translated {
    let (model, far) = (run.model.valid(), pixels as isize);
    let device = run.device.clone().without_autodiff();
    let each = [[-far, 0], [far, 0], [0, -far], [0, far]]
        .map(|way| evaluate(&model, &run.dataset.test.moved(way), &run.input, &device, run.dtype));
    let mean = |of: fn(&Evaluation) -> f64| each.iter().map(of).sum::<f64>() / each.len() as f64;
    Translated { pixels, accuracy: mean(|one| one.accuracy), loss: mean(|one| one.loss) }
}

fn maps(run: &Run<'_>) -> Vec<BiasMap> {
    let map = |(index, plan): (usize, &BlockPlan)| {
        let bias = run.model.blocks[index].bias()?;
        let values = host(bias.val()).into_iter().map(four_digits).collect();
        Some(BiasMap { layer: BlockPlan::name(index), shape: plan.bias.as_ref()?.dims, values })
    };
    run.plan.blocks.iter().enumerate().filter_map(map).collect()
}

/// The nearest number with four significant digits: maps are to be looked at.
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
