//! ONNX files: their messages, tensors and external data.

mod file;
mod tensor;
#[cfg(test)]
pub(crate) mod testing;

pub use file::Model;
pub(crate) use tensor::{Tensor, is_float, rewritten, values};
pub(crate) use untied_onnx::{
    AttributeProto, DimensionProto, GraphProto, NodeProto, TensorProto, ValueInfoProto, tensor as written,
};

/// Elements that one tensor may have, so that a damaged size asks for no memory.
pub(crate) const MOST_ELEMENTS: usize = 1 << 26;

/// The size of a tensor of this shape; none where it is too large to hold.
pub(crate) fn checked_size(shape: &[usize]) -> Option<usize> {
    let product = shape.iter().try_fold(1_usize, |product, &size| product.checked_mul(size));
    product.filter(|&size| size <= MOST_ELEMENTS)
}
