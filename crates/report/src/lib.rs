#![doc = include_str!("../README.md")]
//!
//! [`compare()`] judges variants against a baseline with paired seeds; [`render`] turns [`Results`](untied_study::Results)
//! into a [`Report`].

mod canvas;
mod certificate;
mod compare;
mod document;
mod drift;
mod first_seen;
mod guide;
mod holm;
mod html;
mod label;
mod legend;
mod markdown;
mod number;
mod outline;
mod pairs;
mod palette;
mod phrase;
mod plot_differences;
mod plot_drift;
mod plot_loss;
mod plot_metric;
mod plot_redundancy;
mod power;
mod report;
mod row_chart;
mod section_answer;
mod section_differences;
mod section_drift;
mod section_redundancy;
mod section_unfinished;
mod section_variants;
mod selection;
mod sentence;
mod statistics;
mod text_layout;
mod variant;
mod view;

pub use compare::{compare, keep_loss_differences, recompare};
pub use report::{Report, render};
