//! Audits of small modules whose redundant directions are known.

mod directions;
mod mutants;
mod refusals;
mod same;

use burn::module::{Module, Param};
use burn::tensor::{DType, Device, Tensor, TensorData};
use untied_audit::{Audit, AuditOptions, audit};

/// Both types that can be audited.
const TYPES: [DType; 2] = [DType::F32, DType::F64];

fn device() -> Device {
    Device::flex().autodiff()
}

/// Values without a pattern, in [−1, 1).
fn values(count: usize, seed: usize) -> Vec<f64> {
    (0..count)
        .map(|index| (12.9898 * (index + 1) as f64 + 78.233 * seed as f64).sin() * 43758.5453)
        .map(fract)
        .collect()
}

fn fract(value: f64) -> f64 {
    2.0 * (value - value.floor()) - 1.0
}

fn tensor<const D: usize>(shape: [usize; D], seed: usize, dtype: DType) -> Tensor<D> {
    let data = TensorData::new(values(shape.iter().product(), seed), shape);
    Tensor::from_data(data, (&device(), dtype))
}

fn parameter<const D: usize>(shape: [usize; D], seed: usize) -> Param<Tensor<D>> {
    Param::from_tensor(tensor(shape, seed, DType::F32))
}

fn options(dtype: DType) -> AuditOptions {
    AuditOptions { dtype: Some(dtype), ..AuditOptions::default() }
}

fn audited<M: Module, const D: usize>(module: &M, dtype: DType, outputs: impl Fn(&M) -> Tensor<D>) -> Audit {
    audit(module, outputs, &options(dtype)).unwrap_or_else(|error| panic!("{error}"))
}

/// The `why` of a parameter in the printed table, without its ratios.
fn why(audit: &Audit, name: &str) -> String {
    let text = audit.to_string();
    let line =
        text.lines().find(|line| line.split_whitespace().next() == Some(name)).unwrap_or_else(|| panic!("{text}"));
    let (_, why) = line.split_once(" of ").expect("a count");
    let why = why.split_once("  ").expect("a reason").1;
    why.split(" (ratio ").map(|part| part.split_once(')').map_or(part, |(_, rest)| rest)).collect()
}

/// The dimensions that do nothing, at least and by the rank.
fn counts(audit: &Audit, name: &str) -> (usize, Option<usize>) {
    let of = audit.find(name).unwrap_or_else(|| panic!("{name} in {audit}"));
    (of.redundant, of.rank.map(|rank| rank.redundant))
}
