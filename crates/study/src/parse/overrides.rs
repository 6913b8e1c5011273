//! `--set key=value`: the key a dotted TOML key, the value TOML, a bare word a string.

use std::borrow::Cow;
use std::ops::Range;

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::key::{self, Key};
use super::messages::reword;

/// One parsed `--set` option.
pub(crate) struct Override<'s> {
    pub(crate) path: Vec<Key<'s>>,
    pub(crate) value: Spanned<DeValue<'s>>,
}

/// Parses an option whose text starts at `start` of the source.
pub(crate) fn parse(option: &str, start: usize) -> Result<Override<'_>, String> {
    let equals = find_equals(option).ok_or("expected key=value")?;
    let (key, value) = (&option[..equals], &option[equals + 1..]);
    let path = key::split(key).ok_or_else(|| format!("`{}` is not a dotted key such as train.epochs", key.trim()))?;
    let path = path.into_iter().map(|piece| shift(piece, start)).collect();
    let word = value.trim();
    let mut parsed = parse_value(word)?;
    shift_value(&mut parsed, start + option.len() - value.trim_start().len());
    Ok(Override { path, value: parsed })
}

/// The first `=` outside quotes.
fn find_equals(option: &str) -> Option<usize> {
    let mut quote = None;
    for (at, c) in option.char_indices() {
        match (quote, c) {
            (None, '=') => return Some(at),
            (None, '"' | '\'') => quote = Some(c),
            (Some(open), _) if open == c => quote = None,
            _ => {}
        }
    }
    None
}

fn parse_value(word: &str) -> Result<Spanned<DeValue<'_>>, String> {
    if word.is_empty() {
        return Err("expected a value after `=`".to_owned());
    }
    match DeValue::parse(word) {
        Ok(value) => Ok(value),
        Err(_) if is_bare_word(word) => Ok(Spanned::new(0..word.len(), DeValue::String(Cow::Borrowed(word)))),
        Err(error) => {
            let found = error.span().and_then(|span| word.get(span)).unwrap_or_default();
            Err(format!("`{word}` is not a TOML value: {}", reword(error.message(), found)))
        }
    }
}

fn is_bare_word(word: &str) -> bool {
    !word.starts_with(['[', '{', '"', '\'']) && !word.contains(|c: char| c.is_whitespace() || c.is_control())
}

fn shift<T>(spanned: Spanned<T>, by: usize) -> Spanned<T> {
    let span = moved(&spanned.span(), by);
    Spanned::new(span, spanned.into_inner())
}

fn moved(span: &Range<usize>, by: usize) -> Range<usize> {
    span.start + by..span.end + by
}

fn shift_value(value: &mut Spanned<DeValue<'_>>, by: usize) {
    let span = moved(&value.span(), by);
    match value.get_mut() {
        DeValue::Array(values) => values.iter_mut().for_each(|value| shift_value(value, by)),
        DeValue::Table(table) => shift_table(table, by),
        _ => {}
    }
    let inner = std::mem::replace(value.get_mut(), DeValue::Boolean(false));
    *value = Spanned::new(span, inner);
}

fn shift_table(table: &mut DeTable<'_>, by: usize) {
    *table = std::mem::take(table)
        .into_iter()
        .map(|(key, mut value)| {
            shift_value(&mut value, by);
            (shift(key, by), value)
        })
        .collect();
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_toml_and_bare_words_are_strings() {
        for (option, kind, shown) in [
            ("a=1", "integer", "1"),
            ("a= 1.5 ", "float", "1.5"),
            ("a=true", "boolean", "true"),
            ("a=tied", "string", "tied"),
            ("a=fashion-mnist-6k", "string", "fashion-mnist-6k"),
            ("a=\"x y\"", "string", "\"x y\""),
            ("a=b=c", "string", "b=c"),
            ("a=[1, 2]", "array", "[1, 2]"),
            ("vary.\"x=y\"=[1]", "array", "[1]"),
            ("a={idx=\"D\"}", "table", "{idx=\"D\"}"),
        ] {
            let parsed = parse(option, 100).unwrap_or_else(|error| panic!("{option}: {error}"));
            assert_eq!(parsed.value.get_ref().type_str(), kind, "{option}");
            let span = parsed.value.span();
            assert_eq!(&option[span.start - 100..span.end - 100], shown, "{option}");
        }
    }

    #[test]
    fn inner_spans_are_moved_too() {
        let parsed = parse("a={b=[7]}", 50).unwrap();
        let DeValue::Table(table) = parsed.value.get_ref() else { panic!("not a table") };
        let (key, value) = table.iter().next().unwrap();
        assert_eq!(key.span(), 53..54);
        assert_eq!(value.get_ref().as_array().unwrap()[0].span(), 56..57);
    }

    #[test]
    fn what_is_no_option_is_an_error() {
        for option in ["", "a", "=1", "a=", "a= ", "a.=1", "a b=1", "a=[1", "a=x y", "a=\"", "\"a=1", "a=\u{7}"] {
            assert!(parse(option, 0).is_err(), "{option}");
        }
    }
}
