//! Burn's own convolutions and their configurations as this crate's, and back where nothing is lost.

use burn::module::Param;
use burn::nn::conv as nn;
use burn::nn::{PaddingConfig1d, PaddingConfig2d, PaddingConfig3d};
use burn::tensor::Tensor;

use crate::geometry::{burn_padding, undilated};
use crate::layer::{learns, new_parameter};
use crate::{
    Bias, Conv, Conv1d, Conv1dConfig, Conv2d, Conv2dConfig, Conv3d, Conv3dConfig, ConvConfig, ConvError, Padding,
};

/// `[channels_out]` → `[channels_out, 1…]`, as a parameter of its own.
fn to_tied<const B: usize>(bias: &Param<Tensor<1>>) -> Param<Tensor<B>> {
    let mut shape = [1; B];
    shape[0] = bias.lazy_shape()[0];
    new_parameter(bias.val().reshape(shape), learns(bias))
}

/// The bias of a tied layer or of one without, as Burn's layers have it.
fn to_flat<const D: usize, const R: usize, const B: usize>(
    layer: &Conv<D, R, B>,
) -> Result<Option<Param<Tensor<1>>>, ConvError> {
    let channels = layer.channels()[1];
    match (&layer.bias_mode, &layer.bias) {
        (Bias::None, _) => Ok(None),
        (Bias::Tied, Some(bias)) => Ok(Some(new_parameter(bias.val().reshape([channels]), learns(bias)))),
        _ => Err(ConvError::Burn("a bias that is not tied")),
    }
}

impl<const D: usize> ConvConfig<D> {
    /// Whether there is a bias, drawn as Burn draws it.
    fn burn_bias(&self) -> Result<bool, ConvError> {
        match self.bias {
            Bias::None => Ok(false),
            Bias::Tied if self.bias_initializer == self.initializer => Ok(true),
            Bias::Tied => Err(ConvError::Burn("an initializer of its own for the bias")),
            _ => Err(ConvError::Burn("a bias that is not tied")),
        }
    }

    fn check_any_size(&self) -> Result<(), ConvError> {
        self.input_size.map_or(Ok(()), |_| Err(ConvError::Burn("a given input size")))
    }
}

const NO_PADDING: ConvError = ConvError::Burn("this padding");

/// The conversions of one rank: how it writes its channels, its sizes along the axes, and explicit padding.
macro_rules! conversions {
    ($($layer:ident, $config:ident, $padding:ident {
        channels: $channels:expr,
        new: $new:expr,
        axes: $axes:expr,
        sizes: $sizes:expr,
        explicit: $explicit:expr $(,)?
    })*) => {$(
        /// With the bias drawn as the weight is, as Burn does.
        impl From<nn::$config> for $config {
            fn from(config: nn::$config) -> Self {
                let dilation = $axes(config.dilation);
                Self {
                    stride: $axes(config.stride),
                    dilation,
                    padding: undilated(Padding::from(config.padding.clone()).0, dilation),
                    groups: config.groups,
                    bias: config.bias.into(),
                    bias_initializer: config.initializer.clone(),
                    initializer: config.initializer.clone(),
                    ..Self::new($channels(&config), $axes(config.kernel_size))
                }
            }
        }

        /// Fails with a bias that is not tied or starts otherwise than the weight, a given input size, and paddings that
        /// Burn's does not have.
        impl TryFrom<$config> for nn::$config {
            type Error = ConvError;

            fn try_from(config: $config) -> Result<Self, ConvError> {
                let bias = config.burn_bias()?;
                config.check_any_size()?;
                let all = [$padding::Same, $padding::Valid];
                let padding = burn_padding(config.padding, config.dilation, all, $explicit).ok_or(NO_PADDING)?;
                Ok($new(config.channels, $sizes(config.kernel_size))
                    .with_stride($sizes(config.stride))
                    .with_dilation($sizes(config.dilation))
                    .with_groups(config.groups)
                    .with_padding(padding)
                    .with_bias(bias)
                    .with_initializer(config.initializer))
            }
        }

        /// The weight stays; the bias becomes a parameter of its own, learning or frozen as it was.
        impl From<nn::$layer> for $layer {
            fn from(layer: nn::$layer) -> Self {
                let dilation = $axes(layer.dilation);
                Self {
                    weight: layer.weight,
                    bias_mode: layer.bias.is_some().into(),
                    bias: layer.bias.as_ref().map(to_tied),
                    further_terms: vec![],
                    kernel_size: $axes(layer.kernel_size),
                    stride: $axes(layer.stride),
                    dilation,
                    padding: undilated(Padding::from(layer.padding).0, dilation),
                    groups: layer.groups,
                    input_size: None,
                }
            }
        }

        /// Fails with a bias that is not tied, and with paddings that Burn's does not have.
        impl TryFrom<$layer> for nn::$layer {
            type Error = ConvError;

            fn try_from(layer: $layer) -> Result<Self, ConvError> {
                let all = [$padding::Same, $padding::Valid];
                let padding = burn_padding(layer.padding, layer.dilation, all, $explicit).ok_or(NO_PADDING)?;
                Ok(Self {
                    bias: to_flat(&layer)?,
                    weight: layer.weight,
                    stride: $sizes(layer.stride),
                    kernel_size: $sizes(layer.kernel_size),
                    dilation: $sizes(layer.dilation),
                    groups: layer.groups,
                    padding,
                })
            }
        }
    )*};
}

conversions! {
    Conv1d, Conv1dConfig, PaddingConfig1d {
        channels: |config: &nn::Conv1dConfig| [config.channels_in, config.channels_out],
        new: |[channels_in, channels_out]: [usize; 2], kernel| nn::Conv1dConfig::new(channels_in, channels_out, kernel),
        axes: |size: usize| [size],
        sizes: |[size]: [usize; 1]| size,
        explicit: |[(left, right)]: [(usize, usize); 1]| Some(PaddingConfig1d::Explicit(left, right)),
    }
    Conv2d, Conv2dConfig, PaddingConfig2d {
        channels: |config: &nn::Conv2dConfig| config.channels,
        new: nn::Conv2dConfig::new,
        axes: std::convert::identity,
        sizes: std::convert::identity,
        explicit: |[(top, bottom), (left, right)]: [(usize, usize); 2]| {
            Some(PaddingConfig2d::Explicit(top, left, bottom, right))
        },
    }
    Conv3d, Conv3dConfig, PaddingConfig3d {
        channels: |config: &nn::Conv3dConfig| config.channels,
        new: nn::Conv3dConfig::new,
        axes: std::convert::identity,
        sizes: std::convert::identity,
        explicit: |zeros: [(usize, usize); 3]| {
            let [(depth, _), (height, _), (width, _)] = zeros;
            let even = zeros.iter().all(|(before, after)| before == after);
            even.then_some(PaddingConfig3d::Explicit(depth, height, width))
        },
    }
}
