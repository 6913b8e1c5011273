//! Kernels on CubeCL backends: Vulkan, Metal, DirectX 12, WebGPU, CUDA.

mod grid;
mod reduce;
mod types;

pub use grid::{UNITS, grid, units};
pub use reduce::sum_of_cube;
pub use types::{empty, has_kernels, types};
