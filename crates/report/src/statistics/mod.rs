//! Tests, intervals and resampling: pure functions of numbers.

pub(crate) mod bootstrap;
pub(crate) mod crossed;
pub(crate) mod power;
pub(crate) mod random;
pub(crate) mod shaffer;
pub(crate) mod student;
