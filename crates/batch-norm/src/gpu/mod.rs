//! Fused kernels for every CubeCL backend: Vulkan, Metal, DirectX 12, WebGPU, CUDA.

use burn_cubecl::CubeBackend;

use crate::BatchNormBackend;

impl BatchNormBackend for CubeBackend {}
