//! Convolution over images.

use burn::config::Config;
use burn::module::{Content, DisplaySettings, Module, ModuleDisplay, Param};
use burn::nn::{Initializer, PaddingConfig2d};
use burn::tensor::ops::ConvOptions;
use burn::tensor::{Device, Tensor};

use crate::functional::conv;
use crate::geometry::check_groups;
use crate::{Bias, ConvError, Geometry, Side};

/// Configuration of a [`Conv2d`].
///
/// ```
/// use burn::nn::PaddingConfig2d;
/// use burn::tensor::{Device, Tensor};
/// use untied_conv::{Bias, Conv2dConfig};
///
/// let device = Device::default();
/// let conv = Conv2dConfig::new([1, 16], [3, 3])
///     .with_padding(PaddingConfig2d::Same)
///     .with_bias(Bias::Untied)
///     .with_input_size(Some([28, 28]))
///     .init(&device);
/// assert_eq!(conv.bias.as_ref().unwrap().dims(), [16, 28, 28]);
/// assert_eq!(conv.forward(Tensor::zeros([5, 1, 28, 28], &device)).dims(), [5, 16, 28, 28]);
/// ```
#[derive(Config, Debug, PartialEq)]
pub struct Conv2dConfig {
    /// Channels in and out.
    pub channels: [usize; 2],
    /// Height and width of the kernel.
    pub kernel_size: [usize; 2],
    /// Step of the kernel. Default: [1, 1].
    #[config(default = "[1, 1]")]
    pub stride: [usize; 2],
    /// Zero padding. `Same` keeps ⌈input/stride⌉, dilation taken into account. Default: valid (none).
    #[config(default = "PaddingConfig2d::Valid")]
    pub padding: PaddingConfig2d,
    /// Spacing of the kernel's elements. Default: [1, 1].
    #[config(default = "[1, 1]")]
    pub dilation: [usize; 2],
    /// Groups of channels that are convolved apart. Default: 1.
    #[config(default = "1")]
    pub groups: usize,
    /// How the bias is shared over locations. Default: tied.
    #[config(default = "Bias::Tied")]
    pub bias: Bias,
    /// Height and width of the input; an untied bias needs them. Where given, other sizes are refused.
    #[config(default = "None")]
    pub input_size: Option<[usize; 2]>,
    /// Distribution of the weight. Default: as Burn's and PyTorch's, uniform within ±1/√fan_in.
    #[config(default = "Initializer::KaimingUniform { gain: 1.0 / 3f64.sqrt(), fan_out_only: false }")]
    pub initializer: Initializer,
    /// Distribution of the bias. Default: zeros.
    #[config(default = "Initializer::Zeros")]
    pub bias_initializer: Initializer,
}

impl Conv2dConfig {
    /// Kernel, stride, dilation and padding, to ask for output sizes.
    #[must_use]
    pub fn geometry(&self) -> Geometry<2> {
        let padding = match self.padding {
            PaddingConfig2d::Same => [Side::Same; 2],
            PaddingConfig2d::Valid => [Side::Explicit(0, 0); 2],
            PaddingConfig2d::Explicit(top, left, bottom, right) => {
                [Side::Explicit(top, bottom), Side::Explicit(left, right)]
            }
        };
        Geometry { kernel: self.kernel_size, stride: self.stride, dilation: self.dilation, padding }
    }

    /// Checks the configuration without touching a device, and tells the shape of its bias:
    /// `[channels_out, h'|1, w'|1]`, or none.
    ///
    /// # Errors
    /// If a size is zero, the groups do not divide the channels, the kernel is larger than the padded input,
    /// or the bias is untied and the input size is not given or its axes are no spatial axes.
    pub fn bias_shape(&self) -> Result<Option<[usize; 3]>, ConvError> {
        let geometry = self.geometry();
        geometry.check()?;
        check_groups(self.groups, self.channels)?;
        let output = match self.input_size {
            Some(input) => geometry.output_size(input)?,
            // Still tells errors in the axes, which come before a missing size.
            None => self.bias.spatial_shape([1, 1]).map(|_| [1, 1])?,
        };
        if self.bias.needs_size() && self.input_size.is_none() {
            return Err(ConvError::MissingInputSize);
        }
        let spatial = self.bias.spatial_shape(output)?;
        Ok(spatial.map(|[h, w]| [self.channels[1], h, w]))
    }

    /// Makes the layer.
    ///
    /// # Errors
    /// As [`bias_shape`](Self::bias_shape).
    pub fn try_init(&self, device: &Device) -> Result<Conv2d, ConvError> {
        let bias_shape = self.bias_shape()?;
        let [channels_in, channels_out] = self.channels;
        let [height, width] = self.kernel_size;
        let fan_in = channels_in / self.groups * height * width;
        let fan_out = channels_out / self.groups * height * width;
        let shape = [channels_out, channels_in / self.groups, height, width];
        Ok(Conv2d {
            weight: self.initializer.init_with(shape, Some(fan_in), Some(fan_out), device),
            bias: bias_shape.map(|shape| self.bias_initializer.init_with(shape, Some(fan_in), Some(fan_out), device)),
            geometry: self.geometry(),
            groups: self.groups,
            bias_mode: self.bias.clone(),
            input_size: self.input_size,
        })
    }

    /// Makes the layer.
    ///
    /// # Panics
    /// With the text of the error of [`try_init`](Self::try_init).
    #[must_use]
    pub fn init(&self, device: &Device) -> Conv2d {
        self.try_init(device).unwrap_or_else(|error| panic!("{error}"))
    }
}

/// Convolution (cross-correlation) over the last two axes, plus a bias that is shared over locations or not.
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
/// ∂J/∂b is the sum of ∂J/∂y over the images and over the locations that share the number.
///
/// # Source
/// Untied biases as in Lasagne's `untie_biases`; sharing along chosen axes as asked for in Lasagne's issue 249.
#[derive(Module, Debug)]
#[module(custom_display)]
pub struct Conv2d {
    /// Filters `[channels_out, channels_in/groups, kernel_h, kernel_w]`.
    pub weight: Param<Tensor<4>>,
    /// Bias `[channels_out, h'|1, w'|1]`.
    pub bias: Option<Param<Tensor<3>>>,
    /// Kernel, stride, dilation and padding.
    #[module(skip)]
    pub geometry: Geometry<2>,
    /// Groups of channels that are convolved apart.
    #[module(skip)]
    pub groups: usize,
    /// How the bias is shared over locations.
    #[module(skip)]
    pub bias_mode: Bias,
    /// The only input size that the layer takes, if it was given.
    #[module(skip)]
    pub input_size: Option<[usize; 2]>,
}

impl Conv2d {
    /// Convolves `x`.
    ///
    /// # Panics
    /// If x has other channels, or another size than the layer was built for, or is smaller than the kernel; the
    /// text is a [`ConvError`]'s.
    #[must_use]
    pub fn forward(&self, x: Tensor<4>) -> Tensor<4> {
        self.check_input(x.dims()).unwrap_or_else(|error| panic!("{error}"));

        let [.., height, width] = x.dims();
        let padding = self.geometry.padding_pairs([height, width]);
        let Geometry { stride, dilation, .. } = self.geometry;
        let options = ConvOptions::new_with_padding(stride, padding, dilation, self.groups);
        conv(x, self.weight.val(), self.bias.as_ref().map(Param::val), options)
    }

    /// Number of parameters of the weight and of the bias.
    #[must_use]
    pub fn parameter_counts(&self) -> (usize, usize) {
        (self.weight.shape().num_elements(), self.bias.as_ref().map_or(0, |bias| bias.shape().num_elements()))
    }

    fn channels(&self) -> [usize; 2] {
        let [out, per_group, ..] = self.weight.dims();
        [per_group * self.groups, out]
    }

    fn check_input(&self, dims: [usize; 4]) -> Result<(), ConvError> {
        let [_, channels, height, width] = dims;
        let size = [height, width];
        let [expected, _] = self.channels();
        if channels != expected || self.input_size.is_some_and(|input| input != size) {
            let shape = self.input_size.map_or("h, w".to_string(), |[h, w]| format!("{h}, {w}"));
            let expected = format!("[n, {expected}, {shape}]");
            return Err(ConvError::Shape { what: "an input", expected, got: dims.to_vec() });
        }
        self.geometry.output_size(size).map(|_| ())
    }
}

impl ModuleDisplay for Conv2d {
    fn custom_settings(&self) -> Option<DisplaySettings> {
        DisplaySettings::new().with_new_line_after_attribute(false).optional()
    }

    fn custom_content(&self, content: Content) -> Option<Content> {
        let (weights, biases) = self.parameter_counts();
        content
            .add_debug_attribute("channels", &self.channels())
            .add_debug_attribute("kernel", &self.geometry.kernel)
            .add_debug_attribute("stride", &self.geometry.stride)
            .add_debug_attribute("dilation", &self.geometry.dilation)
            .add_debug_attribute("padding", &self.geometry.padding)
            .add("groups", &self.groups)
            .add_debug_attribute("bias", &self.bias_mode)
            .add("weights", &weights)
            .add("biases", &biases)
            .optional()
    }
}
