use super::indices::Indices;
use super::resize;
use crate::graph::{Map, Operation, ValueId};
use crate::import::arithmetic::broadcast;
use crate::import::builder::Builder;
use crate::import::call::{Call, axis};
use crate::import::mapped::Mapped;

pub(crate) fn rearrange(builder: &mut Builder<'_>, call: &Call<'_>) -> Mapped {
    let x = call.input(0)?;
    let from = builder.shape(x)?;
    let all = || from.iter().map(|&size| (0..size).map(Some).collect()).collect::<Indices>();
    let one = |builder: &mut Builder<'_>, indices: &Indices, fill: f64| Ok(vec![picked(builder, x, indices, fill)?]);
    match call.operator() {
        "Transpose" => Ok(vec![transposed(builder, x, &permutation(call, from.len())?)?]),
        "Expand" => {
            let to: Vec<usize> = sizes(&builder.ints(call.input(1)?)?)?;
            let to = broadcast(&from, &to)?;
            let operation = Operation::Sum { maps: vec![(Map::broadcast(&from, &to), 1.0)], fill: 0.0, adds: false };
            Ok(vec![builder.add(operation, &[x], &to)?])
        }
        "Tile" => {
            let repeats = sizes(&builder.ints(call.input(1)?)?)?;
            if repeats.len() != from.len() || repeats.iter().any(|&repeats| repeats > 1 << 20) {
                return Err(format!("it repeats {from:?} {repeats:?} times"));
            }
            let repeated = |(&size, &times): (&usize, &usize)| (0..size * times).map(|at| Some(at % size)).collect();
            one(builder, &from.iter().zip(&repeats).map(repeated).collect(), 0.0)
        }
        "Gather" => gathered(builder, call, x, &from),
        "Slice" => {
            let indices = sliced(builder, call, all())?;
            one(builder, &indices, 0.0)
        }
        "Split" => split(builder, call, x, &from),
        "Concat" => concatenated(builder, call),
        "Pad" => {
            let (indices, fill) = padded(builder, call, all())?;
            one(builder, &indices, fill)
        }
        "DepthToSpace" | "SpaceToDepth" => Ok(vec![blocks(builder, call, x, &from)?]),
        _ => {
            let indices = resize::nearest(builder, call, &from)?;
            one(builder, &indices, 0.0)
        }
    }
}

fn sizes(ints: &[i64]) -> Result<Vec<usize>, String> {
    let sizes: Option<Vec<usize>> = ints.iter().map(|&size| usize::try_from(size).ok()).collect();
    sizes.ok_or_else(|| format!("its sizes are {ints:?}"))
}

/// The elements at these indices along each axis.
fn picked(builder: &mut Builder<'_>, x: ValueId, indices: &Indices, fill: f64) -> Result<ValueId, String> {
    let to: Vec<usize> = indices.iter().map(Vec::len).collect();
    let reads = reads(&builder.shape(x)?, indices)?;
    builder.add(Operation::Sum { maps: vec![(reads, 1.0)], fill, adds: false }, &[x], &to)
}

/// The map that reads an input of a shape at these indices along each axis.
fn reads(from: &[usize], indices: &Indices) -> Result<Map, String> {
    let to: Vec<usize> = indices.iter().map(Vec::len).collect();
    crate::onnx::checked_size(&to).ok_or_else(|| format!("its output {to:?} does not fit into memory"))?;
    let mut reads = vec![0_u32];
    for (own, &size) in indices.iter().zip(from) {
        let step = |read: u32, at: Option<usize>| match at {
            Some(at) if read != Map::NONE => read * size as u32 + at as u32,
            _ => Map::NONE,
        };
        reads = reads.iter().flat_map(|&read| own.iter().map(move |&at| step(read, at))).collect();
    }
    Ok(Map::Reads(reads.into()))
}

fn permutation(call: &Call<'_>, rank: usize) -> Result<Vec<usize>, String> {
    let Some(axes) = call.ints("perm") else { return Ok((0..rank).rev().collect()) };
    let axes: Vec<usize> = axes.iter().map(|&at| axis(at, rank)).collect::<Result<_, _>>()?;
    let all = (0..rank).all(|axis| axes.contains(&axis)) && axes.len() == rank;
    if all { Ok(axes) } else { Err(format!("it permutes {rank} axes by {axes:?}")) }
}

/// The axes in another order.
pub(crate) fn transposed(builder: &mut Builder<'_>, x: ValueId, axes: &[usize]) -> Result<ValueId, String> {
    let from = builder.shape(x)?;
    let to: Vec<usize> = axes.iter().map(|&axis| from[axis]).collect();
    let stride = |axis: usize| from[axis + 1..].iter().product::<usize>() as u32;
    let mut reads = vec![0_u32];
    for &axis in axes {
        let stride = stride(axis);
        reads = reads.iter().flat_map(|read| (0..from[axis] as u32).map(move |at| read + at * stride)).collect();
    }
    let maps = vec![(Map::Reads(reads.into()), 1.0)];
    builder.add(Operation::Sum { maps, fill: 0.0, adds: false }, &[x], &to)
}

fn gathered(builder: &mut Builder<'_>, call: &Call<'_>, x: ValueId, from: &[usize]) -> Mapped {
    let at = axis(call.int("axis", 0), from.len())?;
    let list_shape = builder.shape(call.input(1)?)?;
    let to = [&from[..at], &list_shape, &from[at + 1..]].concat();
    if builder.constant(call.input(1)?).is_none() {
        let [before, after] = [&from[..at], &from[at + 1..]].map(|sizes| sizes.iter().product());
        let lookup = Operation::Lookup { before, rows: from[at], after };
        return Ok(vec![builder.add(lookup, &[x, call.input(1)?], &to)?]);
    }
    let list = builder.ints(call.input(1)?)?;
    let index = |&index: &i64| axis(index, from[at]).map(Some);
    let list = list.iter().map(index).collect::<Result<Vec<_>, _>>()?;
    let mut indices: Indices = from.iter().map(|&size| (0..size).map(Some).collect()).collect();
    indices[at] = list;
    let flat = picked(builder, x, &indices, 0.0)?;
    Ok(vec![builder.reshaped(flat, &to)?])
}

fn sliced(builder: &Builder<'_>, call: &Call<'_>, mut indices: Indices) -> Result<Indices, String> {
    let rank = indices.len();
    let listed = |name: &str, position: usize| -> Result<Option<Vec<i64>>, String> {
        match (call.ints(name), call.optional(position)) {
            (Some(ints), _) => Ok(Some(ints.to_vec())),
            (None, Some(input)) => builder.ints(input).map(Some),
            (None, None) => Ok(None),
        }
    };
    let starts = listed("starts", 1)?.ok_or("it has no starts")?;
    let ends = listed("ends", 2)?.ok_or("it has no ends")?;
    let axes = listed("axes", 3)?.unwrap_or_else(|| (0..starts.len() as i64).collect());
    let steps = listed("steps", 4)?.unwrap_or_else(|| vec![1; starts.len()]);
    if [ends.len(), axes.len(), steps.len()] != [starts.len(); 3] || steps.contains(&0) {
        return Err(format!("it slices from {starts:?} to {ends:?} along {axes:?} by {steps:?}"));
    }
    for (((start, end), at), step) in starts.into_iter().zip(ends).zip(axes).zip(steps) {
        let at = axis(at, rank)?;
        let size = indices[at].len() as i64;
        let from_start = |index: i64| if index < 0 { index.saturating_add(size) } else { index };
        let bounds = if step > 0 { (0, size) } else { (-1, size - 1) };
        let end = if end == i64::MIN || (step < 0 && end < -size) { -1 } else { from_start(end) };
        let (mut index, end) = (from_start(start).clamp(bounds.0, bounds.1), end.clamp(bounds.0, bounds.1));
        let mut picked = vec![];
        while (step > 0 && index < end) || (step < 0 && index > end) {
            picked.push(indices[at][index as usize]);
            index = index.saturating_add(step);
        }
        indices[at] = picked;
    }
    Ok(indices)
}

fn split(builder: &mut Builder<'_>, call: &Call<'_>, x: ValueId, from: &[usize]) -> Mapped {
    let at = axis(call.int("axis", 0), from.len())?;
    let parts = match (call.ints("split"), call.optional(1)) {
        (Some(ints), _) => sizes(ints)?,
        (None, Some(input)) => sizes(&builder.ints(input)?)?,
        (None, None) => {
            let each = from[at].div_ceil(call.outputs().max(1));
            (0..call.outputs()).map(|part| each.min(from[at].saturating_sub(part * each))).collect()
        }
    };
    if parts.iter().try_fold(0_usize, |sum, &part| sum.checked_add(part)) != Some(from[at])
        || parts.len() != call.outputs()
    {
        return Err(format!("it splits {} into {parts:?}", from[at]));
    }
    let mut start = 0;
    let mut values = vec![];
    for part in parts {
        let mut indices: Indices = from.iter().map(|&size| (0..size).map(Some).collect()).collect();
        indices[at] = (start..start + part).map(Some).collect();
        start += part;
        values.push(picked(builder, x, &indices, 0.0)?);
    }
    Ok(values)
}

fn concatenated(builder: &mut Builder<'_>, call: &Call<'_>) -> Mapped {
    let inputs: Vec<ValueId> = (0..call.given()).map(|position| call.input(position)).collect::<Result<_, _>>()?;
    let shapes: Vec<Vec<usize>> = inputs.iter().map(|&input| builder.shape(input)).collect::<Result<_, _>>()?;
    let first = &shapes[0];
    let at = axis(call.int("axis", 1), first.len())?;
    let alike = |shape: &Vec<usize>| {
        shape.len() == first.len() && (0..first.len()).all(|axis| axis == at || shape[axis] == first[axis])
    };
    if !shapes.iter().all(alike) {
        return Err(builder.contradiction(format!("it joins {shapes:?} along axis {at}")));
    }
    let total: usize = shapes.iter().map(|shape| shape[at]).sum();
    let mut to = first.clone();
    to[at] = total;
    let mut start = 0;
    let mut maps = vec![];
    for shape in &shapes {
        let mut indices: Indices = to.iter().map(|&size| (0..size).map(Some).collect()).collect();
        indices[at] = (0..total).map(|index| index.checked_sub(start).filter(|&own| own < shape[at])).collect();
        start += shape[at];
        maps.push((reads(shape, &indices)?, 1.0));
    }
    Ok(vec![builder.add(Operation::Sum { maps, fill: 0.0, adds: false }, &inputs, &to)?])
}

fn padded(builder: &Builder<'_>, call: &Call<'_>, mut indices: Indices) -> Result<(Indices, f64), String> {
    let rank = indices.len();
    let pads = match call.ints("pads") {
        Some(pads) => pads.to_vec(),
        None => builder.ints(call.input(1)?)?,
    };
    let axes = match call.optional(3) {
        Some(input) => builder.ints(input)?.iter().map(|&at| axis(at, rank)).collect::<Result<_, _>>()?,
        None => (0..rank).collect::<Vec<_>>(),
    };
    if pads.len() != 2 * axes.len() || pads.iter().any(|pad| pad.abs() > 1 << 20) {
        return Err(format!("it pads {} axes by {pads:?}", axes.len()));
    }
    let mode = call.text("mode").unwrap_or("constant");
    for (index, &at) in axes.iter().enumerate() {
        let (before, after, size) = (pads[index], pads[index + axes.len()], indices[at].len() as i64);
        let source = |position: i64| -> Option<usize> {
            let inside = match mode {
                "edge" => position.clamp(0, size - 1),
                "wrap" => position.rem_euclid(size),
                "reflect" if size > 1 => {
                    let period = 2 * (size - 1);
                    let at = position.rem_euclid(period);
                    at.min(period - at)
                }
                _ => position,
            };
            usize::try_from(inside).ok().filter(|&inside| (inside as i64) < size)
        };
        indices[at] = (-before..size + after).map(source).collect();
    }
    if !["constant", "edge", "wrap", "reflect"].contains(&mode) {
        return Err(format!("its mode is {mode}"));
    }
    let fill = match call.optional(2) {
        Some(input) => {
            let constant = builder.constant(input).ok_or("it depends on numbers that the model computes")?;
            constant.values.first().copied().unwrap_or(0.0)
        }
        None => call.float("value", 0.0),
    };
    Ok((indices, fill))
}

fn blocks(builder: &mut Builder<'_>, call: &Call<'_>, x: ValueId, from: &[usize]) -> Result<ValueId, String> {
    let block = usize::try_from(call.int("blocksize", 0)).unwrap_or(0);
    let [n, c, h, w] = from else { return Err(format!("its input is {from:?}")) };
    let fits = |size: usize| block > 0 && block < 1 << 10 && size.is_multiple_of(block);
    if call.operator() == "SpaceToDepth" {
        if !fits(*h) || !fits(*w) {
            return Err(format!("its blocks are {block} of {from:?}"));
        }
        let apart = builder.reshaped(x, &[*n, *c, h / block, block, w / block, block])?;
        let moved = transposed(builder, apart, &[0, 3, 5, 1, 2, 4])?;
        return builder.reshaped(moved, &[*n, c * block * block, h / block, w / block]);
    }
    if !fits(*c) || !fits(c / block) {
        return Err(format!("its blocks are {block} of {from:?}"));
    }
    let channels = c / block / block;
    let (split, axes) = if call.text("mode") == Some("CRD") {
        (vec![*n, channels, block, block, *h, *w], [0, 1, 4, 2, 5, 3])
    } else {
        (vec![*n, block, block, channels, *h, *w], [0, 3, 4, 1, 5, 2])
    };
    let apart = builder.reshaped(x, &split)?;
    let moved = transposed(builder, apart, &axes)?;
    builder.reshaped(moved, &[*n, channels, h * block, w * block])
}
