//! Relative paths start at the config's folder, so that a copy of the config elsewhere means the same.

use std::borrow::Cow;
use std::ops::Range;
use std::path::Path;

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::key;

/// The key below which every string is a path.
const SOURCE: [&str; 2] = ["data", "source"];
/// The key whose value is one.
const START: [&str; 2] = ["model", "init_from"];

/// A path that cannot be made absolute.
pub(crate) struct WrongPath {
    pub(crate) span: Range<usize>,
    pub(crate) message: &'static str,
}

/// Makes every data path absolute: in `[data]`, in `[vary]`'s lists, in `[[skip]]` and in the baseline.
pub(crate) fn anchor(root: &mut DeTable<'_>, config: &Path) -> Result<(), WrongPath> {
    for (name, value) in root.iter_mut() {
        match name.get_ref().as_ref() {
            table @ ("data" | "model") => {
                let table = table.to_owned();
                entries(value).try_for_each(|(key, value)| anchor_below(&[table.as_str(), key], value, config))?;
            }
            "vary" => entries(value).try_for_each(|(key, values)| match (pieces(key), values.get_mut()) {
                (path, DeValue::Array(values)) => {
                    values.iter_mut().try_for_each(|value| anchor_below(&path, value, config))
                }
                _ => Ok(()),
            })?,
            "skip" => elements(value).flat_map(entries).try_for_each(|(key, value)| {
                let path = pieces(key);
                if value.get_ref().is_array() {
                    return elements(value).try_for_each(|value| anchor_below(&path, value, config));
                }
                anchor_below(&path, value, config)
            })?,
            "compare" => entries(value)
                .filter(|(key, _)| *key == "baseline")
                .flat_map(|(_, baseline)| entries(baseline))
                .try_for_each(|(key, value)| anchor_below(&pieces(key), value, config))?,
            _ => {}
        }
    }
    Ok(())
}

fn pieces(dotted: &str) -> Vec<String> {
    key::split(dotted).into_iter().flatten().map(|piece| piece.into_inner().into_owned()).collect()
}

/// Makes `model.init_from` and strings below `data.source` absolute; the string at the key itself names a bundled source.
fn anchor_below<P: AsRef<str>>(path: &[P], value: &mut Spanned<DeValue<'_>>, config: &Path) -> Result<(), WrongPath> {
    if path.iter().map(AsRef::as_ref).eq(START) {
        return anchor_value(value, config).map_err(|message| WrongPath { span: value.span(), message });
    }
    if path.len() < SOURCE.len() || !path.iter().zip(SOURCE).all(|(piece, name)| piece.as_ref() == name) {
        return Ok(());
    }
    if path.len() > SOURCE.len() {
        return anchor_value(value, config).map_err(|message| WrongPath { span: value.span(), message });
    }
    entries(value).try_for_each(|(key, value)| anchor_below(&["data", "source", key], value, config))
}

/// Leaves what is not a string to the typed parse.
fn anchor_value(value: &mut Spanned<DeValue<'_>>, config: &Path) -> Result<(), &'static str> {
    let DeValue::String(text) = value.get_mut() else { return Ok(()) };
    if text.is_empty() {
        return Err("expected a path, found an empty string");
    }
    if text.contains(char::is_control) {
        return Err(
            "the path holds a control character: inside \"…\", `\\t` is a tab and `\\n` a line break; write it in \
                    single quotes, which change nothing: 'D:\\train'",
        );
    }
    if text.as_ref() == "~" || text.starts_with("~/") {
        return Err("`~` means the home folder to a shell alone: write the folder's whole name");
    }
    let config = std::path::absolute(config).map_err(|_| "the current folder is unknown: give an absolute path")?;
    let path = config.parent().unwrap_or(Path::new("/")).join(text.as_ref());
    let path = path.to_str().ok_or("the config's folder has a name that is not UTF-8: give an absolute path")?;
    *text = Cow::Owned(path.to_owned());
    Ok(())
}

/// The elements of a list; nothing where it is none.
fn elements<'t, 's>(
    value: &'t mut Spanned<DeValue<'s>>,
) -> impl Iterator<Item = &'t mut Spanned<DeValue<'s>>> + use<'t, 's> {
    let list = match value.get_mut() {
        DeValue::Array(list) => Some(list),
        _ => None,
    };
    list.into_iter().flat_map(|list| list.iter_mut())
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
