//! Normalizations with their affine parameters, and softmax.

use super::arithmetic::{add_along, multiplied, multiply_along};
use super::builder::Builder;
use super::call::{Call, axis};
use super::mapped::Mapped;
use crate::graph::{Map, Operation, Sets, ValueId};

pub(super) fn normalization(builder: &mut Builder<'_>, call: &Call<'_>) -> Mapped {
    let x = call.input(0)?;
    let shape = builder.shape(x)?;
    let epsilon = call.float("epsilon", 1e-5);
    if shape.len() < 2 && call.operator() != "LayerNormalization" && call.operator() != "RMSNormalization" {
        return Err(format!("its input is {shape:?}"));
    }
    let value = match call.operator() {
        "BatchNormalization" => batch(builder, call, x, &shape, epsilon)?,
        "InstanceNormalization" => {
            let sets = Sets::along(&shape, &(2..shape.len()).collect::<Vec<_>>());
            let operation = Operation::Normalize { sets, centres: true, epsilon, running: false };
            let normal = builder.add(operation, &[x], &shape)?;
            affine(builder, call, normal, 1)?
        }
        "GroupNormalization" => group(builder, call, x, &shape, epsilon)?,
        operator => {
            let first = axis(call.int("axis", -1), shape.len())?;
            if call.has_output(1) || call.has_output(2) {
                return Err("its statistics are asked for".to_owned());
            }
            let sets = Sets::along(&shape, &(first..shape.len()).collect::<Vec<_>>());
            let centres = operator == "LayerNormalization";
            let operation = Operation::Normalize { sets, centres, epsilon, running: false };
            let normal = builder.add(operation, &[x], &shape)?;
            let scaled = multiplied(builder, [normal, call.input(1)?], false, &shape)?;
            match call.optional(2) {
                Some(beta) => broadcast_added(builder, scaled, beta, &shape)?,
                None => scaled,
            }
        }
    };
    Ok(vec![value])
}

/// γ and β, one of each for each index along an axis.
fn affine(builder: &mut Builder<'_>, call: &Call<'_>, x: ValueId, axis: usize) -> Result<ValueId, String> {
    let scaled = multiply_along(builder, x, call.input(1)?, axis)?;
    add_along(builder, scaled, call.input(2)?, axis, 1.0)
}

fn broadcast_added(builder: &mut Builder<'_>, x: ValueId, beta: ValueId, shape: &[usize]) -> Result<ValueId, String> {
    let own = builder.shape(beta)?;
    if super::arithmetic::broadcast(shape, &own)? != shape {
        return Err(format!("its bias {own:?} does not fit {shape:?}"));
    }
    let maps = vec![(Map::Same, 1.0), (Map::broadcast(&own, shape), 1.0)];
    builder.add(Operation::Sum { maps, fill: 0.0, adds: true }, &[x, beta], shape)
}

fn batch(
    builder: &mut Builder<'_>,
    call: &Call<'_>,
    x: ValueId,
    shape: &[usize],
    epsilon: f64,
) -> Result<ValueId, String> {
    if builder.opset() < 9 && call.int("spatial", 1) == 0 {
        return Err("its statistics are per activation".to_owned());
    }
    let (mean, variance) = (call.input(3)?, call.input(4)?);
    for input in [mean, variance] {
        if builder.shape(input)? != [shape[1]] {
            return Err(format!("its running statistics do not fit {shape:?}"));
        }
    }
    let axes: Vec<usize> = (0..shape.len()).filter(|&axis| axis != 1).collect();
    let operation = Operation::Normalize { sets: Sets::along(shape, &axes), centres: true, epsilon, running: true };
    let normal = builder.add(operation, &[x, mean, variance], shape)?;
    affine(builder, call, normal, 1)
}

fn group(
    builder: &mut Builder<'_>,
    call: &Call<'_>,
    x: ValueId,
    shape: &[usize],
    epsilon: f64,
) -> Result<ValueId, String> {
    let groups = usize::try_from(call.int("num_groups", 0)).unwrap_or(0);
    if groups == 0 || !shape[1].is_multiple_of(groups) {
        return Err(format!("its {groups} groups do not divide {} channels", shape[1]));
    }
    let apart = builder.reshaped(x, &[shape[0], groups, shape[1..].iter().product::<usize>() / groups])?;
    let split = builder.shape(apart)?;
    let operation = Operation::Normalize { sets: Sets::along(&split, &[2]), centres: true, epsilon, running: false };
    let normal = builder.add(operation, &[apart], &split)?;
    if builder.opset() >= 21 {
        let back = builder.reshaped(normal, shape)?;
        return affine(builder, call, back, 1);
    }
    // Until opset 20, γ and β have one element for each group.
    let scaled = affine(builder, call, normal, 1)?;
    builder.reshaped(scaled, shape)
}

pub(super) fn softmax(builder: &mut Builder<'_>, call: &Call<'_>) -> Mapped {
    let x = call.input(0)?;
    let shape = builder.shape(x)?;
    let log = call.operator() == "LogSoftmax";
    let axes: Vec<usize> = if builder.opset() < 13 {
        (axis(call.int("axis", 1), shape.len())?..shape.len()).collect()
    } else {
        vec![axis(call.int("axis", -1), shape.len())?]
    };
    Ok(vec![builder.add(Operation::Softmax { sets: Sets::along(&shape, &axes), log }, &[x], &shape)?])
}
