use untied_onnx::{DOUBLE, FLOAT, TensorProto, tensor as written};

use super::checked_size;
use crate::error::{LintError, invalid};

/// A dense tensor, row-major; whole numbers and truth values are numbers too.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Tensor {
    pub(crate) shape: Vec<usize>,
    pub(crate) values: Vec<f64>,
}

const HALF: i32 = 10;
const BFLOAT: i32 = 16;

/// Whether a type is one of fractions, which training can change.
pub(crate) fn is_float(data_type: i32) -> bool {
    [FLOAT, HALF, DOUBLE, BFLOAT].contains(&data_type)
}

/// The values of a tensor; none where its type is not one of numbers that are read.
///
/// # Errors
/// If it has not as many values as its shape asks for.
pub(crate) fn values(tensor: &TensorProto) -> Result<Option<Tensor>, LintError> {
    let name = tensor.name.as_deref().unwrap_or("a tensor");
    let shape: Option<Vec<usize>> = tensor.dims.iter().map(|&size| usize::try_from(size).ok()).collect();
    let bad_shape = || invalid(name, "sizes of a tensor that fits into memory", format!("{:?}", tensor.dims));
    let shape = shape.ok_or_else(bad_shape)?;
    let size = checked_size(&shape).ok_or_else(bad_shape)?;
    let data_type = tensor.data_type.unwrap_or_default();
    let values = match (&tensor.raw_data, width(data_type)) {
        (_, None) => return Ok(None),
        (Some(raw), Some(width)) if raw.len() == size.saturating_mul(width) => {
            raw.chunks_exact(width).map(|bytes| number(data_type, bytes)).collect()
        }
        (Some(raw), Some(width)) => {
            return Err(invalid(name, format!("{} bytes for {shape:?}", size * width), raw.len().to_string()));
        }
        (None, _) => listed(tensor, data_type),
    };
    if values.len() != size {
        return Err(invalid(name, format!("{size} values for {shape:?}"), values.len().to_string()));
    }
    Ok(Some(Tensor { shape, values }))
}

/// Bytes of an element; none of types that are not read.
fn width(data_type: i32) -> Option<usize> {
    Some(match data_type {
        FLOAT | 6 | 12 => 4,
        2 | 3 | 9 => 1,
        4 | 5 | HALF | BFLOAT => 2,
        7 | DOUBLE | 13 => 8,
        _ => return None,
    })
}

/// A number from its bytes, little-endian.
fn number(data_type: i32, bytes: &[u8]) -> f64 {
    let mut wide = [0; 8];
    wide[..bytes.len()].copy_from_slice(bytes);
    let unsigned = u64::from_le_bytes(wide);
    match data_type {
        FLOAT => f64::from(f32::from_bits(unsigned as u32)),
        DOUBLE => f64::from_bits(unsigned),
        HALF => half(unsigned as u16),
        BFLOAT => f64::from(f32::from_bits((unsigned as u32) << 16)),
        3 => f64::from(unsigned as u8 as i8),
        5 => f64::from(unsigned as u16 as i16),
        6 => f64::from(unsigned as u32 as i32),
        7 => unsigned as i64 as f64,
        _ => unsigned as f64,
    }
}

/// The value of a half-precision number.
fn half(bits: u16) -> f64 {
    let (exponent, fraction) = (i32::from(bits >> 10 & 31), f64::from(bits & 1023) / 1024.0);
    let size = match exponent {
        0 => fraction * 2.0_f64.powi(-14),
        31 if fraction == 0.0 => f64::INFINITY,
        31 => f64::NAN,
        _ => (1.0 + fraction) * 2.0_f64.powi(exponent - 15),
    };
    if bits >> 15 == 1 { -size } else { size }
}

/// The values of a tensor that lists them by type.
fn listed(tensor: &TensorProto, data_type: i32) -> Vec<f64> {
    match data_type {
        FLOAT => tensor.float_data.iter().map(|&value| value.into()).collect(),
        DOUBLE => tensor.double_data.clone(),
        7 => tensor.int64_data.iter().map(|&value| value as f64).collect(),
        12 | 13 => tensor.uint64_data.iter().map(|&value| value as f64).collect(),
        HALF => tensor.int32_data.iter().map(|&bits| half(bits as u16)).collect(),
        BFLOAT => tensor.int32_data.iter().map(|&bits| f64::from(f32::from_bits((bits as u32) << 16))).collect(),
        _ => tensor.int32_data.iter().map(|&value| value.into()).collect(),
    }
}

/// The tensor with other values, rounded to its type; none where that type is not written.
pub(crate) fn rewritten(tensor: &TensorProto, values: &[f64]) -> Option<TensorProto> {
    let shape: Vec<usize> = tensor.dims.iter().map(|&size| size as usize).collect();
    let data_type = tensor.data_type.unwrap_or_default();
    let fresh = written(tensor.name.as_deref().unwrap_or_default(), data_type, &shape, values)?;
    let (doc_string, metadata_props) = (tensor.doc_string.clone(), tensor.metadata_props.clone());
    Some(TensorProto { doc_string, metadata_props, ..fresh })
}
