//! Every key of a config, one after the other, as the schema says them.

use serde_json::{Value, json};

use super::sections::{NAME, QUESTION, SKIP, VARY, compare, entries, sections, vary};

/// The element of a dotted key that stands for the index in a list.
pub(crate) const INDEX: &str = "N";

/// A key with what may be its value.
pub(crate) struct Row {
    /// Its pieces, from the root.
    pub(crate) key: Vec<String>,
    pub(crate) schema: Value,
    /// There is no default, and its table must have it.
    pub(crate) required: bool,
}

impl Row {
    /// The value that a key has where it is left out, if that is one.
    pub(crate) fn default(&self) -> Option<&Value> {
        self.schema.get("default").filter(|default| !default.is_null() && !self.required)
    }

    /// In one line.
    pub(crate) fn meaning(&self) -> String {
        self.schema["description"].as_str().unwrap_or_default().replace('\n', " ")
    }

    /// The values that it may have: `same`, `valid`, each between backticks.
    pub(crate) fn values(&self) -> String {
        values(&self.schema)
    }
}

/// All keys in the order of a config; of a table, mandatory ones first, each followed by those inside it.
pub(crate) fn rows() -> Vec<Row> {
    let mut rows = Vec::new();
    let text = |meaning| json!({ "type": "string", "description": meaning });
    push(&mut rows, &["name"], &text(NAME), true);
    push(&mut rows, &["question"], &text(QUESTION), true);
    for (name, section) in sections() {
        push_entries(&mut rows, &[name], &section);
    }
    let seeds = &vary()["properties"]["seeds"];
    push(&mut rows, &["vary", "seeds"], seeds, true);
    alternatives(seeds).for_each(|choice| push_entries(&mut rows, &["vary", "seeds"], choice));
    push(&mut rows, &["vary", "model.bias"], &json!({ "type": "array", "items": {}, "description": VARY }), false);
    push(&mut rows, &["skip", INDEX, "model.bias"], &json!({ "type": ["value or list"], "description": SKIP }), false);
    push_entries(&mut rows, &["compare"], &compare());
    rows
}

fn push(rows: &mut Vec<Row>, key: &[&str], schema: &Value, required: bool) {
    rows.push(Row { key: key.iter().map(|&piece| piece.to_owned()).collect(), schema: schema.clone(), required });
}

fn push_entries(rows: &mut Vec<Row>, table: &[&str], schema: &Value) {
    let required = |key: &str| schema["required"].as_array().is_some_and(|names| names.iter().any(|name| name == key));
    let mut ordered: Vec<_> = entries(schema).collect();
    ordered.sort_by_key(|(key, _)| !required(key));
    for (key, value) in ordered {
        let key = [table, &[key]].concat();
        push(rows, &key, value, required(key[key.len() - 1]));
        push_entries(rows, &key, value);
        // The tables in a list.
        push_entries(rows, &[&key[..], &[INDEX]].concat(), &value["items"]);
        for choice in alternatives(value) {
            // Inside `Option`, the table itself; inside a choice, `{ sgd = { … } }`.
            match choice["required"].as_array().filter(|_| value["oneOf"].is_array()).map(Vec::as_slice) {
                Some([Value::String(name)]) if choice["properties"][name]["properties"].is_object() => {
                    let key = [&key[..], &[name]].concat();
                    let inner = &choice["properties"][name];
                    let mut shown = inner.clone();
                    shown["description"] = choice["description"].clone();
                    push(rows, &key, &shown, false);
                    push_entries(rows, &key, inner);
                }
                _ if value["anyOf"].is_array() => push_entries(rows, &key, choice),
                _ => {}
            }
        }
    }
}

/// The choices of a value, or the table of an optional one.
fn alternatives(schema: &Value) -> impl Iterator<Item = &Value> {
    let choices = schema["oneOf"].as_array().or(schema["anyOf"].as_array());
    choices.into_iter().flatten().filter(|choice| choice["type"] != "null")
}

fn values(schema: &Value) -> String {
    if let Some(name) = schema["const"].as_str() {
        return format!("`{name}`");
    }
    if let Some(names) = schema["enum"].as_array() {
        return names.iter().filter_map(Value::as_str).map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ");
    }
    let choices: Vec<String> = alternatives(schema).map(choice).collect();
    if !choices.is_empty() {
        return choices.join(", ");
    }
    let kind = schema["type"].as_str().or_else(|| schema["type"][0].as_str());
    match kind.unwrap_or_default() {
        "array" if schema["items"].as_object().is_some_and(|items| !items.is_empty()) => {
            format!("list of: {}", values(&schema["items"]))
        }
        "array" => "list".to_owned(),
        "object" => "table".to_owned(),
        "integer" => "whole number".to_owned(),
        "boolean" => "`true`, `false`".to_owned(),
        "string" => "text".to_owned(),
        other => other.to_owned(),
    }
}

/// One of several values: one with settings or a value is a table of one key.
fn choice(schema: &Value) -> String {
    match schema["required"].as_array().map(Vec::as_slice) {
        Some([Value::String(name)]) if entries(schema).count() == 1 => {
            let inner = &schema["properties"][name];
            let inner = if inner["properties"].is_object() { "{ … }".to_owned() } else { values(inner) };
            format!("`{{ {name} = {} }}`", inner.replace('`', ""))
        }
        _ => values(schema),
    }
}
