//! Values that no input of the model decides over.

use super::builder::Builder;
use super::call::{Call, axis};
use super::mapped::Mapped;
use crate::onnx::{self, Tensor, checked_size};

pub(super) fn values(builder: &mut Builder<'_>, call: &Call<'_>) -> Mapped {
    let tensor = match call.operator() {
        "Constant" => constant(call)?,
        "ConstantOfShape" => of_shape(builder, call)?,
        "Range" => range(builder, call)?,
        operator => {
            let shape = builder.shape(call.input(0)?)?;
            let sizes: Vec<f64> = shape.iter().map(|&size| size as f64).collect();
            if operator == "Size" {
                Tensor { shape: vec![], values: vec![sizes.iter().product()] }
            } else {
                part(call, &sizes)?
            }
        }
    };
    Ok(vec![builder.fixed(tensor)?])
}

fn vector(values: Vec<f64>) -> Tensor {
    Tensor { shape: vec![values.len()], values }
}

fn constant(call: &Call<'_>) -> Result<Tensor, String> {
    if let Some(tensor) = call.tensor("value") {
        let values = onnx::values(tensor).map_err(|error| error.to_string())?;
        return values.ok_or_else(|| "its value is of a type that is not read".to_owned());
    }
    let ints = |name| call.ints(name).map(|ints| vector(ints.iter().map(|&value| value as f64).collect()));
    let floats =
        || call.floats("value_floats").map(|floats| vector(floats.iter().map(|&value| value.into()).collect()));
    let scalar = |value: f64| Tensor { shape: vec![], values: vec![value] };
    let number = || call.has("value_float").then(|| scalar(call.float("value_float", 0.0)));
    let whole = || call.has("value_int").then(|| scalar(call.int("value_int", 0) as f64));
    let found = ints("value_ints").or_else(floats).or_else(number).or_else(whole);
    found.ok_or_else(|| "its value is not a tensor of numbers".to_owned())
}

fn of_shape(builder: &Builder<'_>, call: &Call<'_>) -> Result<Tensor, String> {
    let sizes = builder.ints(call.input(0)?)?;
    let shape: Option<Vec<usize>> = sizes.iter().map(|&size| usize::try_from(size).ok()).collect();
    let shape = shape.ok_or_else(|| format!("its sizes are {sizes:?}"))?;
    let size = checked_size(&shape).filter(|&size| size <= 1 << 22).ok_or("its output does not fit into memory")?;
    let value = match call.tensor("value") {
        Some(tensor) => {
            onnx::values(tensor).map_err(|error| error.to_string())?.and_then(|of| of.values.first().copied())
        }
        None => Some(0.0),
    };
    Ok(Tensor { shape, values: vec![value.ok_or("its value is not a number")?; size] })
}

fn range(builder: &Builder<'_>, call: &Call<'_>) -> Result<Tensor, String> {
    let number = |position| -> Result<f64, String> {
        let constant =
            builder.constant(call.input(position)?).ok_or("it depends on numbers that the model computes")?;
        constant.values.first().copied().ok_or_else(|| "its bounds are empty".to_owned())
    };
    let [start, limit, delta] = [number(0)?, number(1)?, number(2)?];
    let count = ((limit - start) / delta).ceil().max(0.0);
    if count.is_nan() || count > f64::from(1 << 22) {
        return Err(format!("it runs from {start} to {limit} by {delta}"));
    }
    Ok(vector((0..count as usize).map(|index| start + delta * index as f64).collect()))
}

/// The sizes from `start` to `end`.
fn part(call: &Call<'_>, sizes: &[f64]) -> Result<Tensor, String> {
    let rank = sizes.len();
    let bound = |name, default: usize| -> Result<usize, String> {
        if !call.has(name) {
            return Ok(default);
        }
        let at = call.int(name, 0);
        if at >= rank as i64 { Ok(rank) } else { axis(at, rank.max(1)).or(Ok(0)) }
    };
    let (start, end) = (bound("start", 0)?, bound("end", rank)?);
    Ok(vector(sizes.get(start..end).unwrap_or_default().to_vec()))
}
