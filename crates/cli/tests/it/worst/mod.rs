//! The worst inputs and the worst luck, one kind a file.

mod data;
mod limits;
mod links;
mod names;
mod report;
mod starts;
