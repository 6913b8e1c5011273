//! The rank of what a bias does to the outputs, by finite differences of the executor.

use nalgebra::DMatrix;
use untied_redundancy::Mode;

use super::generate::Generated;
use crate::findings::biases;
use crate::graph::{Graph, ValueId};
use crate::import::{InputShapes, import};
use crate::run::run;

/// Draws of weights, biases and inputs, as a rule.
pub(super) const DRAWS: usize = 4;

/// The step of the differences: small, since a maximum must not change its element between them.
const STEP: f64 = 1e-5;

/// Two slopes that differ by more have a kink between them.
const KINK: f64 = 1e-6;

/// Singular values count as zero below this share of the largest, or of 1, about the size of outputs.
const ZERO: f64 = 1e-8;

/// The rank of each bias's Jacobian, stacked over so many draws.
pub(super) fn ranks(generated: &mut Generated, mode: Mode, draws: usize) -> Vec<usize> {
    let mut columns: Vec<Vec<Vec<f64>>> = vec![];
    // Most draws are smooth.
    let smooth = (0..20 * draws).filter_map(|_| jacobians(generated, mode)).take(draws);
    for drawn in smooth {
        columns.resize(drawn.len(), vec![]);
        for (columns, drawn) in columns.iter_mut().zip(drawn) {
            columns.resize(drawn.len(), vec![]);
            columns.iter_mut().zip(drawn).for_each(|(column, drawn)| column.extend(drawn));
        }
    }
    columns.iter().map(|columns| rank(columns)).collect()
}

/// The Jacobian of each bias, column by column, of one draw; none where a maximum changes its element between differences.
fn jacobians(generated: &mut Generated, mode: Mode) -> Option<Vec<Vec<Vec<f64>>>> {
    let (model, inputs) = generated.drawn();
    let mut graph = import(&model, &InputShapes::new()).expect("a graph that was read before");
    let mut of = |value| {
        (0..graph.size(value)).map(|at| derivative(&mut graph, value, at, mode, &inputs)).collect::<Option<Vec<_>>>()
    };
    let values: Vec<ValueId> =
        biases(&import(&model, &InputShapes::new()).ok()?).iter().map(|bias| bias.value).collect();
    values.into_iter().map(&mut of).collect()
}

/// The derivative of all outputs by one parameter, of fourth order in the step; none where it is not smooth.
fn derivative(graph: &mut Graph, bias: ValueId, parameter: usize, mode: Mode, inputs: &[Vec<f64>]) -> Option<Vec<f64>> {
    let constant = graph.values[bias].constant.clone().expect("an initializer");
    let mut at = |step: f64| {
        let mut moved = (*constant).clone();
        moved.values[parameter] += step;
        graph.values[bias].constant = Some(moved.into());
        run(graph, mode, inputs).concat()
    };
    let [a, b, c, d] = [-2.0, -1.0, 1.0, 2.0].map(|steps| at(steps * STEP));
    graph.values[bias].constant = Some(constant);
    let slope = |index: usize| {
        let (near, far) = ((c[index] - b[index]) / (2.0 * STEP), (d[index] - a[index]) / (4.0 * STEP));
        ((near - far).abs() <= KINK * (1.0 + near.abs())).then_some((4.0 * near - far) / 3.0)
    };
    (0..a.len()).map(slope).collect()
}

fn rank(columns: &[Vec<f64>]) -> usize {
    let matrix = DMatrix::from_iterator(columns[0].len(), columns.len(), columns.iter().flatten().copied());
    let values = matrix.singular_values();
    values.iter().filter(|value| **value > ZERO * values.max().max(1.0)).count()
}
