//! Dotted keys, as TOML writes them: `model.bias`, `vary."model.bias"`.

use std::borrow::Cow;
use std::fmt::Write;
use std::ops::Range;

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::messages::kind;

/// One piece of a dotted key.
pub(crate) type Key<'s> = Spanned<Cow<'s, str>>;

/// A table on the way to a key turned out to be something else.
pub(crate) struct Blocked {
    /// The key of that something.
    pub(crate) key: String,
    /// Its type.
    pub(crate) found: &'static str,
}

/// The pieces of a dotted key, each with its span in `text`; `None` where the text is no key.
pub(crate) fn split(text: &str) -> Option<Vec<Key<'static>>> {
    if text.contains(['\n', '\r']) {
        return None;
    }
    let line = format!("{text} = 0");
    let mut table = DeTable::parse(&line).ok()?.into_inner();
    let mut pieces = Vec::new();
    loop {
        let mut entries = table.into_iter();
        let (key, value) = entries.next()?;
        if entries.next().is_some() {
            return None;
        }
        let span = key.span();
        pieces.push(Spanned::new(span, Cow::Owned(key.into_inner().into_owned())));
        let end = value.span().end;
        match value.into_inner() {
            DeValue::Table(inner) => table = inner,
            // A key with a value of its own would end before the line does.
            _ => return (end == line.len()).then_some(pieces),
        }
    }
}

/// The dotted key of these pieces, quoted where TOML asks for it.
pub(crate) fn join<'p>(pieces: impl IntoIterator<Item = &'p str>) -> String {
    let mut dotted = String::new();
    for piece in pieces {
        if !dotted.is_empty() {
            dotted.push('.');
        }
        if is_bare(piece) {
            dotted.push_str(piece);
        } else {
            let _ = write!(dotted, "\"{}\"", piece.replace('\\', "\\\\").replace('"', "\\\""));
        }
    }
    dotted
}

fn is_bare(piece: &str) -> bool {
    !piece.is_empty() && piece.chars().all(|c| c.is_ascii_alphanumeric() || c == '_' || c == '-')
}

/// Sets the value at a dotted key, making the tables on the way.
pub(crate) fn set<'s>(root: &mut DeTable<'s>, path: &[Key<'s>], value: Spanned<DeValue<'s>>) -> Result<(), Blocked> {
    let Some((last, parents)) = path.split_last() else { return Ok(()) };
    let mut table = root;
    for (depth, key) in parents.iter().enumerate() {
        let make = || Spanned::new(key.span(), DeValue::Table(DeTable::new()));
        let inner = table.entry(key.clone()).or_insert_with(make);
        let found = kind(inner);
        table = match inner.get_mut() {
            DeValue::Table(inner) => inner,
            _ => return Err(Blocked { key: join(path[..=depth].iter().map(|k| k.get_ref().as_ref())), found }),
        };
    }
    table.insert(last.clone(), value);
    Ok(())
}

/// The value at a dotted key.
pub(crate) fn get<'t, 's>(root: &'t DeTable<'s>, path: &[&str]) -> Option<&'t Spanned<DeValue<'s>>> {
    let (first, rest) = path.split_first()?;
    let value = root.get(*first)?;
    match value.get_ref() {
        _ if rest.is_empty() => Some(value),
        DeValue::Table(table) => get(table, rest),
        _ => None,
    }
}

/// Calls `visit` with every key, its own span and its value's span; list elements count as values of their list's key.
pub(crate) fn walk(table: &DeTable<'_>, path: &mut Vec<String>, visit: &mut dyn FnMut(&[String], Range<usize>)) {
    for (key, value) in table {
        path.push(key.get_ref().to_string());
        visit(path, key.span());
        walk_value(value, path, visit);
        path.pop();
    }
}

fn walk_value(value: &Spanned<DeValue<'_>>, path: &mut Vec<String>, visit: &mut dyn FnMut(&[String], Range<usize>)) {
    visit(path, value.span());
    match value.get_ref() {
        DeValue::Table(table) => walk(table, path, visit),
        DeValue::Array(values) => values.iter().for_each(|value| walk_value(value, path, visit)),
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_split_as_toml_splits_them() {
        for (text, pieces) in [
            ("a", Some(vec!["a"])),
            ("model.bias", Some(vec!["model", "bias"])),
            (" model . bias ", Some(vec!["model", "bias"])),
            ("vary.\"model.bias\"", Some(vec!["vary", "model.bias"])),
            ("vary.'a=b'", Some(vec!["vary", "a=b"])),
            ("", None),
            ("a.", None),
            (".a", None),
            ("a b", None),
            ("[a]\nb", None),
            ("a = 1 #", None),
            ("# x", None),
            ("\"a", None),
        ] {
            let split =
                split(text).map(|keys| keys.into_iter().map(|k| k.into_inner().into_owned()).collect::<Vec<_>>());
            assert_eq!(split, pieces.map(|p| p.into_iter().map(str::to_owned).collect()), "{text}");
        }
    }

    #[test]
    fn joined_keys_split_into_the_same_pieces() {
        let pieces = ["vary", "model.bias", "say \"hi\"", "back\\slash"];
        let joined = join(pieces);
        assert_eq!(joined, r#"vary."model.bias"."say \"hi\""."back\\slash""#);
        let again: Vec<_> = split(&joined).unwrap().into_iter().map(Spanned::into_inner).collect();
        assert_eq!(again, pieces);
    }
}
