#![doc = include_str!("../README.md")]

mod error;
mod findings;
mod flow;
mod graph;
mod import;
mod lint;
mod onnx;
mod print;
mod rewrite;
mod run;
#[cfg(test)]
mod tests;

pub use error::LintError;
pub use findings::{Finding, Findings, Folding, NotUnderstood, Role, Share, Sharing};
pub use import::InputShapes;
pub use lint::lint;
pub use onnx::Model;
pub use print::{json, sarif};
pub use rewrite::{Agreement, Folded, Rewritten, Stripped, fold, strip};
