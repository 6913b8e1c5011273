//! `[[skip]]`: variants of the grid that are left out.

use serde_json::Value;
use toml::Spanned;
use toml::de::DeValue;

use super::document::Document;
use super::grid::{Factor, not_listed, not_varied, same_value};
use super::key::{self, Key};
use super::messages::kind;
use crate::{ConfigError, Factors, Skip};

/// The tables of `[[skip]]`; values become those of the lists in `[vary]`.
pub(crate) fn read(document: &Document<'_>, factors: &[Factor<'_>]) -> Result<Vec<Skip>, ConfigError> {
    let Some(value) = document.get(&["skip"]) else { return Ok(Vec::new()) };
    let expected = |value: &Spanned<DeValue<'_>>| {
        document.fail(&value.span(), format!("expected tables, each under [[skip]], found {}", kind(value)))
    };
    let DeValue::Array(tables) = value.get_ref() else { return Err(expected(value)) };
    let read = |table: &Spanned<DeValue<'_>>| {
        let DeValue::Table(entries) = table.get_ref() else { return Err(expected(table)) };
        if entries.is_empty() {
            let message = "names no key: expected keys of [vary], such as \"model.bias\" = \"none\"";
            return Err(document.fail(&table.span(), message));
        }
        entries.iter().map(|(key, value)| read_entry(document, factors, key, value)).collect()
    };
    tables.iter().map(read).collect()
}

/// Whether a variant is left out: all that one of the tables says is so.
pub(crate) fn leaves_out(skip: &[Skip], factors: &Factors) -> bool {
    skip.iter().any(|table| table.iter().all(|(key, values)| factors.get(key).is_some_and(|v| values.contains(v))))
}

fn read_entry(
    document: &Document<'_>,
    factors: &[Factor<'_>],
    key: &Key<'_>,
    value: &Spanned<DeValue<'_>>,
) -> Result<(String, Vec<Value>), ConfigError> {
    let pieces = key::split(key.get_ref()).unwrap_or_default();
    let dotted = key::join(pieces.iter().map(|piece| piece.get_ref().as_ref()));
    let Some(factor) = factors.iter().find(|factor| factor.key == dotted) else {
        let hint = if value.get_ref().is_table() { "; a dotted key in [[skip]] is quoted" } else { "" };
        return Err(document.fail(&key.span(), not_varied(key.get_ref(), factors) + hint));
    };
    let listed = |value: &Spanned<DeValue<'_>>| {
        let found: Value = document.typed(value)?;
        Ok::<_, ConfigError>(factor.labels.iter().find(|label| same_value(label, &found)).cloned())
    };
    // A value of the factor may itself be a list.
    if let Some(label) = listed(value)? {
        return Ok((dotted, vec![label]));
    }
    let values = match value.get_ref() {
        DeValue::Array(values) if values.is_empty() => {
            return Err(document.fail(&value.span(), "the list is empty"));
        }
        DeValue::Array(values) => values.iter().collect(),
        _ => vec![value],
    };
    let label = |value: &Spanned<DeValue<'_>>| {
        listed(value)?.ok_or_else(|| document.fail(&value.span(), not_listed(factor, document.text(&value.span()))))
    };
    Ok((dotted, values.into_iter().map(label).collect::<Result<_, _>>()?))
}
