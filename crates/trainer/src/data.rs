//! Images and labels: bundled sets, and folders of IDX files.

mod dataset;
mod error;
mod idx;
mod source;
mod standardisation;

pub use dataset::{Checksums, Dataset, IdxFiles, Split};
pub use error::DataError;
pub use source::load;
pub use standardisation::{Pixel, Standardisation};
