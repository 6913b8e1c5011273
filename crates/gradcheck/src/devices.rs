//! Devices of the backends compiled in.

use burn::tensor::Device;

/// Name and device of each backend whose feature is enabled: what a test of a layer runs on.
#[must_use]
pub fn devices() -> Vec<(&'static str, Device)> {
    let mut devices = vec![
        #[cfg(feature = "flex")]
        ("flex", Device::flex()),
        #[cfg(feature = "ndarray")]
        #[allow(deprecated)]
        ("ndarray", Device::ndarray()),
    ];
    devices.extend(gpus());
    devices
}

/// Those of them that are GPUs.
#[must_use]
pub fn gpus() -> Vec<(&'static str, Device)> {
    vec![
        #[cfg(feature = "wgpu")]
        ("wgpu", Device::wgpu(burn::tensor::DeviceKind::DefaultDevice)),
        #[cfg(feature = "cuda")]
        ("cuda", Device::cuda(burn::tensor::DeviceIndex::Default)),
    ]
}
