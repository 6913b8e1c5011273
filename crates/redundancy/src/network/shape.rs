//! Shape inference.

use std::ops::RangeInclusive;

use super::{Convolution, Operation, Pooling, Problem, Shape, Window};
use crate::{Bias, BiasTerms, Mode, Normalization};

/// Elements of a tensor, at most: more fit no machine, and products of such sizes would overflow.
const MOST_ELEMENTS: u64 = 1 << 40;

/// The shape of an operation's output.
pub(super) fn output(operation: &Operation, inputs: &[Shape]) -> Result<Shape, Problem> {
    let expected = arity(operation);
    if !expected.contains(&inputs.len()) {
        return Err(Problem::Inputs { expected: *expected.start(), found: inputs.len() });
    }
    let [channels, height, width] = inputs.first().copied().unwrap_or([1; 3]);
    let input = [channels, height, width];
    let output = match operation {
        Operation::Input => return Err(Problem::SecondInput),
        Operation::Convolution(convolution) => convolved(convolution, input)?,
        Operation::Pooling(pooling) => pooled(pooling, input)?,
        Operation::Bias(bias) => biased(bias, input)?,
        Operation::Normalization { normalization, .. } => normalized(*normalization, input)?,
        Operation::Activation(_) | Operation::Dropout => input,
        Operation::Mean => [channels, 1, 1],
        Operation::Addition => alike(inputs, |shape| shape)?,
        Operation::Concatenation => {
            let [_, height, width] = alike(inputs, |[_, height, width]| [channels, height, width])?;
            [inputs.iter().fold(0, |sum: usize, shape| sum.saturating_add(shape[0])), height, width]
        }
        Operation::ChannelPadding { before, after } => {
            [channels.saturating_add(*before).saturating_add(*after), height, width]
        }
        Operation::Flatten => [channels * height * width, 1, 1],
        Operation::Linear { features } => {
            positive(&[*features], "number of features")?;
            countable(&[vector(input)?, *features])?;
            [*features, 1, 1]
        }
        Operation::Loss => {
            vector(input)?;
            [1; 3]
        }
    };
    countable(&output)?;
    Ok(output)
}

fn arity(operation: &Operation) -> RangeInclusive<usize> {
    match operation {
        Operation::Input => 0..=0,
        Operation::Addition | Operation::Concatenation => 2..=usize::MAX,
        _ => 1..=1,
    }
}

fn convolved(convolution: &Convolution, input: Shape) -> Result<Shape, Problem> {
    let Convolution { channels, kernel, stride, dilation, groups, weight, .. } = *convolution;
    positive(&[channels], "number of channels")?;
    positive(&dilation, "dilation")?;
    if groups == 0 || !input[0].is_multiple_of(groups) || !channels.is_multiple_of(groups) {
        return Err(Problem::Groups { groups, channels_in: input[0], channels_out: channels });
    }
    let [height, width] = windows(kernel, stride, convolution.windows(input))?;
    countable(&[channels, input[0] / groups, kernel[0], kernel[1]])?;
    let (found, expected) = (input[0] / groups * kernel[0] * kernel[1], weight.fewest_weights());
    if found < expected {
        return Err(Problem::Weights { weight, expected, found });
    }
    Ok([channels, height, width])
}

fn pooled(pooling: &Pooling, input: Shape) -> Result<Shape, Problem> {
    let Pooling { kernel, stride, padding, .. } = *pooling;
    // Otherwise a window could lie in the padding alone.
    if (0..2).any(|axis| padding[axis].iter().any(|&side| side >= kernel[axis].max(1))) {
        return Err(Problem::PoolPadding { kernel, padding });
    }
    let [height, width] = windows(kernel, stride, pooling.windows(input))?;
    Ok([input[0], height, width])
}

fn windows(kernel: [usize; 2], stride: [usize; 2], windows: [Window; 2]) -> Result<[usize; 2], Problem> {
    positive(&kernel, "kernel size")?;
    positive(&stride, "stride")?;
    if let [Some(height), Some(width)] = windows.map(|window| window.output()) {
        return Ok([height, width]);
    }
    let padded = |window: Window| window.input.saturating_add(window.before).saturating_add(window.after);
    Err(Problem::Kernel { kernel: windows.map(|window| window.extent()), input: windows.map(padded) })
}

fn biased(bias: &Bias, input: Shape) -> Result<Shape, Problem> {
    BiasTerms::new(bias, input[0], &input[1..])?;
    Ok(input)
}

fn normalized(normalization: Normalization, input: Shape) -> Result<Shape, Problem> {
    normalization.removed(Mode::Training, input[0], input[1] * input[2])?;
    Ok(input)
}

/// The first of shapes that are equal, as far as `part` tells.
fn alike(inputs: &[Shape], part: impl Fn(Shape) -> Shape) -> Result<Shape, Problem> {
    let expected = inputs[0];
    match inputs.iter().find(|&&found| part(found) != part(expected)) {
        Some(&found) => Err(Problem::Shapes { expected, found }),
        None => Ok(expected),
    }
}

fn vector(input: Shape) -> Result<usize, Problem> {
    if input[1..] == [1, 1] { Ok(input[0]) } else { Err(Problem::Vector { found: input }) }
}

fn positive(sizes: &[usize], what: &'static str) -> Result<(), Problem> {
    if sizes.contains(&0) { Err(Problem::Zero { what }) } else { Ok(()) }
}

/// Checks that a tensor of these sizes can be counted.
pub(super) fn countable(sizes: &[usize]) -> Result<(), Problem> {
    let product = sizes.iter().try_fold(1_usize, |product, &size| product.checked_mul(size));
    product.filter(|&product| product as u64 <= MOST_ELEMENTS).map(|_| ()).ok_or(Problem::TooLarge)
}
