//! What a config may say, by its types.

mod rows;
mod sections;

pub(crate) use self::rows::{INDEX, Row, rows};
pub use self::sections::schema;
pub(crate) use self::sections::{SECTIONS, VARY, dotted_keys, keys_of};
