//! Relative data paths start at the config's folder, so that a copy of the config elsewhere means the same.

use std::borrow::Cow;
use std::ops::Range;
use std::path::Path;

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::key;

/// Keys whose values are paths.
const PATHS: [[&str; 3]; 3] = [["data", "source", "idx"], ["data", "source", "cifar10"], ["data", "source", "folder"]];

/// A path that cannot be made absolute.
pub(crate) struct WrongPath {
    pub(crate) span: Range<usize>,
    pub(crate) message: &'static str,
}

/// Makes every data path absolute.
pub(crate) fn anchor(root: &mut DeTable<'_>, config: &Path) -> Result<(), WrongPath> {
    for path in &PATHS {
        for value in path_values(root, path) {
            anchor_value(value, config).map_err(|message| WrongPath { span: value.span(), message })?;
        }
    }
    Ok(())
}

/// Leaves what is not a string to the typed parse.
fn anchor_value(value: &mut Spanned<DeValue<'_>>, config: &Path) -> Result<(), &'static str> {
    let DeValue::String(text) = value.get_mut() else { return Ok(()) };
    if text.is_empty() {
        return Err("expected a path, found an empty string");
    }
    let config = std::path::absolute(config).map_err(|_| "the current folder is unknown: give an absolute path")?;
    let path = config.parent().unwrap_or(Path::new("/")).join(text.as_ref());
    let path = path.to_str().ok_or("the config's folder has a name that is not UTF-8: give an absolute path")?;
    *text = Cow::Owned(path.to_owned());
    Ok(())
}

/// Every value that stands for the given key: in its section, in `[vary]`'s lists and in the baseline.
fn path_values<'t, 's>(root: &'t mut DeTable<'s>, path: &[&str]) -> Vec<&'t mut Spanned<DeValue<'s>>> {
    let mut found = Vec::new();
    for (name, value) in root.iter_mut() {
        match name.get_ref().as_ref() {
            "vary" => entries(value).for_each(|(key, values)| {
                let (Some(rest), DeValue::Array(values)) = (rest_of(key, path), values.get_mut()) else { return };
                found.extend(values.iter_mut().filter_map(|value| descend(value, rest)));
            }),
            "compare" => {
                let baseline = descend(value, &["baseline"]).into_iter().flat_map(entries);
                found.extend(baseline.filter_map(|(key, value)| descend(value, rest_of(key, path)?)));
            }
            section if section == path[0] => found.extend(descend(value, &path[1..])),
            _ => {}
        }
    }
    found
}

/// The entries of a table; nothing where it is none.
fn entries<'t, 's>(
    value: &'t mut Spanned<DeValue<'s>>,
) -> impl Iterator<Item = (&'t str, &'t mut Spanned<DeValue<'s>>)> + use<'t, 's> {
    let table = match value.get_mut() {
        DeValue::Table(table) => Some(table),
        _ => None,
    };
    table.into_iter().flat_map(|table| table.iter_mut().map(|(key, value)| (key.get_ref().as_ref(), value)))
}

/// What is left of a path below a dotted key.
fn rest_of<'p>(dotted: &str, path: &'p [&'p str]) -> Option<&'p [&'p str]> {
    let pieces = key::split(dotted)?;
    let same = pieces.len() <= path.len() && pieces.iter().zip(path).all(|(piece, name)| piece.get_ref() == name);
    same.then(|| &path[pieces.len()..])
}

fn descend<'t, 's>(value: &'t mut Spanned<DeValue<'s>>, path: &[&str]) -> Option<&'t mut Spanned<DeValue<'s>>> {
    match path.split_first() {
        None => Some(value),
        Some((first, rest)) => match value.get_mut() {
            DeValue::Table(table) => descend(table.get_mut(*first)?, rest),
            _ => None,
        },
    }
}
