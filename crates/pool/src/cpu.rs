//! Max pooling on Flex, Burn's CPU backend: row by row, in the machine's wide registers.

use burn::backend::Flex;
use burn::backend::flex::FlexTensor;
use untied_kernels::cpu::pooling::{pooled, unpooled};
use untied_kernels::for_element;

use crate::MaxPoolBackend;

impl MaxPoolBackend for Flex {
    fn untied_max_pool(x: FlexTensor) -> FlexTensor {
        for_element!(x.dtype(), E => pooled::<E>(&x.to_contiguous()))
    }

    fn untied_max_pool_backward(x: FlexTensor, dy: FlexTensor) -> FlexTensor {
        for_element!(x.dtype(), E => unpooled::<E>(&x.to_contiguous(), &dy.to_contiguous()))
    }
}
