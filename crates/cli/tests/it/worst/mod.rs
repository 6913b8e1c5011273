//! The worst inputs and the worst luck, one kind a file.

mod data;
mod limits;
mod links;
#[path = "../../../../lint/tests/it/mutate.rs"]
mod mutate;
mod mutated;
mod names;
mod report;
mod starts;
