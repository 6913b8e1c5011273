//! Shift flow: which shifts of a network's feature maps, and so which directions of its biases, change nothing.
//!
//! A direction of a bias adds one fixed tensor, the same for every image. Linear operations pass it on; norms that centre
//! and the loss remove a part of it; wherever it meets anything else it is at work. A direction is redundant if nothing of
//! it is left at work on any path.

mod effect;
#[cfg(feature = "exact")]
pub mod exact;
mod flow;
mod meeting;
mod path;
mod site;
#[cfg(test)]
mod tests;
mod trace;
mod width;

pub use flow::ShiftFlow;
pub use meeting::Meeting;
pub use path::Path;
pub use site::Site;
pub use trace::Trace;
