#![doc = include_str!("../README.md")]
//!
//! [`compare()`] judges variants against a baseline with paired seeds; [`render`] turns [`Results`](untied_study::Results)
//! into a [`Report`].

mod answer_certificate;
mod answer_rank;
mod answer_shift;
mod bias_map;
mod bootstrap;
mod canvas;
mod certificate;
mod compare;
mod document;
mod drift;
mod first_seen;
mod guide;
mod holm;
mod html;
mod jacobian;
mod label;
mod legend;
mod markdown;
mod number;
mod outline;
mod pairs;
mod palette;
mod panel;
mod phrase;
mod plot_bias_maps;
mod plot_differences;
mod plot_drift;
mod plot_images;
mod plot_loss;
mod plot_metric;
mod plot_rank;
mod plot_recovery;
mod plot_redundancy;
mod plot_translation;
mod power;
mod random;
mod recovery;
mod recovery_grid;
mod report;
mod row_chart;
mod section_answer;
mod section_bias_maps;
mod section_differences;
mod section_drift;
mod section_rank;
mod section_redundancy;
mod section_shift;
mod section_translation;
mod section_unfinished;
mod section_variants;
mod selection;
mod sentence;
mod statistics;
mod text_layout;
mod translation;
mod variant;
mod verdict_group;
mod view;
mod way;

pub use compare::{compare, keep_loss_differences, recompare};
pub use report::{Report, render};
