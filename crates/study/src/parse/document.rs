//! A parsed config with its `--set` options applied, still untyped; every value knows where it came from.

use std::ops::Range;

use serde::Deserialize;
use serde::de::DeserializeOwned;
use toml::Spanned;
use toml::de::{DeTable, DeValue, ValueDeserializer};

use super::error::InvalidConfig;
use super::key::{self, Key};
use super::messages::{kind, nearest, reword, unknown};
use super::source::Source;
use super::{overrides, paths};
use crate::schema::{SECTIONS, dotted_keys};
use crate::{CompareConfig, ConfigError};

const TOP_LEVEL: [&str; 9] = ["name", "question", "data", "model", "train", "measure", "vary", "skip", "compare"];

/// Choices that take a table of settings.
const SETTINGS: [[&str; 2]; 2] = [["train", "optimizer"], ["train", "schedule"]];

/// A config as a tree of values.
pub(crate) struct Document<'s> {
    source: &'s Source,
    root: DeTable<'s>,
    /// The keys that `--set` gave.
    set: Vec<Vec<Key<'s>>>,
}

impl<'s> Document<'s> {
    /// Parses the file first, so that its errors keep line and column; then applies the options, the last one winning.
    pub(crate) fn parse(source: &'s Source) -> Result<Self, ConfigError> {
        let root = DeTable::parse(source.text()).map_err(|error| syntax_error(source, &error))?.into_inner();
        let mut document = Self { source, root, set: Vec::new() };
        document.check_top_level()?;
        for (start, option) in source.options() {
            document.apply(start, option)?;
        }
        document.check_top_level()?;
        Ok(document)
    }

    fn apply(&mut self, start: usize, option: &'s str) -> Result<(), ConfigError> {
        let span = start..start + option.len();
        let parsed = overrides::parse(option, start).map_err(|message| self.invalid(&span, None, message))?;
        key::set(&mut self.root, &parsed.path, parsed.value).map_err(|blocked| {
            let message = format!("expected a table, found {}: set the whole of it", blocked.found);
            self.invalid(&span, Some(blocked.key), message)
        })?;
        self.set.push(parsed.path);
        Ok(())
    }

    fn check_top_level(&self) -> Result<(), ConfigError> {
        for key in self.root.keys() {
            let name = key.get_ref().as_ref();
            if !TOP_LEVEL.contains(&name) {
                return Err(self.invalid(&key.span(), None, unknown_top_level(name)));
            }
        }
        Ok(())
    }

    /// The value at a dotted key.
    pub(crate) fn get(&self, path: &[&str]) -> Option<&Spanned<DeValue<'s>>> {
        key::get(&self.root, path)
    }

    pub(crate) fn text(&self, span: &Range<usize>) -> &'s str {
        self.source.slice(span)
    }

    /// `[data]`, `[model]`, `[train]` and `[measure]`: what every cell starts from.
    pub(crate) fn base(&self) -> Result<DeTable<'s>, ConfigError> {
        let mut base = DeTable::new();
        for (key, value) in self.root.iter().filter(|(key, _)| SECTIONS.contains(&key.get_ref().as_ref())) {
            if !value.get_ref().is_table() {
                return Err(self.fail(&value.span(), format!("expected a table, found {}", kind(value))));
            }
            base.insert(key.clone(), value.clone());
        }
        Ok(base)
    }

    /// The keys given by `--set` that change a cell.
    pub(crate) fn set_keys(&self) -> impl Iterator<Item = &[Key<'s>]> {
        self.set.iter().map(Vec::as_slice).filter(|path| SECTIONS.contains(&path[0].get_ref().as_ref()))
    }

    /// A mandatory top-level text.
    pub(crate) fn string(&self, name: &str) -> Result<(String, Range<usize>), ConfigError> {
        let value = self.get(&[name]).ok_or_else(|| self.fail_file(format!("missing key `{name}`")))?;
        Ok((self.typed(value)?, value.span()))
    }

    pub(crate) fn compare(&self) -> Result<Option<CompareConfig>, ConfigError> {
        let Some(value) = self.get(&["compare"]) else { return Ok(None) };
        if !value.get_ref().is_table() {
            return Err(self.fail(&value.span(), format!("expected a table, found {}", kind(value))));
        }
        self.typed(value).map(Some)
    }

    /// Reads a value as a type.
    pub(crate) fn typed<T: DeserializeOwned>(&self, value: &Spanned<DeValue<'s>>) -> Result<T, ConfigError> {
        T::deserialize(ValueDeserializer::from(value.clone())).map_err(|error| self.type_error(&error))
    }

    /// Reads the tables of one variant as a type.
    pub(crate) fn typed_table<T: for<'de> Deserialize<'de>>(&self, table: DeTable<'s>) -> Result<T, ConfigError> {
        for path in &SETTINGS {
            self.require_settings(&table, path)?;
        }
        let table = Spanned::new(0..0, DeValue::Table(table));
        T::deserialize(ValueDeserializer::from(table)).map_err(|error| self.type_error(&error))
    }

    /// One choice with a table: the typed parse would take a list too, and could not name a second choice.
    fn require_settings(&self, table: &DeTable<'s>, path: &[&str]) -> Result<(), ConfigError> {
        let Some(DeValue::Table(choices)) = key::get(table, path).map(Spanned::get_ref) else { return Ok(()) };
        if choices.len() > 1 {
            let names: Vec<String> = choices.keys().map(|key| format!("`{}`", key.get_ref())).collect();
            let last = choices.keys().next_back().map_or(0..0, Spanned::span);
            return Err(self.invalid(
                &last,
                Some(path.join(".")),
                format!("expected one choice, found {}", names.join(" and ")),
            ));
        }
        match choices.values().find(|value| !value.get_ref().is_table()) {
            Some(value) => {
                Err(self.fail(&value.span(), format!("expected a table of settings, found {}", kind(value))))
            }
            None => Ok(()),
        }
    }

    fn type_error(&self, error: &toml::de::Error) -> ConfigError {
        match error.span() {
            Some(span) if !span.is_empty() => {
                let found = self.text(&span);
                self.fail(&span, reword(error.message(), found))
            }
            _ => self.fail_file(reword(error.message(), "")),
        }
    }

    /// An error at a span, with the key that stands there.
    pub(crate) fn fail(&self, span: &Range<usize>, message: impl Into<String>) -> ConfigError {
        self.invalid(span, self.key_at(span), message.into())
    }

    /// An error of the file as a whole.
    pub(crate) fn fail_file(&self, message: impl Into<String>) -> ConfigError {
        InvalidConfig { place: self.source.file(), key: None, message: message.into() }.into()
    }

    pub(crate) fn invalid(&self, span: &Range<usize>, key: Option<String>, message: String) -> ConfigError {
        InvalidConfig { place: self.source.place(span), key, message }.into()
    }

    /// The key with the smallest span around the given one.
    fn key_at(&self, span: &Range<usize>) -> Option<String> {
        let mut best: Option<(usize, String)> = None;
        key::walk(&self.root, &mut Vec::new(), &mut |path, at| {
            let around = at.start <= span.start && span.end <= at.end;
            if around && best.as_ref().is_none_or(|(len, _)| at.len() <= *len) {
                best = Some((at.len(), key::join(path.iter().map(String::as_str))));
            }
        });
        best.map(|(_, key)| key)
    }

    /// Makes relative data paths absolute: they start at the config's folder.
    pub(crate) fn anchor_paths(&mut self) -> Result<(), ConfigError> {
        paths::anchor(&mut self.root, self.source.path()).map_err(|wrong| self.fail(&wrong.span, wrong.message))
    }
}

/// The dotted key whose last piece the given name is, or nearly is.
pub(crate) fn full_key(name: &str) -> Option<String> {
    let keys = dotted_keys();
    let last: Vec<&str> = keys.iter().filter_map(|dotted| dotted.rsplit('.').next()).collect();
    let near = nearest(name, &last)?;
    keys.iter().zip(&last).find(|(_, last)| **last == near).map(|(dotted, _)| dotted.clone())
}

fn unknown_top_level(name: &str) -> String {
    match full_key(name) {
        Some(full) if nearest(name, &TOP_LEVEL).is_none() => format!("unknown key `{name}`; did you mean `{full}`?"),
        _ => unknown("key", name, &TOP_LEVEL),
    }
}

fn syntax_error(source: &Source, error: &toml::de::Error) -> ConfigError {
    let span = error.span().unwrap_or(0..0);
    let message = reword(error.message(), source.slice(&span));
    InvalidConfig { place: source.place(&span), key: None, message }.into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_top_level_key_is_in_the_schema() {
        let schema = crate::schema();
        let mut known = TOP_LEVEL;
        known.sort_unstable();
        assert!(schema["properties"].as_object().unwrap().keys().eq(known.iter()));
    }
}
