//! Sums, products, and what leaves its input as it is.

use super::builder::Builder;
use super::call::Call;
use super::mapped::Mapped;
use crate::graph::{Function, Map, Operation, PoolKind, Reduction, ValueId};

/// The shape of two tensors that broadcasting makes alike.
pub(super) fn broadcast(a: &[usize], b: &[usize]) -> Result<Vec<usize>, String> {
    let rank = a.len().max(b.len());
    let size = |shape: &[usize], axis: usize| (axis + shape.len()).checked_sub(rank).map_or(1, |axis| shape[axis]);
    let joined = |axis: usize| match (size(a, axis), size(b, axis)) {
        (a, b) if a == b || b == 1 => Some(a),
        (1, b) => Some(b),
        _ => None,
    };
    (0..rank).map(joined).collect::<Option<_>>().ok_or_else(|| format!("its inputs {a:?} and {b:?} do not fit"))
}

pub(super) fn arithmetic(builder: &mut Builder<'_>, call: &Call<'_>) -> Mapped {
    let inputs: Vec<ValueId> = (0..call.given()).map(|position| call.input(position)).collect::<Result<_, _>>()?;
    let first = *inputs.first().ok_or("it has no inputs")?;
    let mut shape = builder.shape(first)?;
    for &input in &inputs[1..] {
        shape = broadcast(&shape, &builder.shape(input)?)?;
    }
    if builder.opset() < 7 && call.int("broadcast", 0) != 0 {
        return Err("it broadcasts by the rules before opset 7".to_owned());
    }
    let value = match (call.operator(), inputs.as_slice()) {
        ("Neg", [x]) => builder.add(sum(vec![(Map::Same, -1.0)]), &[*x], &shape)?,
        ("Sub", [x, mean]) => subtracted(builder, *x, *mean, &shape)?,
        ("Add", [_, _]) | ("Sum", _) => added(builder, &inputs, &shape)?,
        ("Mul" | "Div", [a, b]) => multiplied(builder, [*a, *b], call.operator() == "Div", &shape)?,
        (_, inputs) => return Err(format!("it has {} inputs", inputs.len())),
    };
    Ok(vec![value])
}

fn sum(maps: Vec<(Map, f64)>) -> Operation {
    Operation::Sum { maps, fill: 0.0, adds: true }
}

fn added(builder: &mut Builder<'_>, inputs: &[ValueId], shape: &[usize]) -> Result<ValueId, String> {
    let map = |&input: &ValueId| Ok((Map::broadcast(&builder.shape(input)?, shape), 1.0));
    let maps = inputs.iter().map(map).collect::<Result<_, String>>()?;
    builder.add(sum(maps), inputs, shape)
}

/// A difference; of a tensor and its own mean, as exporters write layer norm, a centring.
fn subtracted(builder: &mut Builder<'_>, x: ValueId, other: ValueId, shape: &[usize]) -> Result<ValueId, String> {
    if let Some(node) = builder.producer(other)
        && node.inputs == [x]
        && builder.shape(x)? == shape
    {
        match &node.operation {
            Operation::Reduce { sets, reduction: Reduction::Mean } if builder.shape(other)?.len() == shape.len() => {
                let sets = sets.clone();
                return builder.add(Operation::Centre { sets }, &[x], shape);
            }
            _ => {}
        }
    }
    let [a, b] = [builder.shape(x)?, builder.shape(other)?];
    let maps = vec![(Map::broadcast(&a, shape), 1.0), (Map::broadcast(&b, shape), -1.0)];
    builder.add(sum(maps), &[x, other], shape)
}

pub(super) fn multiplied(
    builder: &mut Builder<'_>,
    inputs: [ValueId; 2],
    divides: bool,
    shape: &[usize],
) -> Result<ValueId, String> {
    let [a, b] = inputs.map(|input| builder.shape(input));
    let maps = [Map::broadcast(&a?, shape), Map::broadcast(&b?, shape)];
    builder.add(Operation::Product { maps, divides }, &inputs, shape)
}

/// Adds a vector with one element for each index along an axis.
pub(super) fn add_along(
    builder: &mut Builder<'_>,
    x: ValueId,
    vector: ValueId,
    axis: usize,
    factor: f64,
) -> Result<ValueId, String> {
    let (shape, maps) = along(builder, x, vector, axis)?;
    let maps = vec![(Map::Same, 1.0), (maps, factor)];
    builder.add(sum(maps), &[x, vector], &shape)
}

/// Multiplies by a vector with one element for each index along an axis.
pub(super) fn multiply_along(
    builder: &mut Builder<'_>,
    x: ValueId,
    vector: ValueId,
    axis: usize,
) -> Result<ValueId, String> {
    let (shape, map) = along(builder, x, vector, axis)?;
    builder.add(Operation::Product { maps: [Map::Same, map], divides: false }, &[x, vector], &shape)
}

fn along(builder: &mut Builder<'_>, x: ValueId, vector: ValueId, axis: usize) -> Result<(Vec<usize>, Map), String> {
    let (shape, found) = (builder.shape(x)?, builder.shape(vector)?);
    if found != [shape[axis]] {
        return Err(builder.contradiction(format!("its vector is {found:?} for axis {axis} of {shape:?}")));
    }
    let trailing = vec![1; shape.len() - axis - 1];
    let map = Map::broadcast(&[found, trailing].concat(), &shape);
    Ok((shape, map))
}

pub(super) fn identity(builder: &mut Builder<'_>, call: &Call<'_>) -> Mapped {
    let x = call.input(0)?;
    let shape = builder.shape(x)?;
    // A cast to fractions changes a value by rounding alone; 1, 10, 11 and 16 are their types.
    if call.operator() == "Cast" && ![1, 10, 11, 16].contains(&call.int("to", 1)) {
        let operation = Operation::Function { function: Function::Truncate, maps: vec![Map::Same] };
        return Ok(vec![builder.add(operation, &[x], &shape)?]);
    }
    Ok(vec![builder.reshaped(x, &shape)?])
}

pub(super) fn dropout(builder: &mut Builder<'_>, call: &Call<'_>) -> Mapped {
    let x = call.input(0)?;
    if call.has_output(1) {
        return Err("its mask is asked for".to_owned());
    }
    let shape = builder.shape(x)?;
    let listed =
        call.optional(1).and_then(|ratio| builder.constant(ratio)).and_then(|ratio| ratio.values.first().copied());
    let ratio = listed.unwrap_or_else(|| call.float("ratio", 0.5));
    if ratio == 0.0 {
        return Ok(vec![builder.reshaped(x, &shape)?]);
    }
    Ok(vec![builder.add(Operation::Dropout, &[x], &shape)?])
}

/// The softmax that a value is, through dropout and reshapes that change nothing, if its sets run along the last axis.
pub(super) fn averages(builder: &Builder<'_>, mut id: ValueId) -> bool {
    let Ok(shape) = builder.shape(id) else { return false };
    while let Some(node) = builder.producer(id) {
        match &node.operation {
            Operation::Softmax { sets, log: false } => {
                return *sets == crate::graph::Sets::along(&shape, &[shape.len() - 1]);
            }
            Operation::Dropout => id = node.inputs[0],
            Operation::Sum { maps, .. } if maps.len() == 1 && maps[0] == (Map::Same, 1.0) => {
                id = node.inputs[0];
                if builder.shape(id).ok().as_ref() != Some(&shape) {
                    return false;
                }
            }
            _ => return false,
        }
    }
    false
}

/// Whether a pool takes means.
pub(super) fn kind(operator: &str, counts_padding: bool) -> PoolKind {
    if operator == "MaxPool" { PoolKind::Max } else { PoolKind::Mean { counts_padding } }
}
