//! Tests and intervals: pure functions of numbers.

pub(crate) mod crossed;
pub(crate) mod failure;
pub(crate) mod majority;
pub(crate) mod power;
pub(crate) mod ratio;
pub(crate) mod shaffer;
pub(crate) mod single;
pub(crate) mod student;
