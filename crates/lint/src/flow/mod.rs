//! Shift flow on tensors of any rank: which fixed shifts of a tensor change nothing behind it.
//!
//! The rule is that of `untied_redundancy::shift_flow`: linear operations pass a shift on, what centres removes a part of it,
//! anything else is at work. The subspaces are written out: a partition of a tensor's elements (`Removed`), in each set of
//! which a shift is constant, or zero. So they hold for any rank, and reshapes, transpositions, slices and
//! concatenations, which only move elements, are followed exactly.

mod backward;
mod delta;
mod forward;
mod removed;

pub(crate) use backward::{Guess, removed};
pub(crate) use delta::Deltas;
pub(crate) use forward::{Arrivals, follow};
pub(crate) use removed::Removed;
