//! Configurations in files: those of this crate, with one value per spatial axis, and those of Burn's own layers.

use burn::nn::Initializer;
use serde::{Deserialize, Serialize, Serializer};

use crate::geometry::undilated;
use crate::{Bias, ConvConfig, Side};

/// A list, as serde knows no array of a generic length.
pub(super) fn axes<T: Serialize, S: Serializer, const D: usize>(
    axes: &[T; D],
    serializer: S,
) -> Result<S::Ok, S::Error> {
    axes.as_slice().serialize(serializer)
}

#[expect(clippy::ref_option, reason = "serde passes fields by reference")]
pub(super) fn optional_axes<S: Serializer, const D: usize>(
    axes: &Option<[usize; D]>,
    serializer: S,
) -> Result<S::Ok, S::Error> {
    axes.as_ref().map(<[usize; D]>::as_slice).serialize(serializer)
}

/// Either form. Burn's has the channels of sequences apart, one number for their only axis, and a bias or none.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Json {
    channels: Option<[usize; 2]>,
    channels_in: Option<usize>,
    channels_out: Option<usize>,
    kernel_size: Axes,
    stride: Option<Axes>,
    padding: Option<Padding>,
    dilation: Option<Axes>,
    groups: Option<usize>,
    bias: Option<HasBias>,
    input_size: Option<Vec<usize>>,
    initializer: Option<Initializer>,
    bias_initializer: Option<Initializer>,
}

#[derive(Deserialize)]
#[serde(untagged, expecting = "a size, or a list of one per spatial axis")]
enum Axes {
    One(usize),
    Each(Vec<usize>),
}

#[derive(Deserialize)]
#[serde(untagged, expecting = "a mode of the bias, true or false")]
enum HasBias {
    Burn(bool),
    Mode(Bias),
}

#[derive(Deserialize)]
#[serde(untagged, expecting = "a padding, or a list of one per spatial axis")]
enum Padding {
    Each(Vec<Side>),
    Burn(BurnPadding),
}

/// Burn's paddings of all ranks: `[left, right]`, `[top, left, bottom, right]` or `[depth, height, width]`.
#[derive(Deserialize)]
enum BurnPadding {
    Same,
    Valid,
    Explicit(Vec<usize>),
}

impl BurnPadding {
    fn sides<const D: usize>(self) -> Result<[Side; D], String> {
        let sides = match self {
            Self::Same => return Ok([Side::Same; D]),
            Self::Valid => return Ok([Side::Valid; D]),
            Self::Explicit(zeros) => match (D, &zeros[..]) {
                (1, &[left, right]) => vec![Side::Explicit(left, right)],
                (2, &[top, left, bottom, right]) => vec![Side::Explicit(top, bottom), Side::Explicit(left, right)],
                (3, &[depth, height, width]) => [depth, height, width].map(|size| Side::Explicit(size, size)).to_vec(),
                (_, zeros) => return Err(format!("`padding`: {} numbers fit no {D} spatial axes", zeros.len())),
            },
        };
        each("padding", sides)
    }
}

impl<const D: usize> TryFrom<Json> for ConvConfig<D> {
    type Error = String;

    fn try_from(json: Json) -> Result<Self, String> {
        let channels = match (json.channels, json.channels_in, json.channels_out) {
            (Some(channels), None, None) => channels,
            (None, Some(channels_in), Some(channels_out)) => [channels_in, channels_out],
            _ => return Err("expected `channels`, of input and output, or `channels_in` and `channels_out`".into()),
        };
        let mut config = Self::new(channels, sizes("kernel_size", json.kernel_size)?);
        if let Some(stride) = json.stride {
            config.stride = sizes("stride", stride)?;
        }
        if let Some(dilation) = json.dilation {
            config.dilation = sizes("dilation", dilation)?;
        }
        config.groups = json.groups.unwrap_or(1);
        config.input_size = json.input_size.map(|size| each("input_size", size)).transpose()?;
        config.initializer = json.initializer.unwrap_or(config.initializer);
        match json.bias {
            // Burn draws biases as it does weights.
            Some(HasBias::Burn(bias)) => {
                config.bias = bias.into();
                config.bias_initializer = config.initializer.clone();
            }
            Some(HasBias::Mode(bias)) => config.bias = bias,
            None => {}
        }
        config.bias_initializer = json.bias_initializer.unwrap_or(config.bias_initializer);
        config.padding = match json.padding {
            None => config.padding,
            Some(Padding::Each(sides)) => each("padding", sides)?,
            Some(Padding::Burn(padding)) => undilated(padding.sides()?, config.dilation),
        };
        Ok(config)
    }
}

fn sizes<const D: usize>(key: &str, axes: Axes) -> Result<[usize; D], String> {
    match axes {
        Axes::One(size) => each(key, vec![size]),
        Axes::Each(sizes) => each(key, sizes),
    }
}

fn each<T, const D: usize>(key: &str, axes: Vec<T>) -> Result<[T; D], String> {
    let count = axes.len();
    axes.try_into().map_err(|_| format!("`{key}`: expected one per spatial axis, {D}, got {count}"))
}
