//! The directions that are looked at in a parameter: constants, or the parameter's own values, on the sets of a partition.

mod family;
mod partition;
mod seen;

pub(crate) use family::{Family, families};
pub use partition::Partition;
pub(crate) use seen::{Pass, Seen};

/// What a direction is on its set, and zero elsewhere.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Along {
    /// 1: the sum over the set does nothing, as of a bias in front of a norm.
    Shift,
    /// The parameter's own values: their common factor does nothing, as of a weight in front of a norm.
    Scale,
}
