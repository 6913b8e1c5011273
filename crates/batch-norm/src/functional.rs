//! Batch normalization as a function of tensors.

use burn::backend::{Dispatch, DispatchTensor};
use burn::tensor::{Device, Tensor};

use untied_kernels::check_compiled;

use crate::{BatchNormBackend, Row, statistics_dtype};

/// Output of [`batch_norm`], with the statistics of the batch.
#[derive(Debug, Clone)]
pub struct BatchNormOutput<const D: usize> {
    /// y = γ·x̂ + β, or max(y, 0) of [`batch_norm_relu`]; shape `[n, c, ...]`, type of x.
    pub output: Tensor<D>,
    /// μ of the batch, shape `[c]`; carries no gradient; f32 where x is f16 or bf16.
    pub mean: Tensor<1>,
    /// σ² of the batch, biased (divided by the number of values); otherwise as the mean.
    pub var: Tensor<1>,
}

/// Normalizes each channel to the batch's mean 0 and variance 1, then scales and shifts it.
///
/// y = γ·x̂ + β,  x̂ = (x − μ)·r,  r = 1/√(σ² + ε);  μ and the biased σ² over all axes but the channel.
///
/// # Shapes
/// x, y `[n, c, ...]` of any rank from 2; γ, β, μ, σ² `[c]`. Half precision: x and y alone, all else is f32.
///
/// # Backward
/// dx = γ·r·(dy − mean(dy) − x̂·mean(dy·x̂)), derived in [`backward`](crate::backward); dγ = Σ dy·x̂; dβ = Σ dy.
/// The returned mean and variance carry no gradient.
///
/// # Panics
/// If x has a rank below 2 or fewer than two values per channel, γ or β has another length than x has channels,
/// or x is on a backend whose feature of this crate is not enabled.
///
/// # Source
/// Ioffe & Szegedy 2015, Batch Normalization, Algorithm 1.
///
/// # Example
/// ```
/// use burn::tensor::{Device, Tensor};
/// use untied_batch_norm::batch_norm;
///
/// let device = Device::default();
/// let x = Tensor::<2>::from_floats([[1.0], [3.0]], &device);
/// let y = batch_norm(x, Tensor::ones([1], &device), Tensor::zeros([1], &device), 1e-5);
/// assert_eq!(y.mean.into_data().try_to_vec::<f32>().unwrap(), [2.0]);
/// assert_eq!(y.var.into_data().try_to_vec::<f32>().unwrap(), [1.0]);
/// ```
#[must_use]
#[track_caller]
pub fn batch_norm<const D: usize>(x: Tensor<D>, gamma: Tensor<1>, beta: Tensor<1>, epsilon: f64) -> BatchNormOutput<D> {
    normalize(x, gamma, beta, epsilon, false)
}

/// [`batch_norm`] and ReLU in one pass over memory, forward and backward: the output is max(γ·x̂ + β, 0).
///
/// # Panics
/// As [`batch_norm`].
///
/// # Example
/// ```
/// use burn::tensor::{Device, Tensor};
/// use untied_batch_norm::batch_norm_relu;
///
/// let device = Device::default();
/// let x = Tensor::<2>::from_floats([[1.0], [3.0]], &device);
/// let y = batch_norm_relu(x, Tensor::ones([1], &device), Tensor::zeros([1], &device), 0.0);
/// assert_eq!(y.output.into_data().try_to_vec::<f32>().unwrap(), [0.0, 1.0]);
/// ```
#[must_use]
#[track_caller]
pub fn batch_norm_relu<const D: usize>(
    x: Tensor<D>,
    gamma: Tensor<1>,
    beta: Tensor<1>,
    epsilon: f64,
) -> BatchNormOutput<D> {
    normalize(x, gamma, beta, epsilon, true)
}

/// [`batch_norm`], an addition and ReLU in one pass over memory, as where a residual block ends: the output is
/// max(γ·x̂ + β + other, 0). It is equal, bit by bit, to that of the three one after the other.
///
/// # Panics
/// As [`batch_norm`], or if `other` is of another shape, type or device than x.
///
/// # Example
/// ```
/// use burn::tensor::{Device, Tensor};
/// use untied_batch_norm::batch_norm_add_relu;
///
/// let device = Device::default();
/// let (x, other) = ([[1.0], [3.0]], [[0.5], [-2.0]]);
/// let [x, other] = [x, other].map(|rows| Tensor::<2>::from_floats(rows, &device));
/// let y = batch_norm_add_relu(x, Tensor::ones([1], &device), Tensor::zeros([1], &device), other, 0.0);
/// assert_eq!(y.output.into_data().try_to_vec::<f32>().unwrap(), [0.0, 0.0]);
/// ```
#[must_use]
#[track_caller]
pub fn batch_norm_add_relu<const D: usize>(
    x: Tensor<D>,
    gamma: Tensor<1>,
    beta: Tensor<1>,
    other: Tensor<D>,
    epsilon: f64,
) -> BatchNormOutput<D> {
    check_other(&x, &other);
    let other = other.into_dispatch();
    run(x, gamma, beta, |x, gamma, beta| Dispatch::untied_batch_norm_add_relu(x, gamma, beta, other, epsilon))
}

/// [`batch_norm_relu`] and max pooling of 2×2 windows without overlap in one pass over memory: the output is `[n, c, ⌊h/2⌋,
/// ⌊w/2⌋]`, equal, bit by bit, to that of norm, ReLU and pooling one after the other.
///
/// # Backward
/// ∂J/∂y goes to the first of a window's maxima, row by row, as in PyTorch.
///
/// # Panics
/// As [`batch_norm`].
///
/// # Example
/// ```
/// use burn::tensor::{Device, Tensor};
/// use untied_batch_norm::batch_norm_relu_pool;
///
/// let device = Device::default();
/// let x = Tensor::<4>::from_floats([[[[1.0, 3.0], [3.0, 1.0]]]], &device);
/// let y = batch_norm_relu_pool(x, Tensor::ones([1], &device), Tensor::zeros([1], &device), 0.0);
/// assert_eq!(y.output.into_data().try_to_vec::<f32>().unwrap(), [1.0]);
/// ```
#[must_use]
#[track_caller]
pub fn batch_norm_relu_pool(x: Tensor<4>, gamma: Tensor<1>, beta: Tensor<1>, epsilon: f64) -> BatchNormOutput<4> {
    run(x, gamma, beta, |x, gamma, beta| Dispatch::untied_batch_norm_relu_pool(x, gamma, beta, epsilon))
}

/// [`batch_norm`] by given statistics, with an addition where asked for and a ReLU behind it: in evaluation.
#[track_caller]
pub(crate) fn by_given_statistics<const D: usize>(
    x: Tensor<D>,
    [gamma, beta, mean, var]: [Tensor<1>; 4],
    epsilon: f64,
    other: Option<Tensor<D>>,
    relu: bool,
) -> Tensor<D> {
    check_compiled_in(&x.device());
    check_devices(&x.device(), &gamma, &beta);
    let wide = |tensor: Tensor<1>| tensor.cast(statistics_dtype(x.dtype())).into_dispatch();
    let [gamma, beta, mean, var] = [gamma, beta, mean, var].map(wide);
    Tensor::from_dispatch(match other {
        Some(other) => {
            check_other(&x, &other);
            let (x, other) = (x.into_dispatch(), other.into_dispatch());
            Dispatch::untied_batch_norm_inference_add_relu(x, other, gamma, beta, mean, var, epsilon)
        }
        None => Dispatch::untied_batch_norm_inference(x.into_dispatch(), gamma, beta, mean, var, epsilon, relu),
    })
}

/// [`batch_norm`], with a ReLU behind it where asked for.
#[track_caller]
pub(crate) fn normalize<const D: usize>(
    x: Tensor<D>,
    gamma: Tensor<1>,
    beta: Tensor<1>,
    epsilon: f64,
    relu: bool,
) -> BatchNormOutput<D> {
    run(x, gamma, beta, |x, gamma, beta| Dispatch::untied_batch_norm(x, gamma, beta, epsilon, relu))
}

/// An operation on x, γ and β that gives an output and the statistics of the batch.
#[track_caller]
fn run<const D: usize>(
    x: Tensor<D>,
    gamma: Tensor<1>,
    beta: Tensor<1>,
    operation: impl FnOnce(DispatchTensor, DispatchTensor, DispatchTensor) -> (DispatchTensor, DispatchTensor),
) -> BatchNormOutput<D> {
    check_shapes(&x, &gamma, &beta);
    check_compiled_in(&x.device());
    check_devices(&x.device(), &gamma, &beta);
    let channels = x.dims()[1];
    let wide = |tensor: Tensor<1>| tensor.cast(statistics_dtype(x.dtype())).into_dispatch();
    let (gamma, beta) = (wide(gamma), wide(beta));
    let (output, statistics) = operation(x.into_dispatch(), gamma, beta);
    let statistics = Tensor::<2>::from_dispatch(statistics);
    let row = |row: Row| statistics.clone().narrow(0, row as usize, 1).reshape([channels]);
    BatchNormOutput { output: Tensor::from_dispatch(output), mean: row(Row::Mean), var: row(Row::Var) }
}

#[track_caller]
fn check_shapes<const D: usize>(x: &Tensor<D>, gamma: &Tensor<1>, beta: &Tensor<1>) {
    let dims = x.dims();
    assert!(D >= 2, "batch norm: expected an input [n, c, ...] of rank 2 or more, got {dims:?}");
    for (name, [length]) in [("gamma", gamma.dims()), ("beta", beta.dims())] {
        assert!(
            length == dims[1],
            "batch norm: expected {name} of length {}, as the input {dims:?} has channels, got {length}",
            dims[1]
        );
    }
    check_values("channel", dims.iter().product::<usize>() / dims[1].max(1), &dims);
}

#[track_caller]
fn check_other<const D: usize>(x: &Tensor<D>, other: &Tensor<D>) {
    let of = |tensor: &Tensor<D>| (tensor.dims(), tensor.dtype(), tensor.device());
    let (expected, got) = (of(x), of(other));
    assert!(expected == got, "batch norm: expected what is added to be like the input, {expected:?}, got {got:?}");
}

#[track_caller]
fn check_compiled_in(device: &Device) {
    if let Err(error) = check_compiled("untied-batch-norm", COMPILED, device) {
        panic!("batch norm: {error}");
    }
}

/// Refuses parameters of another device than the input's.
#[track_caller]
fn check_devices(device: &Device, gamma: &Tensor<1>, beta: &Tensor<1>) {
    for (name, got) in [("gamma", gamma.device()), ("beta", beta.device())] {
        assert!(
            got == *device,
            "batch norm: expected {name} on the input's device {device:?}, got it on {got:?}: move the layer with \
             `to_device`, or the input"
        );
    }
}

/// Features of this crate that name a backend.
const COMPILED: &[&str] = &[
    #[cfg(feature = "flex")]
    "flex",
    #[cfg(feature = "ndarray")]
    "ndarray",
    #[cfg(feature = "wgpu")]
    "wgpu",
    #[cfg(feature = "cuda")]
    "cuda",
];

/// Refuses what has no spread: `values` share one mean and variance, for each channel or activation of x.
#[track_caller]
pub(crate) fn check_values(what: &str, values: usize, dims: &[usize]) {
    assert!(values > 1, "batch norm: expected at least 2 values per {what} while training, got {values} in {dims:?}");
}
