//! Relative paths start at the config's folder, so that a copy of the config elsewhere means the same.

use std::borrow::Cow;
use std::ops::Range;
use std::path::Path;

use serde::Deserialize;
use serde::de::IntoDeserializer;
use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::key;
use crate::{DataSource, printable};

/// The key below which every string is a path.
const SOURCE: [&str; 2] = ["data", "source"];
/// The key whose value is one.
const START: [&str; 2] = ["model", "init_from"];

/// A path that cannot be made absolute.
pub(crate) struct WrongPath {
    pub(crate) span: Range<usize>,
    pub(crate) message: String,
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
        return anchor_value(value, config)
            .map_err(|message| WrongPath { span: value.span(), message: message.to_owned() });
    }
    if path.len() < SOURCE.len() || !path.iter().zip(SOURCE).all(|(piece, name)| piece.as_ref() == name) {
        return Ok(());
    }
    if path.len() > SOURCE.len() {
        return anchor_value(value, config)
            .map_err(|message| WrongPath { span: value.span(), message: message.to_owned() });
    }
    if let Some(message) = path_alone(value, config) {
        return Err(WrongPath { span: value.span(), message });
    }
    entries(value).try_for_each(|(key, value)| anchor_below(&["data", "source", key], value, config))
}

/// What to write in place of a path that stands where the name of a source does, where something lies there.
fn path_alone(value: &Spanned<DeValue<'_>>, config: &Path) -> Option<String> {
    let DeValue::String(text) = value.get_ref() else { return None };
    let named: Result<DataSource, serde::de::value::Error> = DataSource::deserialize((&**text).into_deserializer());
    let is_unknown = named.is_err_and(|error| error.to_string().starts_with("unknown variant"));
    let path = std::path::absolute(config).ok()?.parent()?.join(text.as_ref());
    if !is_unknown || text.is_empty() || !path.exists() {
        return None;
    }
    let what = if path.is_dir() { "folder" } else { "file" };
    let text = printable(text);
    Some(match DataSource::found(&path, Path::new(&text)) {
        Some(source) => format!(
            "`{text}` is no name of a source, but a {what}; by what lies there, write source = {}",
            source.as_written()
        ),
        None => format!(
            "`{text}` is no name of a source, but a {what} of a kind that is not read: expected a folder of images, or a file that \
             ends in .npz or .csv"
        ),
    })
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
