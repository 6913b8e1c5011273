use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::SeedableRng;
use rand_distr::{Distribution, StandardNormal};
use untied_redundancy::{CERTIFICATE_FACTOR, Mode, UNIT_ROUND_OFF_F32};

use crate::error::{LintError, refused};
use crate::graph::Graph;
use crate::import::{InputShapes, import};
use crate::onnx::{Model, rewritten};
use crate::run::run;

/// Random inputs on which both models are run.
const INPUTS: usize = 3;

/// How well two models agree on random inputs.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Agreement {
    /// The number of inputs.
    pub inputs: usize,
    /// The largest difference of two elements of outputs.
    pub difference: f64,
    /// The largest difference that a change of every parameter by one rounding makes.
    pub rounding: f64,
    /// The largest element of an output.
    pub largest: f64,
}

/// Runs both models in f64 on the same random inputs.
///
/// What rounding explains is measured: the original is run too with every parameter moved by one unit of round-off of
/// f32, up or down at random. Up to [`CERTIFICATE_FACTOR`] times that difference counts as agreement.
///
/// # Errors
/// If a model cannot be run, or both disagree.
pub(super) fn prove(
    before: &Model,
    after: &Model,
    shapes: &InputShapes,
    verb: &'static str,
) -> Result<Agreement, LintError> {
    let after = Model::decode(&after.encode(), after.path())?;
    let jittered = jittered(before);
    let graphs = [before, &after, &jittered].map(|model| import(model, shapes));
    let [before, after, jittered] = graphs;
    let (before, after, jittered) = (before?, after?, jittered?);
    if let Some((node, reason)) = before.unknown().next() {
        let reason =
            format!("it cannot be run to compare: {} ({}) is not understood: {reason}", node.name, node.operator);
        return Err(refused(verb, reason));
    }
    let mut random = ChaCha8Rng::seed_from_u64(0);
    let mut agreement = Agreement { inputs: INPUTS, difference: 0.0, rounding: 0.0, largest: 0.0 };
    for _ in 0..INPUTS {
        let mut normal = |size| (0..size).map(|_| StandardNormal.sample(&mut random)).collect();
        let inputs: Vec<Vec<f64>> = sizes(&before).into_iter().map(&mut normal).collect();
        let [y, other, moved] = [&before, &after, &jittered].map(|graph| run(graph, Mode::Evaluation, &inputs));
        agreement.difference = agreement.difference.max(distance(&y, &other));
        agreement.rounding = agreement.rounding.max(distance(&y, &moved));
        agreement.largest = y.iter().flatten().fold(agreement.largest, |largest, y| largest.max(y.abs()));
    }
    let Agreement { difference, rounding, .. } = agreement;
    if difference <= CERTIFICATE_FACTOR * rounding {
        Ok(agreement)
    } else {
        Err(LintError::Disagrees { difference, rounding })
    }
}

fn sizes(graph: &Graph) -> Vec<usize> {
    graph.inputs.iter().map(|&input| graph.size(input)).collect()
}

/// The largest difference of two elements; infinite where one is not a number.
fn distance(a: &[Vec<f64>], b: &[Vec<f64>]) -> f64 {
    let differences = a.iter().flatten().zip(b.iter().flatten()).map(|(a, b)| (a - b).abs());
    differences.fold(0.0, |most, difference| if difference.is_nan() { f64::INFINITY } else { most.max(difference) })
}

/// The model with every parameter moved by one unit of round-off.
fn jittered(model: &Model) -> Model {
    let mut jittered = model.clone();
    let mut sign = 1.0;
    for tensor in &mut jittered.graph_mut().initializer {
        let Ok(Some(values)) = crate::onnx::values(tensor) else { continue };
        if !crate::onnx::is_float(tensor.data_type.unwrap_or_default()) {
            continue;
        }
        let mut move_ = |value: f64| {
            // Two steps, since one from the middle of two numbers can round back.
            sign = -sign;
            value * (1.0 + 2.0 * sign * UNIT_ROUND_OFF_F32)
        };
        let moved: Vec<f64> = values.values.into_iter().map(&mut move_).collect();
        if let Some(moved) = rewritten(tensor, &moved) {
            *tensor = moved;
        }
    }
    jittered
}
