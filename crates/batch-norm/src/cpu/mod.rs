//! Fused kernels for Flex, Burn's CPU backend.

use burn::backend::Flex;

use crate::BatchNormBackend;

impl BatchNormBackend for Flex {}
