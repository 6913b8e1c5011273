//! Convolutions and products of matrices, with their biases.

use super::arithmetic::{add_along, averages, broadcast};
use super::builder::Builder;
use super::call::Call;
use super::layout::transposed;
use super::mapped::Mapped;
use super::pooling::{Padding, axes};
use crate::graph::{Axis, Contraction, Convolution, Map, Operation, Product2d, ValueId, Windows};

pub(super) fn convolution(builder: &mut Builder<'_>, call: &Call<'_>) -> Mapped {
    let (x, w) = (call.input(0)?, call.input(1)?);
    let (input, weight) = (builder.shape(x)?, builder.shape(w)?);
    let wrong = || format!("its weight {weight:?} does not fit its input {input:?}");
    if input.len() != weight.len() || !(3..=5).contains(&input.len()) {
        return Err(builder.contradiction(wrong()));
    }
    let transposed = call.operator() == "ConvTranspose";
    let groups = usize::try_from(call.int("group", 1)).ok().filter(|&groups| groups > 0).ok_or_else(wrong)?;
    let (channels_in, channels_out) = (input[1] / groups, if transposed { weight[1] } else { weight[0] / groups });
    let fits =
        if transposed { weight[0] == input[1] } else { weight[1] == channels_in && weight[0].is_multiple_of(groups) };
    if !fits || !input[1].is_multiple_of(groups) || channels_out == 0 {
        return Err(builder.contradiction(wrong()));
    }
    let (kernel, input_size) = (&weight[2..], &input[2..]);
    let axes = if transposed {
        transposed_axes(call, kernel, input_size)?
    } else {
        axes(call, kernel, input_size, Padding::Zero)?
    };
    let windows = Windows { axes, transposed };
    let sizes: Vec<usize> = windows.axes.iter().map(|axis| axis.output).collect();
    let shape = [&[input[0], groups * channels_out], sizes.as_slice()].concat();
    let convolution = Convolution { batch: input[0], groups, channels_in, channels_out, windows };
    let operation = Operation::Contraction(Contraction::Convolution(convolution));
    let y = builder.add(operation, &[x, w], &shape)?;
    match call.optional(2) {
        Some(bias) => Ok(vec![add_along(builder, y, bias, 1, 1.0)?]),
        None => Ok(vec![y]),
    }
}

/// The windows of a transposed convolution.
fn transposed_axes(call: &Call<'_>, kernel: &[usize], input: &[usize]) -> Result<Vec<Axis>, String> {
    let rank = kernel.len();
    let (strides, dilations) = (call.sizes("strides", rank)?, call.sizes("dilations", rank)?);
    if call.has("output_shape") || call.text("auto_pad").is_some_and(|mode| mode != "NOTSET") {
        return Err("its output's shape is given instead of its padding".to_owned());
    }
    let pads = call.ints("pads").map_or_else(|| vec![0; 2 * rank], <[i64]>::to_vec);
    let extra = call.ints("output_padding").map_or_else(|| vec![0; rank], <[i64]>::to_vec);
    if pads.len() != 2 * rank || extra.len() != rank || pads.iter().chain(&extra).any(|pad| !(0..1 << 20).contains(pad))
    {
        return Err(format!("its padding is {pads:?} and {extra:?}"));
    }
    let axis = |at: usize| {
        let (kernel, stride, dilation, before) = (kernel[at], strides[at], dilations[at], pads[at] as usize);
        let full = (input[at] - 1) * stride + (kernel - 1) * dilation + 1 + extra[at] as usize;
        let output = full.checked_sub(before + pads[at + rank] as usize).filter(|&output| output > 0);
        let output = output.ok_or_else(|| format!("its padding {pads:?} leaves nothing"))?;
        Ok(Axis { kernel, stride, dilation, before, input: input[at], output })
    };
    if kernel.contains(&0) || kernel.iter().any(|&size| size > 1 << 20) {
        return Err(format!("its kernel is {kernel:?}"));
    }
    (0..rank).map(axis).collect()
}

pub(super) fn product(builder: &mut Builder<'_>, call: &Call<'_>) -> Mapped {
    let (mut a, mut b) = (call.input(0)?, call.input(1)?);
    if call.operator() == "MatMul" {
        return Ok(vec![multiplied(builder, a, b)?]);
    }
    for (name, input) in [("transA", &mut a), ("transB", &mut b)] {
        if builder.shape(*input)?.len() != 2 {
            return Err("its inputs are no matrices".to_owned());
        }
        if call.int(name, 0) != 0 {
            *input = transposed(builder, *input, &[1, 0])?;
        }
    }
    if call.float("alpha", 1.0) != 1.0 {
        return Err("its alpha is not 1".to_owned());
    }
    let y = multiplied(builder, a, b)?;
    let Some(c) = call.optional(2) else { return Ok(vec![y]) };
    let (shape, own) = (builder.shape(y)?, builder.shape(c)?);
    if broadcast(&shape, &own)? != shape {
        return Err(builder.contradiction(format!("its bias {own:?} does not fit its output {shape:?}")));
    }
    let maps = vec![(Map::Same, 1.0), (Map::broadcast(&own, &shape), call.float("beta", 1.0))];
    Ok(vec![builder.add(Operation::Sum { maps, fill: 0.0, adds: true }, &[y, c], &shape)?])
}

/// The product of two stacks of matrices.
fn multiplied(builder: &mut Builder<'_>, a: ValueId, b: ValueId) -> Result<ValueId, String> {
    let (left, right) = (builder.shape(a)?, builder.shape(b)?);
    let wrong = || format!("its inputs {left:?} and {right:?} do not fit");
    if left.is_empty() || right.is_empty() {
        return Err(builder.contradiction(wrong()));
    }
    // A vector is a matrix of one row, or of one column.
    let [rows, inner] = if left.len() == 1 { [1, left[0]] } else { [left[left.len() - 2], left[left.len() - 1]] };
    let [other, columns] =
        if right.len() == 1 { [right[0], 1] } else { [right[right.len() - 2], right[right.len() - 1]] };
    if inner != other {
        return Err(builder.contradiction(wrong()));
    }
    let stack = |shape: &[usize]| shape[..shape.len().saturating_sub(2)].to_vec();
    let stacks = [stack(&left), stack(&right)];
    let batch = broadcast(&stacks[0], &stacks[1])?;
    let count: usize = batch.iter().product();
    let [of_a, of_b] = stacks.each_ref().map(|stack| Map::broadcast(stack, &batch).table(count));
    let matrices = of_a.iter().zip(of_b.iter()).map(|(&a, &b)| [a, b]).collect();
    let mut shape = batch;
    if left.len() > 1 {
        shape.push(rows);
    }
    if right.len() > 1 {
        shape.push(columns);
    }
    let averages = averages(builder, a);
    let product = Product2d { matrices, rows, inner, columns, averages };
    builder.add(Operation::Contraction(Contraction::Product(product)), &[a, b], &shape)
}
