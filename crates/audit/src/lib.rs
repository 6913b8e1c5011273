#![doc = include_str!("../README.md")]

mod audit;
mod direction;
mod error;
mod findings;
mod module;
mod observed;
mod options;
mod rank;
mod table;

pub use audit::audit;
pub use direction::{Along, Partition};
pub use error::AuditError;
pub use findings::{Audit, Directions, Nearly, ParameterAudit, Rank};
pub use options::AuditOptions;
