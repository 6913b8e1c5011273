//! The reference of the README.

use std::fmt::Write;

use crate::parse::key::join;
use crate::schema::{Row, rows};

/// A Markdown table of every key of a config with its values, default and meaning.
pub fn reference() -> String {
    let mut table = "| key | values | default | meaning |\n|---|---|---|---|\n".to_owned();
    for row in rows() {
        let default = match row.default() {
            _ if row.required => "mandatory".to_owned(),
            None => "–".to_owned(),
            // No default is a table, so that JSON spells them as TOML does.
            Some(value) => format!("`{value}`"),
        };
        let (key, meaning) = (key(&row), row.meaning().replace('|', "\\|"));
        let _ = writeln!(table, "| `{key}` | {} | {default} | {meaning} |", row.values());
    }
    table
}

/// Its pieces, of which those that hold a dot are quoted.
fn key(row: &Row) -> String {
    join(row.key.iter().map(String::as_str))
}
