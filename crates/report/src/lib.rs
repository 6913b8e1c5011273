#![doc = include_str!("../README.md")]
//!
//! [`compare()`] judges variants against a baseline with paired seeds; [`render`] turns [`Results`](untied_study::Results)
//! into a [`Report`].

mod chart;
mod comparison;
mod document;
mod report;
mod results;
mod statistics;
mod topics;

pub use comparison::{compare, keep_loss_differences, recompare};
pub use report::{Report, render};
