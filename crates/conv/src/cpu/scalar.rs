//! The random geometries of `tests/conv`, here without wide registers: see [`dispatch`](super::dispatch::dispatch).

#[path = "../../tests/conv/geometries.rs"]
mod geometries;
#[path = "../../tests/conv/loops.rs"]
mod loops;

mod devices {
    use burn::tensor::Device;

    pub(super) fn all() -> [(&'static str, Device); 1] {
        [("flex", Device::flex())]
    }
}
