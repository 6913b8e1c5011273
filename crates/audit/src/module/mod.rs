//! The module from outside: its parameters, points near it, and gradients of its outputs.

mod backward;
mod point;
mod read;

pub(crate) use backward::{Cotangent, Known, Probe};
pub(crate) use point::{own, point};
pub(crate) use read::{Gradient, Parameter, parameters};
