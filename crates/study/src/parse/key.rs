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

/// Sets the value at a dotted key, making the tables on the way; an index leads into a list that is there.
pub(crate) fn set<'s>(root: &mut DeTable<'s>, path: &[Key<'s>], value: Spanned<DeValue<'s>>) -> Result<(), Blocked> {
    set_in_table(root, path, 0, value)
}

fn set_in_table<'s>(
    table: &mut DeTable<'s>,
    path: &[Key<'s>],
    depth: usize,
    value: Spanned<DeValue<'s>>,
) -> Result<(), Blocked> {
    match &path[depth..] {
        [] => {}
        [last] => drop(table.insert(last.clone(), value)),
        [key, next, ..] => {
            if !table.contains_key(key.get_ref().as_ref()) && index(next.get_ref()).is_some() {
                return Err(Blocked {
                    key: join(path[..=depth].iter().map(|key| key.get_ref().as_ref())),
                    found: "no list",
                });
            }
            let make = || Spanned::new(key.span(), DeValue::Table(DeTable::new()));
            return set_in_value(table.entry(key.clone()).or_insert_with(make), path, depth + 1, value);
        }
    }
    Ok(())
}

fn set_in_value<'s>(
    inner: &mut Spanned<DeValue<'s>>,
    path: &[Key<'s>],
    depth: usize,
    value: Spanned<DeValue<'s>>,
) -> Result<(), Blocked> {
    let found = kind(inner);
    let blocked = |found| Err(Blocked { key: join(path[..depth].iter().map(|key| key.get_ref().as_ref())), found });
    match inner.get_mut() {
        DeValue::Table(table) => set_in_table(table, path, depth, value),
        DeValue::Array(values) => {
            let Some(inner) = index(path[depth].get_ref()).and_then(|index| values.get_mut(index)) else {
                return blocked("a list without that index");
            };
            if depth + 1 < path.len() {
                return set_in_value(inner, path, depth + 1, value);
            }
            *inner = value;
            Ok(())
        }
        _ => blocked(found),
    }
}

/// The index that a piece of a key is.
pub(crate) fn index(piece: &str) -> Option<usize> {
    piece.parse().ok().filter(|index: &usize| index.to_string() == piece)
}

/// The value at a dotted key.
pub(crate) fn get<'t, 's>(root: &'t DeTable<'s>, path: &[&str]) -> Option<&'t Spanned<DeValue<'s>>> {
    let (first, rest) = path.split_first()?;
    get_in(root.get(*first)?, rest)
}

fn get_in<'t, 's>(value: &'t Spanned<DeValue<'s>>, path: &[&str]) -> Option<&'t Spanned<DeValue<'s>>> {
    let Some((first, rest)) = path.split_first() else { return Some(value) };
    match value.get_ref() {
        DeValue::Table(table) => get_in(table.get(*first)?, rest),
        DeValue::Array(values) => get_in(values.get(index(first)?)?, rest),
        _ => None,
    }
}

/// Calls `visit` with every key, its own span and its value's span; list elements count as values of their list's key,
/// those that are tables by their index.
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
        DeValue::Array(values) => {
            for (index, value) in values.iter().enumerate() {
                // Those of `[vary]` are values.
                let is_table = value.get_ref().is_table() && path.first().is_none_or(|first| first != "vary");
                if is_table {
                    path.push(index.to_string());
                }
                walk_value(value, path, visit);
                path.truncate(path.len() - usize::from(is_table));
            }
        }
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
