#![doc = include_str!("../README.md")]
//!
//! [`compare()`] judges variants against a baseline with paired seeds; [`render`] turns [`Results`](untied_study::Results)
//! into a [`Report`].

mod assemble;
mod assessment;
mod chart;
mod comparison;
mod confusion;
mod document;
mod export;
mod origins;
mod outline;
mod report;
mod results;
mod statistics;
mod summary;
mod topics;

pub use assemble::{Failures, assemble, write};
pub use assessment::assessment_page;
pub use comparison::{Looks, compare, look, recompare};
pub use export::write_tensorboard;
pub use report::{Report, render};
pub use statistics::ratio::{Ratio, Recovered, ratio};
pub use summary::{Plot, Summary, style, summarise};
