//! Configuration of a layer.

mod json;

use burn::config::{Config, config_to_json};
use burn::nn::Initializer;
use burn::tensor::Device;
use serde::{Deserialize, Serialize};
use untied_redundancy::RedundancyError;

use crate::geometry::{check_groups, fits, joined};
use crate::{Bias, Conv, Conv1d, Conv2d, Conv3d, ConvError, Geometry, Padding, Side};

/// Configuration of a [`Conv1d`].
pub type Conv1dConfig = ConvConfig<1>;
/// Configuration of a [`Conv2d`].
pub type Conv2dConfig = ConvConfig<2>;
/// Configuration of a [`Conv3d`].
pub type Conv3dConfig = ConvConfig<3>;

/// Configuration of a convolution over `D` spatial axes. The JSON of Burn's own configurations of this rank is read too.
///
/// ```
/// use burn::tensor::{Device, Tensor};
/// use untied_conv::{Bias, Conv2dConfig, Side};
///
/// let device = Device::default();
/// let conv = Conv2dConfig::new([1, 16], [3, 3])
///     .with_padding(Side::Same)
///     .with_bias(Bias::Untied)
///     .with_input_size(Some([28, 28]))
///     .init(&device);
/// assert_eq!(conv.bias.as_ref().unwrap().dims(), [16, 28, 28]);
/// assert_eq!(conv.forward(Tensor::zeros([5, 1, 28, 28], &device)).dims(), [5, 16, 28, 28]);
/// ```
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "json::Json")]
pub struct ConvConfig<const D: usize> {
    /// Channels in and out.
    pub channels: [usize; 2],
    /// Size of the kernel.
    #[serde(serialize_with = "json::axes")]
    pub kernel_size: [usize; D],
    /// Step of the kernel.
    #[serde(serialize_with = "json::axes")]
    pub stride: [usize; D],
    /// Zeros around the input.
    #[serde(serialize_with = "json::axes")]
    pub padding: [Side; D],
    /// Spacing of the kernel's elements.
    #[serde(serialize_with = "json::axes")]
    pub dilation: [usize; D],
    /// Groups of channels that are convolved apart.
    pub groups: usize,
    /// Sharing of the bias over locations.
    pub bias: Bias,
    /// Size of the input.
    #[serde(serialize_with = "json::optional_axes")]
    pub input_size: Option<[usize; D]>,
    /// Distribution of the weight.
    pub initializer: Initializer,
    /// Distribution of the bias.
    pub bias_initializer: Initializer,
}

impl<const D: usize> ConvConfig<D> {
    /// A convolution of `[channels_in, channels_out]`, with stride 1, no padding and a tied bias that starts at zero;
    /// weights start uniform within ±1/√fan_in, as Burn's and PyTorch's.
    #[must_use]
    pub fn new(channels: [usize; 2], kernel_size: [usize; D]) -> Self {
        Self {
            channels,
            kernel_size,
            stride: [1; D],
            padding: [Side::Valid; D],
            dilation: [1; D],
            groups: 1,
            bias: Bias::Tied,
            input_size: None,
            initializer: Initializer::KaimingUniform { gain: 1.0 / 3f64.sqrt(), fan_out_only: false },
            bias_initializer: Initializer::Zeros,
        }
    }

    /// Sets the step of the kernel.
    #[must_use]
    pub fn with_stride(self, stride: [usize; D]) -> Self {
        Self { stride, ..self }
    }

    /// Sets the padding: one [`Side`] for all axes or one for each, or Burn's `PaddingConfig` of this rank.
    #[must_use]
    pub fn with_padding(self, padding: impl Into<Padding<D>>) -> Self {
        Self { padding: padding.into().0, ..self }
    }

    /// Sets the spacing of the kernel's elements.
    #[must_use]
    pub fn with_dilation(self, dilation: [usize; D]) -> Self {
        Self { dilation, ..self }
    }

    /// Sets the number of groups of channels that are convolved apart; as many as channels: depthwise.
    #[must_use]
    pub fn with_groups(self, groups: usize) -> Self {
        Self { groups, ..self }
    }

    /// Sets how the bias is shared over locations; `true` is a tied one and `false` none, as in Burn.
    #[must_use]
    pub fn with_bias(self, bias: impl Into<Bias>) -> Self {
        Self { bias: bias.into(), ..self }
    }

    /// Sets the size of the input; an untied bias needs it. Where given, other sizes are refused.
    #[must_use]
    pub fn with_input_size(self, input_size: impl Into<Option<[usize; D]>>) -> Self {
        Self { input_size: input_size.into(), ..self }
    }

    /// Sets the distribution of the weight.
    #[must_use]
    pub fn with_initializer(self, initializer: Initializer) -> Self {
        Self { initializer, ..self }
    }

    /// Sets the distribution of the bias.
    #[must_use]
    pub fn with_bias_initializer(self, bias_initializer: Initializer) -> Self {
        Self { bias_initializer, ..self }
    }

    /// Kernel, stride, dilation and padding, to ask for output sizes.
    #[must_use]
    pub fn geometry(&self) -> Geometry<D> {
        let Self { stride, dilation, padding, .. } = *self;
        Geometry { kernel: self.kernel_size, stride, dilation, padding }
    }

    /// The shapes of the bias's terms.
    fn terms(&self) -> Result<Vec<Vec<usize>>, ConvError> {
        self.geometry().check()?;
        check_groups(self.groups, self.channels)?;
        fits("a weight", &[&self.channels, &self.kernel_size[..]].concat())?;
        let output = self.input_size.map(|input| self.geometry().output_size(input)).transpose()?;
        // Errors in the axes come before a missing size.
        let terms = self.bias.terms(self.channels[1], &output.unwrap_or([1; D]))?;
        if self.bias.needs_size() && output.is_none() {
            return Err(ConvError::MissingInputSize { rank: D });
        }
        terms.iter().try_for_each(|term| fits("a bias", term))?;
        Ok(terms)
    }

    fn build<const R: usize, const B: usize>(&self, terms: Vec<[usize; B]>, device: &Device) -> Conv<D, R, B> {
        let [channels_in, channels_out] = self.channels;
        let locations = self.kernel_size.iter().product::<usize>();
        let [fan_in, fan_out] = self.channels.map(|channels| Some(channels / self.groups * locations));
        let shape: [usize; R] = joined([channels_out, channels_in / self.groups], self.kernel_size);
        let weight = self.initializer.init_with(shape, fan_in, fan_out, device);
        let init = |shape| self.bias_initializer.init_with(shape, fan_in, fan_out, device);
        let mut terms = terms.into_iter().map(init);
        Conv {
            weight,
            bias: terms.next(),
            further_terms: terms.collect(),
            kernel_size: self.kernel_size,
            stride: self.stride,
            dilation: self.dilation,
            padding: self.padding,
            groups: self.groups,
            bias_mode: self.bias.clone(),
            input_size: self.input_size,
        }
    }
}

impl<const D: usize, const R: usize, const B: usize> Conv<D, R, B> {
    /// The configuration that makes such a layer; a layer no longer knows its initializers, which are the default.
    #[must_use]
    pub fn config(&self) -> ConvConfig<D> {
        ConvConfig {
            stride: self.stride,
            padding: self.padding,
            dilation: self.dilation,
            groups: self.groups,
            bias: self.bias_mode.clone(),
            input_size: self.input_size,
            ..ConvConfig::new(self.channels(), self.kernel_size)
        }
    }
}

impl<const D: usize> Config for ConvConfig<D> {}

impl<const D: usize> std::fmt::Display for ConvConfig<D> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&config_to_json(self))
    }
}

/// Methods whose signatures name the type of the layer.
macro_rules! layers {
    ($($layer:ident: $axes:literal, $bias:literal;)*) => {$(
        impl ConvConfig<$axes> {
            /// Checks the configuration without touching a device, and tells the shape of its bias: the channels out,
            /// and per spatial axis the size of the output or 1 where it is shared; or none.
            ///
            /// # Errors
            /// If a size is zero or too large for memory, the groups do not divide the channels, the kernel is larger
            /// than the padded input, the bias is untied and the input size is not given or its axes are no spatial
            /// axes, or the bias is a sum of several terms, which has no one shape.
            pub fn bias_shape(&self) -> Result<Option<[usize; $bias]>, ConvError> {
                match *self.bias_terms()? {
                    [] => Ok(None),
                    [shape] => Ok(Some(shape)),
                    ref terms => Err(RedundancyError::Terms { found: terms.len() }.into()),
                }
            }

            /// The shapes of the terms whose broadcast sum is the bias: one for most [`Bias`] modes, none without a bias.
            ///
            /// # Errors
            /// As [`bias_shape`](Self::bias_shape), for sums too.
            pub fn bias_terms(&self) -> Result<Vec<[usize; $bias]>, ConvError> {
                let shape = |term: Vec<usize>| std::array::from_fn(|axis| term[axis]);
                Ok(self.terms()?.into_iter().map(shape).collect())
            }

            /// Makes the layer.
            ///
            /// # Errors
            /// As [`bias_terms`](Self::bias_terms).
            pub fn try_init(&self, device: &Device) -> Result<$layer, ConvError> {
                Ok(self.build(self.bias_terms()?, device))
            }

            /// Makes the layer.
            ///
            /// # Panics
            /// With the text of the error of [`try_init`](Self::try_init).
            #[must_use]
            #[track_caller]
            pub fn init(&self, device: &Device) -> $layer {
                match self.try_init(device) {
                    Ok(layer) => layer,
                    Err(error) => panic!("{error}"),
                }
            }
        }
    )*};
}

layers! {
    Conv1d: 1, 2;
    Conv2d: 2, 3;
    Conv3d: 3, 4;
}
