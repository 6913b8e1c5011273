//! Models without what is redundant of their biases, or without batch norm, and the proof that they do the same.

mod edit;
mod fold;
mod proof;
mod rewritten;
mod strip;

pub(crate) use fold::fold_norms;
pub use fold::{Folded, fold};
pub use proof::Agreement;
pub use rewritten::Rewritten;
pub use strip::{Stripped, strip};
