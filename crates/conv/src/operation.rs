//! Convolution with its bias as operations of a Burn backend.
#![cfg_attr(feature = "ndarray", allow(deprecated, reason = "offered for comparison, as long as Burn has it"))]

#[cfg(any(feature = "wgpu", feature = "cuda"))]
use burn::backend::fusion::custom::TensorSpec;
use burn::backend::tensor::FloatTensor;
use burn::backend::{Backend, backend_extension};
use burn::tensor::Shape;

use crate::{ConvSpec, EpilogueTensors, Given, epilogue, primitives};

/// A backend that convolves and adds a bias that is shared over locations or not, forward and backward.
///
/// The default bodies are made of the backend's own primitives. Only the backends whose Cargo feature of this crate is
/// enabled take part; a call on another one panics.
///
/// # Shapes
/// As the [`ConvSpec`] says, with one to three spatial axes: x and dx `[n, channels_in, d, h, w]`; weight and dw
/// `[channels_out, channels_in/groups, kernel_d, kernel_h, kernel_w]`; bias and db `[channels_out, d'|1, h'|1, w'|1]`,
/// 1 along the axes that share it; y and dy `[n, channels_out, d', h', w']`. All of one type.
#[backend_extension(
    Flex: cfg(feature = "flex"),
    NdArray: cfg(feature = "ndarray"),
    Cube: cfg(any(feature = "wgpu", feature = "cuda")),
    Autodiff,
    Fusion: cfg(any(feature = "wgpu", feature = "cuda"))
)]
pub trait ConvBackend: Backend {
    /// y = w ∗ x.
    #[fusion(meta = |x, _weight, spec| TensorSpec::new(spec.y_shape(), x.dtype))]
    fn untied_conv(x: FloatTensor<Self>, weight: FloatTensor<Self>, spec: ConvSpec) -> FloatTensor<Self> {
        primitives::forward::<Self>(x, weight, None, spec)
    }

    /// y = w ∗ x + b.
    #[fusion(meta = |x, _weight, _bias, spec| TensorSpec::new(spec.y_shape(), x.dtype))]
    fn untied_conv_bias(
        x: FloatTensor<Self>,
        weight: FloatTensor<Self>,
        bias: FloatTensor<Self>,
        spec: ConvSpec,
    ) -> FloatTensor<Self> {
        primitives::forward::<Self>(x, weight, Some(bias), spec)
    }

    /// What an [`Epilogue`](crate::Epilogue) makes of y = w ∗ x, or of y = w ∗ x + b if there is a bias.
    #[fusion(default)]
    fn untied_conv_epilogue(
        x: FloatTensor<Self>,
        weight: FloatTensor<Self>,
        #[extension_type] bias: Given<Self>,
        #[extension_type] epilogue: EpilogueTensors<Self>,
        spec: ConvSpec,
    ) -> FloatTensor<Self> {
        let y = match bias {
            Given::Tensor(bias) => Self::untied_conv_bias(x, weight, bias, spec),
            Given::Nothing => Self::untied_conv(x, weight, spec),
        };
        epilogue::follow::<Self>(y, epilogue)
    }

    /// dx.
    #[fusion(meta = |weight, _dy, spec| TensorSpec::new(spec.x_shape(), weight.dtype))]
    fn untied_conv_x_backward(weight: FloatTensor<Self>, dy: FloatTensor<Self>, spec: ConvSpec) -> FloatTensor<Self> {
        primitives::x_backward::<Self>(weight, dy, spec)
    }

    /// dw.
    #[fusion(meta = |x, _dy, spec| TensorSpec::new(spec.weight_shape(), x.dtype))]
    fn untied_conv_weight_backward(x: FloatTensor<Self>, dy: FloatTensor<Self>, spec: ConvSpec) -> FloatTensor<Self> {
        primitives::weight_backward::<Self>(x, dy, spec)
    }

    /// db: the sum of dy over the images and over the locations that share a parameter.
    #[fusion(meta = |dy, bias_shape| TensorSpec::new(bias_shape.clone(), dy.dtype))]
    fn untied_conv_bias_backward(dy: FloatTensor<Self>, bias_shape: Shape) -> FloatTensor<Self> {
        primitives::bias_backward::<Self>(dy, bias_shape)
    }

    /// (dw, db).
    #[fusion(meta = |x, _dy, bias_shape, spec| {
        (TensorSpec::new(spec.weight_shape(), x.dtype), TensorSpec::new(bias_shape.clone(), x.dtype))
    })]
    fn untied_conv_parameters_backward(
        x: FloatTensor<Self>,
        dy: FloatTensor<Self>,
        bias_shape: Shape,
        spec: ConvSpec,
    ) -> (FloatTensor<Self>, FloatTensor<Self>) {
        let db = Self::untied_conv_bias_backward(dy.clone(), bias_shape);
        (Self::untied_conv_weight_backward(x, dy, spec), db)
    }
}

#[cfg(feature = "ndarray")]
impl ConvBackend for burn::backend::NdArray {}
