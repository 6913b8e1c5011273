//! Convolution on Flex, Burn's CPU backend.

use burn::backend::Flex;

use crate::ConvBackend;

impl ConvBackend for Flex {}
