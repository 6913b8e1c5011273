//! Convolution as a function of tensors.
#![expect(clippy::needless_pass_by_value, reason = "options are passed as to Burn's own functions")]

use burn::backend::Dispatch;
use burn::tensor::ops::ConvOptions;
use burn::tensor::{Device, Tensor};

use untied_kernels::{accumulator_dtype, check_compiled};

use crate::{ConvBackend, ConvError, ConvSpec, Epilogue, EpilogueTensors, Given};

/// [`conv2d`] over sequences: x `[n, channels_in, l]`, weight `[channels_out, channels_in/groups, kernel]`,
/// bias `[channels_out, l'|1]`, y `[n, channels_out, l']`.
///
/// # Panics
/// As [`conv2d`].
#[must_use]
#[track_caller]
pub fn conv1d(x: Tensor<3>, weight: Tensor<3>, bias: Option<Tensor<2>>, options: ConvOptions<1>) -> Tensor<3> {
    by_options(x, weight, bias, &options)
}

/// Convolution (cross-correlation) of images, plus a bias that is shared over locations or not, as one operation.
///
/// ```text
/// y[n, o, i, j] = Σ_{c, k, l} w[o, c, k, l] · x[n, c, s·i + d·k − p, s·j + d·l − p] + b[o, i|0, j|0]
/// ```
///
/// with stride s, dilation d and padding p; c runs over the channels of o's group, x is zero outside.
///
/// # Shapes
/// x `[n, channels_in, h, w]`; weight `[channels_out, channels_in/groups, kernel_h, kernel_w]`;
/// bias `[channels_out, h'|1, w'|1]`, 1 along the axes that share it; y `[n, channels_out, h', w']`.
///
/// # Backward
/// ∂J/∂b is the sum of ∂J/∂y over the images and over the locations that share the parameter. Only the gradients of
/// tracked arguments are computed.
///
/// # Panics
/// If the shapes or types do not fit together, with the text of a [`ConvError`]; or if x is on a backend whose
/// feature of this crate is not enabled.
///
/// # Example
/// ```
/// use burn::tensor::ops::ConvOptions;
/// use burn::tensor::{Device, Tensor};
/// use untied_conv::conv2d;
///
/// let device = Device::default();
/// let x = Tensor::<4>::ones([1, 1, 2, 3], &device);
/// let weight = Tensor::<4>::ones([1, 1, 1, 2], &device);
/// let one_per_row = Tensor::<3>::from_floats([[[10.0], [20.0]]], &device);
/// let y = conv2d(x, weight, Some(one_per_row), ConvOptions::new([1, 1], [0, 0], [1, 1], 1));
/// assert_eq!(y.into_data().try_to_vec::<f32>().unwrap(), [12.0, 12.0, 22.0, 22.0]);
/// ```
#[must_use]
#[track_caller]
pub fn conv2d(x: Tensor<4>, weight: Tensor<4>, bias: Option<Tensor<3>>, options: ConvOptions<2>) -> Tensor<4> {
    by_options(x, weight, bias, &options)
}

/// [`conv2d`], and behind it a batch norm by given statistics, an addition and a ReLU as the [`Epilogue`] says, as one
/// operation: what a network computes in evaluation.
///
/// On the CPU, in f32 and f64, outputs are replaced while they are in a core's own cache. Elsewhere, and under autodiff, the
/// operations follow each other.
///
/// # Panics
/// As [`conv2d`], or if what is in the epilogue does not have its shape, or the input's device, or `other` its type.
///
/// # Example
/// ```
/// use burn::tensor::ops::ConvOptions;
/// use burn::tensor::{Device, Tensor};
/// use untied_conv::{Epilogue, conv2d_with_epilogue};
///
/// let device = Device::default();
/// let of = |values| Tensor::<1>::from_floats(values, &device);
/// let x = Tensor::<4>::from_floats([[[[1.0, 2.0, 3.0]]]], &device);
/// let weight = Tensor::<4>::ones([1, 1, 1, 1], &device);
/// let options = ConvOptions::new([1, 1], [0, 0], [1, 1], 1);
/// let [gamma, beta, mean, var] = [of([10.0]), of([1.0]), of([2.0]), of([4.0])];
/// let epilogue = Epilogue { gamma, beta, mean, var, epsilon: 0.0, other: Some(x.clone()), relu: true };
/// let y = conv2d_with_epilogue(x, weight, None, options, epilogue);
/// assert_eq!(y.into_data().try_to_vec::<f32>().unwrap(), [0.0, 3.0, 9.0]);
/// ```
#[must_use]
#[track_caller]
pub fn conv2d_with_epilogue(
    x: Tensor<4>,
    weight: Tensor<4>,
    bias: Option<Tensor<3>>,
    options: ConvOptions<2>,
    epilogue: Epilogue<4>,
) -> Tensor<4> {
    let spec = ConvSpec::new(&x.dims(), &weight.dims(), &options);
    // `unwrap_or_else` would hide the caller's line.
    match spec.and_then(|spec| conv_with_epilogue(x, weight, bias, spec, epilogue)) {
        Ok(y) => y,
        Err(error) => panic!("{error}"),
    }
}

/// [`conv2d`] over volumes: x `[n, channels_in, d, h, w]`, weight
/// `[channels_out, channels_in/groups, kernel_d, kernel_h, kernel_w]`, bias `[channels_out, d'|1, h'|1, w'|1]`,
/// y `[n, channels_out, d', h', w']`.
///
/// # Panics
/// As [`conv2d`].
#[must_use]
#[track_caller]
pub fn conv3d(x: Tensor<5>, weight: Tensor<5>, bias: Option<Tensor<4>>, options: ConvOptions<3>) -> Tensor<5> {
    by_options(x, weight, bias, &options)
}

/// Convolution over D spatial axes: R = D + 2, B = D + 1.
#[track_caller]
fn by_options<const D: usize, const R: usize, const B: usize>(
    x: Tensor<R>,
    weight: Tensor<R>,
    bias: Option<Tensor<B>>,
    options: &ConvOptions<D>,
) -> Tensor<R> {
    let spec = ConvSpec::new(&x.dims(), &weight.dims(), options);
    // `unwrap_or_else` would hide the caller's line.
    match spec.and_then(|spec| conv(x, weight, bias, spec)) {
        Ok(y) => y,
        Err(error) => panic!("{error}"),
    }
}

/// Convolution of tensors of the given sizes.
pub(crate) fn conv<const R: usize, const B: usize>(
    x: Tensor<R>,
    weight: Tensor<R>,
    bias: Option<Tensor<B>>,
    spec: ConvSpec,
) -> Result<Tensor<R>, ConvError> {
    check(&x, &weight, bias.as_ref(), &spec)?;
    if spec.images == 0 {
        return Ok(of_no_images(x, weight, bias, spec));
    }
    let (x, weight) = (x.into_dispatch(), weight.into_dispatch());
    Ok(Tensor::from_dispatch(match bias {
        Some(bias) => Dispatch::untied_conv_bias(x, weight, bias.into_dispatch(), spec),
        None => Dispatch::untied_conv(x, weight, spec),
    }))
}

/// The same, with what follows.
pub(crate) fn conv_with_epilogue<const R: usize, const B: usize>(
    x: Tensor<R>,
    weight: Tensor<R>,
    bias: Option<Tensor<B>>,
    spec: ConvSpec,
    Epilogue { gamma, beta, mean, var, epsilon, other, relu }: Epilogue<R>,
) -> Result<Tensor<R>, ConvError> {
    check(&x, &weight, bias.as_ref(), &spec)?;
    let (device, shape) = (x.device(), spec.y_shape());
    let fits = |what: &'static str, expected: &[usize], got: &[usize]| {
        let error = || ConvError::Shape { what, expected: format!("{expected:?}"), got: got.to_vec() };
        if expected == got { Ok(()) } else { Err(error()) }
    };
    for (what, row) in [("a gamma", &gamma), ("a beta", &beta), ("a mean", &mean), ("a variance", &var)] {
        fits(what, &[shape[1]], &row.dims())?;
        check_device(what, &device, row)?;
    }
    if let Some(other) = &other {
        fits("an addend", &shape, &other.dims())?;
        check_argument("an addend", &x, &device, other)?;
    }
    if spec.images == 0 {
        return Ok(of_no_images(x, weight, bias, spec));
    }
    let wide = |row: Tensor<1>| row.cast(accumulator_dtype(x.dtype())).into_dispatch();
    let [gamma, beta, mean, var] = [gamma, beta, mean, var].map(wide);
    let bias = bias.map_or(Given::Nothing, |bias| Given::Tensor(bias.into_dispatch()));
    let other = other.map_or(Given::Nothing, |other| Given::Tensor(other.into_dispatch()));
    let epilogue = EpilogueTensors { gamma, beta, mean, var, epsilon, other, relu };
    let (x, weight) = (x.into_dispatch(), weight.into_dispatch());
    Ok(Tensor::from_dispatch(Dispatch::untied_conv_epilogue(x, weight, bias, epilogue, spec)))
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

/// Refuses parameters that do not fit x, and a backend without its feature.
fn check<const R: usize, const B: usize>(
    x: &Tensor<R>,
    weight: &Tensor<R>,
    bias: Option<&Tensor<B>>,
    spec: &ConvSpec,
) -> Result<(), ConvError> {
    let device = x.device();
    check_compiled("untied-conv", COMPILED, &device).map_err(ConvError::Backend)?;
    check_argument("a weight", x, &device, weight)?;
    if let Some(bias) = bias {
        spec.check_bias(&bias.dims())?;
        check_argument("a bias", x, &device, bias)?;
    }
    Ok(())
}

/// Refuses a parameter of another device or type than the input.
fn check_argument<const R: usize, const S: usize>(
    what: &'static str,
    x: &Tensor<R>,
    device: &Device,
    parameter: &Tensor<S>,
) -> Result<(), ConvError> {
    check_device(what, device, parameter)?;
    let (expected, got) = (x.dtype(), parameter.dtype());
    if expected == got { Ok(()) } else { Err(ConvError::Type { what, expected, got }) }
}

fn check_device<const S: usize>(what: &'static str, device: &Device, parameter: &Tensor<S>) -> Result<(), ConvError> {
    let got = parameter.device();
    if got == *device {
        return Ok(());
    }
    let [expected, got] = [device, &got].map(|device| format!("{device:?}"));
    Err(ConvError::Device { what, expected, got })
}

/// `[0, channels_out, …]`, with gradients of zero: the output for one black image, without it.
fn of_no_images<const R: usize, const B: usize>(
    x: Tensor<R>,
    weight: Tensor<R>,
    bias: Option<Tensor<B>>,
    spec: ConvSpec,
) -> Tensor<R> {
    let (mut shape, creation) = (x.dims(), (&x.device(), x.dtype()));
    shape[0] = 1;
    let Ok(y) = conv(Tensor::zeros(shape, creation), weight, bias, spec.with_images(1)) else {
        unreachable!("the same sizes but for the images")
    };
    shape = y.dims();
    shape[0] = 0;
    // Burn's slices of nothing are off the graph.
    Tensor::zeros(shape, creation) + y.sum().reshape([1; R])
}
