//! Every key of a config, for people: as a table, and as a config with a comment at each.

mod table;
mod template;

pub use self::table::reference;
pub use self::template::commented;
