//! The layers: convolution with a bias that is shared over locations or not.

mod fold;
mod gradient_sums;
mod module;
mod resize;
mod sharing;

use burn::module::Param;
use burn::tensor::Tensor;

pub use self::gradient_sums::{BiasSums, Probe};
pub use self::resize::Interpolation;
pub use self::sharing::BiasParts;
pub(crate) use self::sharing::{learns, new_parameter};

use crate::functional::{conv, conv_with_epilogue};
use crate::{Bias, ConvError, ConvSpec, Epilogue, Geometry, Side};

/// Convolution of sequences `[n, channels, length]`; made from a [`Conv1dConfig`](crate::Conv1dConfig).
pub type Conv1d = Conv<1, 3, 2>;
/// Convolution of images `[n, channels, h, w]`; made from a [`Conv2dConfig`](crate::Conv2dConfig).
pub type Conv2d = Conv<2, 4, 3>;
/// Convolution of volumes `[n, channels, d, h, w]`; made from a [`Conv3dConfig`](crate::Conv3dConfig).
pub type Conv3d = Conv<3, 5, 4>;

/// Convolution (cross-correlation) over the last `D` axes, plus a bias that is shared over locations or not.
///
/// For images:
///
/// ```text
/// y[n, o, i, j] = Σ_{c, k, l} w[o, c, k, l] · x[n, c, s·i + d·k − p, s·j + d·l − p] + b[o, i|0, j|0]
/// ```
///
/// with stride s, dilation d and padding p; c runs over the channels of o's group, x is zero outside.
///
/// # Shapes
/// With h, w standing for the `D` spatial axes: x `[n, channels_in, h, w]`; weight
/// `[channels_out, channels_in/groups, kernel_h, kernel_w]`, of rank `R` = D + 2; bias `[channels_out, h'|1, w'|1]`,
/// 1 along the axes that share it, of rank `B` = D + 1; y `[n, channels_out, h', w']`.
///
/// # Backward
/// ∂J/∂b is the sum of ∂J/∂y over the images and over the locations that share the parameter.
///
/// # Source
/// Untied biases as in Lasagne's `untie_biases`; sharing along chosen axes as asked for in Lasagne's issue 249.
#[derive(Debug, Clone)]
pub struct Conv<const D: usize, const R: usize, const B: usize> {
    /// Filters `[channels_out, channels_in/groups, kernel...]`.
    pub weight: Param<Tensor<R>>,
    /// Bias `[channels_out, output size or 1 per axis]`.
    pub bias: Option<Param<Tensor<B>>>,
    /// Further terms of a bias that is a sum, each 1 along the axes that share it; none for one of a single term.
    pub further_terms: Vec<Param<Tensor<B>>>,
    /// Size of the kernel.
    pub kernel_size: [usize; D],
    /// Step of the kernel.
    pub stride: [usize; D],
    /// Spacing of the kernel's elements.
    pub dilation: [usize; D],
    /// Zeros around the input.
    pub padding: [Side; D],
    /// Groups of channels that are convolved apart.
    pub groups: usize,
    /// Sharing of the bias over locations.
    pub bias_mode: Bias,
    /// The only input size that the layer takes, if it was given.
    pub input_size: Option<[usize; D]>,
}

impl<const D: usize, const R: usize, const B: usize> Conv<D, R, B> {
    /// Convolves `x`.
    ///
    /// # Panics
    /// If x has other channels, or another size than the layer was built for, or is smaller than the kernel, or of
    /// another type than the weight; the text is a [`ConvError`]'s.
    #[must_use]
    #[track_caller]
    pub fn forward(&self, x: Tensor<R>) -> Tensor<R> {
        let weight = self.weight.val();
        let spec = self.spec(x.dims(), weight.dims());
        // `unwrap_or_else` would hide the caller's line.
        match spec.and_then(|spec| conv(x, weight, self.bias_sum(), spec)) {
            Ok(y) => y,
            Err(error) => panic!("{error}"),
        }
    }

    /// Convolves `x`, and does what follows in evaluation, as one operation: see [`Epilogue`].
    ///
    /// # Panics
    /// As [`forward`](Self::forward), or if what is in the epilogue does not fit the output.
    ///
    /// # Example
    /// ```
    /// use burn::tensor::{Device, Tensor};
    /// use untied_batch_norm::BatchNormConfig;
    /// use untied_conv::{Conv2dConfig, Epilogue};
    ///
    /// let device = Device::default();
    /// let conv = Conv2dConfig::new([3, 8], [3, 3]).with_bias(false).init(&device);
    /// let norm = BatchNormConfig::new(8).init(&device);
    /// let x = Tensor::ones([1, 3, 6, 6], &device);
    ///
    /// let [gamma, beta, mean, var] = norm.gamma_beta_mean_var();
    /// let epilogue = Epilogue { gamma, beta, mean, var, epsilon: norm.epsilon, other: None, relu: true };
    /// let y = conv.forward_with_epilogue(x.clone(), epilogue);
    /// y.into_data().assert_eq(&norm.forward_relu(conv.forward(x)).into_data(), true);
    /// ```
    #[must_use]
    #[track_caller]
    pub fn forward_with_epilogue(&self, x: Tensor<R>, epilogue: Epilogue<R>) -> Tensor<R> {
        let weight = self.weight.val();
        let spec = self.spec(x.dims(), weight.dims());
        // As above.
        match spec.and_then(|spec| conv_with_epilogue(x, weight, self.bias_sum(), spec, epilogue)) {
            Ok(y) => y,
            Err(error) => panic!("{error}"),
        }
    }

    /// Kernel, stride, dilation and padding, to ask for output sizes.
    #[must_use]
    pub fn geometry(&self) -> Geometry<D> {
        let Self { stride, dilation, padding, .. } = *self;
        Geometry { kernel: self.kernel_size, stride, dilation, padding }
    }

    /// Number of parameters of the weight and of the bias.
    #[must_use]
    pub fn parameter_counts(&self) -> (usize, usize) {
        (self.weight.shape().num_elements(), self.terms().map(|term| term.shape().num_elements()).sum())
    }

    /// The terms of the bias.
    pub(crate) fn terms(&self) -> impl Iterator<Item = &Param<Tensor<B>>> {
        self.bias.iter().chain(&self.further_terms)
    }

    /// The bias, the broadcast sum of its terms; none without one.
    pub(crate) fn bias_sum(&self) -> Option<Tensor<B>> {
        self.terms().map(Param::val).reduce(|sum, term| sum + term)
    }

    /// Channels in and out.
    #[must_use]
    pub fn channels(&self) -> [usize; 2] {
        let dims = self.weight.dims();
        [dims[1] * self.groups, dims[0]]
    }

    /// All sizes for an input that the layer takes.
    fn spec(&self, dims: [usize; R], weight: [usize; R]) -> Result<ConvSpec, ConvError> {
        let size = std::array::from_fn(|axis| dims[axis + 2]);
        let [channels, _] = self.channels();
        if dims[1] != channels || self.input_size.is_some_and(|expected| expected != size) {
            return Err(ConvError::Shape {
                what: "an input",
                expected: shape_text(channels, self.input_size),
                got: dims.to_vec(),
            });
        }
        ConvSpec::with_geometry(&dims, &weight, &self.geometry(), self.groups)
    }
}

/// `[n, 3, 32, 32]`, or with letters for the sizes where any will do.
pub(crate) fn shape_text<const D: usize>(channels: usize, size: Option<[usize; D]>) -> String {
    let axes = match size {
        Some(size) => size.map(|size| size.to_string()).join(", "),
        None => ["d", "h", "w"][3 - D..].join(", "),
    };
    format!("[n, {channels}, {axes}]")
}
