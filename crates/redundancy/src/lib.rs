#![doc = include_str!("../README.md")]

mod axes;
mod bias;
mod certificate;
mod error;
mod mode;
pub mod network;
mod normalization;
mod redundancy;
mod shift_class;
pub mod shift_flow;
mod table;

pub use axes::norm;
pub use bias::{Bias, BiasTerms};
pub use certificate::{CERTIFICATE_FACTOR, Certificate, Finding, Progress, StepSums};
pub use error::RedundancyError;
pub use mode::Mode;
pub use normalization::{Layout, NormSpec, Normalization, Span};
pub use redundancy::{Redundancy, UNIT_ROUND_OFF_F32, UNIT_ROUND_OFF_F64};
pub use shift_class::ShiftClass;
pub use table::RedundancyTable;
