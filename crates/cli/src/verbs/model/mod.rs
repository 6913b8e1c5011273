//! What can be done with a trained model, or with an ONNX file of any program.

pub(super) mod evaluate;
pub(super) mod export;
pub(super) mod fold;
pub(super) mod lint;
mod outputs;
pub(super) mod predict;
pub(super) mod rewrite;
pub(super) mod strip;

use untied_study::Device;

/// A device by its name in configs.
fn device(name: &str) -> Result<Device, String> {
    let known = untied_trainer::compiled_devices();
    let names = || known.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ");
    let found = known.iter().find(|device| device.to_string() == name);
    found.copied().ok_or_else(|| format!("expected one of {}, which this program was built with", names()))
}
