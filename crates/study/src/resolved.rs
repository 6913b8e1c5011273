//! A study written as a config again, with every default.

use std::fmt::Write;

use serde::Serialize;
use serde_json::Value as Json;
use toml::{Table, Value};

use crate::parse::key;
use crate::schema::keys_of;
use crate::{CellConfig, CompareConfig, Study};

const HEADER: &str = "\
# The resolved config of a study: every default is written out, data paths are absolute.
# Running it again trains the same cells.
";

impl Study {
    /// The config with every default written out; loaded again, it gives equal cells.
    ///
    /// Values in `[vary]` stay as they were given, since cells are named after them; their defaults stand in each
    /// cell's `cell.json`.
    #[must_use]
    pub fn resolved_toml(&self) -> String {
        let mut text = HEADER.to_owned();
        put(&mut text, "name", &self.name);
        put(&mut text, "question", &self.question);
        self.put_sections(&mut text, &self.cells[0].config);
        self.put_vary(&mut text);
        for skip in &self.skip {
            text.push_str("\n[[skip]]\n");
            for (key, values) in skip {
                put(&mut text, key, values);
            }
        }
        if let Some(compare) = &self.compare {
            put_compare(&mut text, compare);
        }
        text
    }

    /// `[data]`, `[model]`, `[train]` and `[measure]` without what `[vary]` gives.
    fn put_sections(&self, text: &mut String, config: &CellConfig) {
        let sections = [
            ("data", to_toml(&config.data)),
            ("model", to_toml(&config.model)),
            ("train", to_toml(&config.train)),
            ("measure", to_toml(&config.measure)),
        ];
        for (name, value) in sections {
            let mut value = value;
            for vary in &self.vary {
                let path = pieces(&vary.key);
                if path[0] == name {
                    remove(&mut value, &path[1..]);
                }
            }
            let Value::Table(table) = value else { continue };
            let _ = write!(text, "\n[{name}]\n");
            for (key, value) in &table {
                put(text, key, value);
            }
            let is_varied = |key: &str| self.vary.iter().any(|vary| pieces(&vary.key)[..2] == [name, key]);
            let unset = keys_of(name).into_iter().filter(|key| !table.contains_key(key) && !is_varied(key));
            let unset = unset.collect::<Vec<_>>().join(", ");
            if !unset.is_empty() {
                let _ = writeln!(text, "# not set: {unset}");
            }
        }
    }

    fn put_vary(&self, text: &mut String) {
        text.push_str("\n[vary]\n");
        for vary in &self.vary {
            put(text, &vary.key, &vary.values);
        }
        if let Some(sequential) = &self.sequential {
            put(text, "seeds", sequential);
        } else if self.seeds.iter().copied().eq(0..self.seeds.len() as u64) {
            put(text, "seeds", &self.seeds.len());
        } else {
            put(text, "seeds", &self.seeds);
        }
    }
}

fn put_compare(text: &mut String, compare: &CompareConfig) {
    text.push_str("\n[compare]\n");
    put(text, "metric", &compare.metric);
    let baseline: Table = compare.baseline.iter().map(|(key, value)| (key.clone(), to_toml::<Json>(value))).collect();
    put(text, "baseline", &baseline);
    put(text, "margin", &compare.margin);
    put(text, "over", &compare.over);
}

/// One line, `key = value`; the key is one piece, quoted where it holds a dot.
fn put<T: Serialize>(text: &mut String, key: &str, value: &T) {
    let _ = writeln!(text, "{} = {}", key::join([key]), to_toml(value));
}

/// A checked study holds neither null nor numbers beyond TOML's.
pub(crate) fn to_toml<T: Serialize>(value: &T) -> Value {
    Value::try_from(value).expect("a checked study has no value that TOML lacks")
}

fn pieces(dotted: &str) -> Vec<String> {
    key::split(dotted).unwrap_or_default().into_iter().map(|piece| piece.into_inner().into_owned()).collect()
}

/// Removes the value at a key; an element of a list stays, since later ones would change their index.
fn remove(value: &mut Value, path: &[String]) {
    match (value, path) {
        (Value::Table(table), [last]) => drop(table.remove(last)),
        (Value::Table(table), [first, rest @ ..]) => {
            if let Some(inner) = table.get_mut(first) {
                remove(inner, rest);
            }
        }
        (Value::Array(values), [first, rest @ ..]) if !rest.is_empty() => {
            if let Some(inner) = key::index(first).and_then(|index| values.get_mut(index)) {
                remove(inner, rest);
            }
        }
        _ => {}
    }
}
