//! Pooling, and reductions along axes.

use super::arithmetic::kind;
use super::builder::Builder;
use super::call::{Call, axis};
use super::mapped::Mapped;
use crate::graph::{Axis, Operation, Pool, Reduction, Sets, Windows};

/// What lies around the input of windows.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Padding {
    /// Zeros, as many as are asked for.
    Zero,
    /// Nothing: no window may lie in the padding alone.
    Empty,
}

/// The windows of a convolution or of pooling.
pub(super) fn axes(call: &Call<'_>, kernel: &[usize], input: &[usize], padding: Padding) -> Result<Vec<Axis>, String> {
    let rank = kernel.len();
    let (strides, dilations) = (call.sizes("strides", rank)?, call.sizes("dilations", rank)?);
    let pads = call.ints("pads").map_or_else(|| vec![0; 2 * rank], <[i64]>::to_vec);
    let wrong = || format!("its kernel {kernel:?} and padding {pads:?} do not fit {input:?}");
    if pads.len() != 2 * rank || pads.iter().any(|pad| !(0..1 << 20).contains(pad)) || kernel.contains(&0) {
        return Err(wrong());
    }
    let up = call.int("ceil_mode", 0) != 0;
    let mode = call.text("auto_pad").unwrap_or("NOTSET");
    let along = |at: usize| {
        let (kernel, stride, dilation, size) = (kernel[at], strides[at], dilations[at], input[at]);
        let extent = (kernel - 1).checked_mul(dilation).filter(|&extent| extent < 1 << 20).ok_or_else(wrong)? + 1;
        let [before, after] = match mode {
            "SAME_UPPER" | "SAME_LOWER" => {
                let total = ((size.div_ceil(stride) - 1) * stride + extent).saturating_sub(size);
                let [less, more] = [total / 2, total - total / 2];
                if mode == "SAME_UPPER" { [less, more] } else { [more, less] }
            }
            "VALID" => [0, 0],
            _ => [pads[at] as usize, pads[at + rank] as usize],
        };
        let room = (size + before + after).checked_sub(extent).ok_or_else(wrong)?;
        let mut output = if up { room.div_ceil(stride) } else { room / stride } + 1;
        // With the output rounded up, a window must not begin behind the input.
        if up && (output - 1) * stride >= size + before {
            output -= 1;
        }
        let axis = Axis { kernel, stride, dilation, before, input: size, output };
        let sees = (0..output)
            .all(|o| (0..kernel).any(|k| (o * stride + k * dilation).checked_sub(before).is_some_and(|i| i < size)));
        if output == 0 || (padding == Padding::Empty && !sees) { Err(wrong()) } else { Ok(axis) }
    };
    (0..rank).map(along).collect()
}

pub(super) fn windows(builder: &mut Builder<'_>, call: &Call<'_>) -> Mapped {
    let x = call.input(0)?;
    let shape = builder.shape(x)?;
    let rank =
        shape.len().checked_sub(2).filter(|rank| (1..=3).contains(rank)).ok_or(format!("its input is {shape:?}"))?;
    if call.has_output(1) {
        return Err("the indices of its maxima are asked for".to_owned());
    }
    if !call.has("kernel_shape") {
        return Err("it has no kernel".to_owned());
    }
    let kernel = call.sizes("kernel_shape", rank)?;
    let axes = axes(call, &kernel, &shape[2..], Padding::Empty)?;
    let sizes: Vec<usize> = axes.iter().map(|axis| axis.output).collect();
    let counts_padding = call.int("count_include_pad", 0) != 0;
    // Windows that go over the end by rounding up are not padding that counts.
    if counts_padding && call.int("ceil_mode", 0) != 0 {
        return Err("it counts padding and rounds its size up".to_owned());
    }
    let kind = kind(call.operator(), counts_padding);
    let pool = Pool { planes: shape[0] * shape[1], windows: Windows { axes, transposed: false }, kind };
    let to = [&shape[..2], sizes.as_slice()].concat();
    Ok(vec![builder.add(Operation::Pool(pool), &[x], &to)?])
}

pub(super) fn reduce(builder: &mut Builder<'_>, call: &Call<'_>) -> Mapped {
    let x = call.input(0)?;
    let shape = builder.shape(x)?;
    let operator = call.operator();
    let axes: Vec<usize> = if operator.starts_with("Global") {
        (2..shape.len()).collect()
    } else {
        let listed = match (call.ints("axes"), call.optional(1)) {
            (Some(ints), _) => Some(ints.to_vec()),
            (None, Some(input)) => Some(builder.ints(input)?),
            (None, None) => None,
        };
        match listed.filter(|axes| !axes.is_empty()) {
            Some(axes) => axes.iter().map(|&at| axis(at, shape.len())).collect::<Result<_, _>>()?,
            None if call.int("noop_with_empty_axes", 0) != 0 => vec![],
            None => (0..shape.len()).collect(),
        }
    };
    let reduction = match operator {
        "GlobalAveragePool" | "ReduceMean" => Reduction::Mean,
        "GlobalMaxPool" | "ReduceMax" => Reduction::Max,
        "ReduceMin" => Reduction::Min,
        "ReduceL2" => Reduction::L2,
        _ => Reduction::Sum,
    };
    let keeps = operator.starts_with("Global") || call.int("keepdims", 1) != 0;
    let to: Vec<usize> = (0..shape.len())
        .filter(|axis| keeps || !axes.contains(axis))
        .map(|axis| if axes.contains(&axis) { 1 } else { shape[axis] })
        .collect();
    let operation = Operation::Reduce { sets: Sets::along(&shape, &axes), reduction };
    Ok(vec![builder.add(operation, &[x], &to)?])
}
