//! Findings as JSON, and as SARIF for tools that show the findings of linters.

mod json;
mod sarif;

pub use json::json;
pub use sarif::sarif;
