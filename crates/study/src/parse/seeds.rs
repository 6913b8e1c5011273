//! `vary.seeds`: how many, which, or how many look by look.

use std::collections::HashSet;

use toml::Spanned;
use toml::de::DeValue;

use super::document::Document;
use super::messages::kind;
use crate::{ConfigError, Sequential};

/// The most cells that a study may have, and so the most seeds.
pub(crate) const MAX_CELLS: usize = 100_000;

/// The seeds of every variant, all that there may be, and the looks at which they come.
pub(crate) fn read(
    document: &Document<'_>,
    seeds: &Spanned<DeValue<'_>>,
) -> Result<(Vec<u64>, Option<Sequential>), ConfigError> {
    if !seeds.get_ref().is_table() {
        return Ok((read_all(document, seeds)?, None));
    }
    let design: Sequential = document.typed(seeds)?;
    design.check(MAX_CELLS).map_err(|fault| {
        let path: Vec<&str> = fault.key.split('.').collect();
        let span = document.get(&path).unwrap_or(seeds).span();
        document.fail(&span, fault.message)
    })?;
    if document.get(&["compare"]).is_none() {
        let message =
            "these seeds end with the verdicts, but the study compares nothing: add [compare], or give a number";
        return Err(document.fail(&seeds.span(), message));
    }
    Ok(((0..design.most as u64).collect(), Some(design)))
}

fn read_all(document: &Document<'_>, seeds: &Spanned<DeValue<'_>>) -> Result<Vec<u64>, ConfigError> {
    match seeds.get_ref() {
        DeValue::Integer(_) => match read_seed(document, seeds)? {
            0 => Err(document.fail(&seeds.span(), "expected at least one seed, found 0")),
            count if count > MAX_CELLS as u64 => {
                Err(document.fail(&seeds.span(), format!("expected at most {MAX_CELLS} seeds, found {count}")))
            }
            count => Ok((0..count).collect()),
        },
        DeValue::Array(values) if values.is_empty() => Err(document.fail(&seeds.span(), "the list is empty")),
        DeValue::Array(values) => {
            let mut seen = HashSet::new();
            values.iter().map(|value| read_new_seed(document, value, &mut seen)).collect()
        }
        _ => {
            let expected = "expected the number of seeds, a list of them or { first = 5, step = 5, most = 30 }";
            Err(document.fail(&seeds.span(), format!("{expected}, found {}", kind(seeds))))
        }
    }
}

fn read_new_seed(
    document: &Document<'_>,
    value: &Spanned<DeValue<'_>>,
    seen: &mut HashSet<u64>,
) -> Result<u64, ConfigError> {
    let seed = read_seed(document, value)?;
    if !seen.insert(seed) {
        return Err(document.fail(&value.span(), format!("lists {seed} twice")));
    }
    Ok(seed)
}

/// TOML's integers end at 2^63 - 1.
fn read_seed(document: &Document<'_>, value: &Spanned<DeValue<'_>>) -> Result<u64, ConfigError> {
    let found = || format!("expected a whole number from 0 to 2^63 - 1, found {}", document.text(&value.span()));
    let number = value.get_ref().as_integer().and_then(|number| {
        i64::from_str_radix(number.as_str(), number.radix()).ok().and_then(|number| u64::try_from(number).ok())
    });
    number.ok_or_else(|| document.fail(&value.span(), found()))
}
