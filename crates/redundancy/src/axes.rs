//! Row-major tensors as slices: sizes, broadcasting, and means along an axis.

/// The number of elements of a tensor of this shape.
pub(crate) fn size(shape: &[usize]) -> usize {
    shape.iter().product()
}

/// For each element of a tensor of shape `output`, the index of the element of a tensor of shape `inner` that
/// broadcasting puts there; `inner` has the output's size or 1 along every axis.
pub(crate) fn broadcast(inner: &[usize], output: &[usize]) -> impl Iterator<Item = usize> {
    // Axis by axis, from the first: indices so far, each followed by those of the next axis.
    let index_along = |indices: Vec<usize>, (&own, &size): (&usize, &usize)| {
        indices.iter().flat_map(|index| (0..size).map(move |at| index * own + if own == 1 { 0 } else { at })).collect()
    };
    inner.iter().zip(output).fold(vec![0], index_along).into_iter()
}

/// The means along one axis, which then has size 1.
pub(crate) fn means_along(values: &[f64], shape: &[usize], axis: usize) -> Vec<f64> {
    let (length, inner) = (shape[axis], size(&shape[axis + 1..]));
    let means = |block: &[f64]| -> Vec<f64> {
        (0..inner).map(|offset| mean(block[offset..].iter().step_by(inner).copied(), length)).collect()
    };
    values.chunks_exact(length * inner).flat_map(means).collect()
}

/// The mean of `count` values.
pub(crate) fn mean(values: impl Iterator<Item = f64>, count: usize) -> f64 {
    compensated_sum(values) / count as f64
}

/// The sum with its own round-off compensated (Neumaier): measuring must not add to the rounding that is measured.
pub(crate) fn compensated_sum(values: impl Iterator<Item = f64>) -> f64 {
    let (mut sum, mut lost) = (0.0_f64, 0.0);
    for value in values {
        let next = sum + value;
        lost += if sum.abs() >= value.abs() { (sum - next) + value } else { (value - next) + sum };
        sum = next;
    }
    sum + lost
}

/// The L2 norm.
pub fn norm(values: &[f64]) -> f64 {
    values.iter().map(|value| value * value).sum::<f64>().sqrt()
}
