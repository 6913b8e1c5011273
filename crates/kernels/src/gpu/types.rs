//! CubeCL's types of tensors.

use burn::backend::{Backend, TensorMetadata};
use burn::tensor::{DType, Shape};
use burn_cubecl::CubeBackend;
use burn_cubecl::cubecl::ir::{ElemType, FloatKind};
use burn_cubecl::ops::numeric::empty_device_contiguous_dtype;
use burn_cubecl::tensor::CubeTensor;

use crate::accumulator_dtype;

/// CubeCL's types of the elements of a tensor and of their sums; none for types without kernels.
#[must_use]
pub fn types(dtype: DType) -> Option<[ElemType; 2]> {
    let float = |dtype| {
        Some(ElemType::Float(match dtype {
            DType::F64 => FloatKind::F64,
            DType::F32 => FloatKind::F32,
            DType::F16 => FloatKind::F16,
            DType::BF16 => FloatKind::BF16,
            _ => return None,
        }))
    };
    Some([float(dtype)?, float(accumulator_dtype(dtype))?])
}

/// Whether the device of a tensor computes in the types of its elements and of their sums.
#[must_use]
pub fn has_kernels(x: &CubeTensor) -> bool {
    let supported = |dtype| CubeBackend::supports_dtype(&x.device, dtype);
    types(x.dtype()).is_some() && supported(x.dtype()) && supported(accumulator_dtype(x.dtype()))
}

/// An uninitialised, contiguous tensor on the device of another.
#[must_use]
pub fn empty(beside: &CubeTensor, shape: Shape, dtype: DType) -> CubeTensor {
    empty_device_contiguous_dtype(beside.client.clone(), beside.device.clone(), shape, dtype)
}
