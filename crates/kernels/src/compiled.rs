//! Which backends a crate was compiled for: Burn itself would only say "not implemented".

use std::fmt;

use burn::tensor::Device;

/// A tensor on a backend that a crate was not compiled for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NotCompiled {
    /// The crate.
    pub krate: &'static str,
    /// Its feature that names the backend, if there is one.
    pub feature: Option<&'static str>,
    /// The tensor's device.
    pub device: String,
}

impl fmt::Display for NotCompiled {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { krate, feature, device } = self;
        match feature {
            Some(feature) => write!(
                f,
                "{krate} was compiled without the backend of {device}: enable its feature `{feature}`, beside Burn's"
            ),
            None => write!(
                f,
                "{krate} has no kernels for the backend of {device}: its features are flex, ndarray, wgpu, cuda"
            ),
        }
    }
}

impl std::error::Error for NotCompiled {}

/// Burn's name of a backend, as its devices print it, and the feature of the crates.
const FEATURES: [(&str, &str); 4] = [("Flex", "flex"), ("NdArray", "ndarray"), ("Cuda", "cuda"), ("Cube", "wgpu")];

/// Refuses a device whose backend is none of the features that a crate was `compiled` with.
///
/// # Errors
/// With the feature to enable.
pub fn check_compiled(krate: &'static str, compiled: &[&str], device: &Device) -> Result<(), NotCompiled> {
    let device = format!("{:?}", device.clone().inner());
    let feature = FEATURES.iter().find(|(backend, _)| device.contains(backend)).map(|(_, feature)| *feature);
    // One extension serves all GPUs.
    let serves = |of: &str| of == "wgpu" || of == "cuda";
    let known = |feature| compiled.contains(&feature) || serves(feature) && compiled.iter().any(|of| serves(of));
    if feature.is_some_and(known) { Ok(()) } else { Err(NotCompiled { krate, feature, device }) }
}

#[cfg(all(test, feature = "flex"))]
mod tests {
    use super::*;

    #[test]
    fn the_feature_to_enable_is_named() {
        let device = Device::flex();
        assert_eq!(check_compiled("untied-conv", &["wgpu", "flex"], &device), Ok(()));
        assert_eq!(check_compiled("untied-conv", &["flex"], &device.clone().autodiff()), Ok(()));
        let error = check_compiled("untied-conv", &["ndarray"], &device.autodiff()).unwrap_err().to_string();
        assert_eq!(
            error,
            "untied-conv was compiled without the backend of Device<Flex(Cpu)>: enable its feature `flex`, beside Burn's"
        );
    }
}
