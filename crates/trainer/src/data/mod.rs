//! Images and labels: where they come from, how their files are decoded, and what is done to them before a network sees
//! them.

mod collection;
mod dataset;
mod decode;
mod error;
mod file;
mod load;
mod recognise;
mod selection;
mod source;
pub(crate) mod transform;

pub use dataset::{Checksums, Dataset, Split};
pub use decode::cache::folder as cache_folder;
pub(crate) use decode::{Form, decode_file};
pub use error::{DataError, DataProblem};
pub(crate) use file::hexadecimal;
pub(crate) use file::sha256;
pub(crate) use load::survey;
pub use load::{load, load_config};
pub use recognise::{Recognised, recognise};
pub use source::IdxFiles;
pub(crate) use source::{expected_images, image_files, label_files, read_known};
pub(crate) use transform::on_canvas;
pub use transform::{Pixel, Standardisation};
