#![doc = include_str!("../README.md")]

mod answer;
mod choice;
mod drawing;
mod error;
mod operation;
#[cfg(test)]
mod tests;
mod text;
#[cfg(target_arch = "wasm32")]
mod wasm;
mod words;

pub use answer::{Answer, Request, SiteAnswer, answer, reply};
pub use drawing::NodeData;
pub use error::{FlowError, Problem};
