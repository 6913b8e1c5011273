//! The Burn device behind a config's name for it.

use std::error::Error;
use std::io;

use untied_study::{Device, Dtype};

use crate::TrainerError;

/// The names that `UNTIED_SIMD` may have.
#[cfg(feature = "flex")]
const REGISTERS: [&str; 4] = ["scalar", "neon", "avx2", "avx512"];

/// The devices whose Cargo feature was enabled.
#[must_use]
pub fn compiled_devices() -> &'static [Device] {
    &[
        #[cfg(feature = "flex")]
        Device::Flex,
        #[cfg(feature = "ndarray")]
        Device::Ndarray,
        #[cfg(feature = "wgpu")]
        Device::Wgpu,
        #[cfg(feature = "cuda")]
        Device::Cuda,
    ]
}

/// Uses at most this many threads in this process. To be called once, before anything is trained; later calls have no
/// effect.
///
/// # Errors
/// If the system starts no more threads.
pub fn limit_threads(threads: usize) -> io::Result<()> {
    let built = rayon::ThreadPoolBuilder::new().num_threads(threads).build_global();
    match built {
        Err(error) if error.source().is_some() => Err(io::Error::other(format!("cannot start a thread: {error}"))),
        // The only other error is that a pool exists already.
        _ => Ok(()),
    }
}

/// The registers that kernels on the CPU compute in: `avx512`, `avx2`, `neon` or `scalar`.
///
/// # Errors
/// If `UNTIED_SIMD` names none of them, or no device computes on the CPU by them.
pub fn registers() -> Result<String, String> {
    #[cfg(feature = "flex")]
    {
        use untied_kernels::cpu::{CAP, level};
        // The kernels know no errors: they panic.
        let wrong = std::env::var_os(CAP).filter(|cap| !REGISTERS.iter().any(|name| cap == name));
        match wrong {
            Some(cap) => Err(format!("{CAP}: expected {}, got `{}`", REGISTERS.join(", "), cap.to_string_lossy())),
            None => Ok(level().to_string()),
        }
    }
    #[cfg(not(feature = "flex"))]
    Err("none: built without flex".to_owned())
}

pub(crate) fn check(device: Device) -> Result<(), TrainerError> {
    if compiled_devices().contains(&device) {
        return Ok(());
    }
    let compiled: Vec<_> = compiled_devices().iter().map(ToString::to_string).collect();
    Err(TrainerError::Device { device, compiled: compiled.join(", ") })
}

/// The device, without autodiff.
pub(crate) fn open(device: Device) -> Result<burn::tensor::Device, TrainerError> {
    check(device)?;
    Ok(match device {
        #[cfg(feature = "flex")]
        Device::Flex => burn::tensor::Device::flex(),
        #[cfg(feature = "ndarray")]
        #[expect(deprecated, reason = "offered for comparison, as long as Burn has it")]
        Device::Ndarray => burn::tensor::Device::ndarray(),
        #[cfg(feature = "wgpu")]
        Device::Wgpu => burn::tensor::Device::wgpu(burn::tensor::DeviceKind::DefaultDevice),
        #[cfg(feature = "cuda")]
        Device::Cuda => burn::tensor::Device::cuda(burn::tensor::DeviceIndex::Default),
        #[allow(unreachable_patterns, reason = "with every feature enabled nothing is left")]
        _ => unreachable!("`check` refuses devices that are not compiled in"),
    })
}

pub(crate) fn burn_dtype(dtype: Dtype) -> burn::tensor::DType {
    match dtype {
        Dtype::F32 => burn::tensor::DType::F32,
        Dtype::F64 => burn::tensor::DType::F64,
    }
}
