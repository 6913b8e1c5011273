use burn::module::Module;
use burn::tensor::{DType, Tensor};
use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;
use untied_redundancy::{UNIT_ROUND_OFF_F32, UNIT_ROUND_OFF_F64};

use crate::module::{Cotangent, Gradient, Known, Parameter, Probe, own, parameters, point};
use crate::observed::Observed;
use crate::{Audit, AuditError, AuditOptions};

/// Passes beyond a tensor's elements before its rank is asked for.
const MORE_ROWS: usize = 8;

/// The largest difference of outputs from call to call, in units of round-off of the largest: sums in another order.
const SAME: f64 = 1024.0;

/// The largest relative difference of g(4a) and 4·g(a), which only another order of sums makes: 4 is a power of 2.
const LINEAR: f64 = 0.01;

/// Which directions of a module's parameters change nothing.
///
/// `outputs` gives whatever is to count, for fixed inputs: class scores, their logarithmic softmax if the loss begins with
/// one, or the loss itself; of several tensors a concatenation. It is called with copies of the module whose parameters
/// have moved a little, in training mode, and must use the parameters of the module that it is given. The module itself
/// and its running statistics stay as they are; the random numbers of its devices are seeded before every call.
///
/// Every direction of a family is held against round-off by itself: the module's documentation has the equations.
///
/// # Errors
/// If an option is out of range, nothing trains, a parameter is neither f32 nor f64, outputs are no finite numbers, do not
/// depend on the parameters or change from call to call, or gradients are not linear in the cotangent.
///
/// # Panics
/// If `outputs` does.
pub fn audit<M: Module, const D: usize>(
    module: &M,
    outputs: impl Fn(&M) -> Tensor<D>,
    options: &AuditOptions,
) -> Result<Audit, AuditError> {
    options.check()?;
    let own = own(module, options.dtype);
    let parameters = parameters(&own);
    let mut observed: Vec<Observed> = parameters.iter().map(observe).collect::<Result<_, _>>()?;
    if observed.is_empty() {
        return Err(AuditError::NothingTrains);
    }
    let mut random = ChaCha8Rng::seed_from_u64(options.seed);
    let double = parameters.iter().all(|of| of.dtype == DType::F64);
    let unit = if double { UNIT_ROUND_OFF_F64 } else { UNIT_ROUND_OFF_F32 };
    let probe = Probe { outputs: &outputs, seed: options.seed, same: SAME * unit };
    let count = check(&probe, &point(&own, options.spread, &mut random), &parameters, &mut random)?;
    for _ in 0..options.passes {
        let at = point(&own, options.spread, &mut random);
        let [a, b] = [(); 2].map(|()| Cotangent::random(count, &mut random));
        let known = &mut Known::default();
        let of_sum = probe.gradients(&at, &a.plus(&b), known)?;
        let of_parts = [probe.gradients(&at, &a, known)?, probe.gradients(&at, &b, known)?];
        finite(&parameters, &of_sum)?;
        let values = crate::module::parameters(&at).into_iter().map(|parameter| parameter.values);
        for (index, (observed, values)) in observed.iter_mut().zip(values).enumerate() {
            observed.add(&values, &of_sum[index], [&of_parts[0][index], &of_parts[1][index]], options.rank_up_to);
        }
    }
    let smallest = |observed: &Observed| Some(observed.elements()).filter(|&elements| elements <= options.rank_up_to);
    let rows = observed.iter().filter_map(smallest).max().map_or(0, |most| most + MORE_ROWS);
    for _ in 2 * options.passes..rows {
        let at = point(&own, options.spread, &mut random);
        let gradients = probe.gradients(&at, &Cotangent::random(count, &mut random), &mut Known::default())?;
        finite(&parameters, &gradients)?;
        observed.iter_mut().zip(gradients).for_each(|(observed, of)| observed.add_row(of, options.rank_up_to));
    }
    let parameters = parameters.iter().zip(&observed).map(|(parameter, observed)| observed.findings(parameter));
    Ok(Audit { parameters: parameters.collect(), outputs: count, passes: options.passes })
}

fn observe(parameter: &Parameter) -> Result<Observed, AuditError> {
    let rounding = match parameter.dtype {
        DType::F64 => [UNIT_ROUND_OFF_F64, f64::MIN_POSITIVE],
        DType::F32 => [UNIT_ROUND_OFF_F32, f64::from(f32::MIN_POSITIVE)],
        other => {
            return Err(AuditError::Precision { parameter: parameter.name.clone(), found: format!("{other:?}") });
        }
    };
    Ok(Observed::new(parameter, rounding))
}

/// The number of outputs, of outputs that are the same in every call and gradients that are linear in the cotangent.
fn check<M: Module, F: Fn(&M) -> Tensor<D>, const D: usize>(
    probe: &Probe<'_, F>,
    at: &M,
    parameters: &[Parameter],
    random: &mut ChaCha8Rng,
) -> Result<usize, AuditError> {
    let known = &mut Known::default();
    probe.values(at, known)?;
    probe.values(at, known)?;
    let cotangent = Cotangent::random(known.count(), random);
    let [once, often] = [probe.gradients(at, &cotangent, known)?, probe.gradients(at, &cotangent.times(4.0), known)?];
    finite(parameters, &once)?;
    for ((parameter, once), often) in parameters.iter().zip(&once).zip(&often) {
        let size: f64 = once.iter().map(|value| 4.0 * value.abs()).sum();
        let difference: f64 = once.iter().zip(often).map(|(one, other)| (4.0 * one - other).abs()).sum();
        if !difference.le(&(LINEAR * size)) {
            let found = if size > 0.0 { difference / size } else { f64::INFINITY };
            return Err(AuditError::NotLinear { parameter: parameter.name.clone(), found });
        }
    }
    Ok(known.count())
}

fn finite(parameters: &[Parameter], gradients: &[Gradient]) -> Result<(), AuditError> {
    for (parameter, gradient) in parameters.iter().zip(gradients) {
        if let Some(&found) = gradient.iter().find(|value| !value.is_finite()) {
            return Err(AuditError::NotFinite { place: format!("the gradient of {}", parameter.name), found });
        }
    }
    Ok(())
}
