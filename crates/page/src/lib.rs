#![doc = include_str!("../README.md")]

mod document;
mod error;
mod feature_map;
mod networks;
mod sections;
mod studies;

pub use document::page;
pub use error::PageError;
pub use studies::{StudyAnswer, Theme, read_studies};
