//! The keys of a config, their values, defaults and meaning, as the types of the config say them: for editors, for the
//! reference of the README and for "did you mean".

use std::fmt::Write;

use schemars::SchemaGenerator;
use schemars::generate::SchemaSettings;
use serde_json::{Map, Value, json};

use crate::{CompareConfig, DataConfig, MeasureConfig, ModelConfig, Sequential, TrainConfig};

/// The tables that one cell is made of.
pub(crate) const SECTIONS: [&str; 4] = ["data", "model", "train", "measure"];

fn generator() -> SchemaGenerator {
    // Taplo, which editors use, reads draft 7.
    SchemaSettings::draft07().with(|settings| settings.inline_subschemas = true).into_generator()
}

/// The schema of each of [`SECTIONS`].
fn sections() -> [(&'static str, Value); 4] {
    let mut generator = generator();
    let schemas = [
        generator.subschema_for::<DataConfig>(),
        generator.subschema_for::<ModelConfig>(),
        generator.subschema_for::<TrainConfig>(),
        generator.subschema_for::<MeasureConfig>(),
    ];
    let mut schemas = schemas.into_iter().map(schemars::Schema::to_value);
    SECTIONS.map(|name| (name, schemas.next().unwrap_or_default()))
}

/// The JSON Schema (draft 7) of a study's config, by which editors complete, explain and check it.
///
/// ```
/// let schema = untied_study::schema();
/// assert_eq!(schema["properties"]["model"]["properties"]["kernel"]["default"], 3);
/// ```
pub fn schema() -> Value {
    let mut properties = Map::new();
    properties.insert("name".into(), json!({ "type": "string", "description": NAME }));
    properties.insert("question".into(), json!({ "type": "string", "description": QUESTION }));
    properties.insert("vary".into(), vary());
    let table = json!({ "type": "object", "minProperties": 1 });
    properties.insert("skip".into(), json!({ "description": SKIP, "type": "array", "items": table }));
    properties.insert("compare".into(), generator().subschema_for::<CompareConfig>().to_value());
    for (name, mut section) in sections() {
        // Keys that `[vary]` lists may be absent from their table.
        section.as_object_mut().and_then(|section| section.remove("required"));
        properties.insert(name.to_owned(), section);
    }
    json!({
        "$schema": "http://json-schema.org/draft-07/schema#",
        "title": "A study",
        "type": "object",
        "properties": properties,
        "required": ["name", "question", "vary"],
        "additionalProperties": false,
    })
}

const NAME: &str = "Letters, digits, `_` and `-`; also the name of the output folder.";
const QUESTION: &str = "The question that the study answers.";
const VARY: &str = "The grid: the product of these lists, times the seeds.";
const SKIP: &str =
    "Leaves out of the grid what has all of a table's values: keys of `[vary]`, each with a value or a list of them.";
const SEEDS: &str = "The number of seeds of every variant, a list of them, or a group-sequential design.";

/// `[vary]`: a list of values for any key of a section, and the seeds.
fn vary() -> Value {
    let seed = json!({ "type": "integer", "minimum": 0 });
    let list = json!({ "type": "array", "items": seed });
    let sequential = generator().subschema_for::<Sequential>().to_value();
    let seeds = json!({ "description": SEEDS, "anyOf": [seed, list, sequential] });
    let mut properties = Map::from_iter([("seeds".to_owned(), seeds)]);
    for (section, schema) in sections() {
        for (key, value) in entries(&schema) {
            let list = json!({ "description": value["description"], "type": "array", "items": value });
            properties.insert(format!("{section}.{key}"), list);
        }
    }
    json!({
        "description": VARY,
        "type": "object",
        "properties": properties,
        "patternProperties": { format!("^({})[.]", SECTIONS.join("|")): { "type": "array" } },
        "required": ["seeds"],
        "additionalProperties": false,
    })
}

fn entries(schema: &Value) -> impl Iterator<Item = (&String, &Value)> {
    schema["properties"].as_object().into_iter().flatten()
}

/// The keys of a section.
pub(crate) fn keys_of(section: &str) -> Vec<String> {
    let schema = sections().into_iter().find(|(name, _)| *name == section);
    schema.iter().flat_map(|(_, schema)| entries(schema)).map(|(key, _)| key.clone()).collect()
}

/// The dotted keys of a cell, and `vary.seeds`.
pub(crate) fn dotted_keys() -> Vec<String> {
    let of_section = |section: &'static str| keys_of(section).into_iter().map(move |key| format!("{section}.{key}"));
    SECTIONS.into_iter().flat_map(of_section).chain(["vary.seeds".to_owned()]).collect()
}

/// A Markdown table of every key of a config with its values, default and meaning.
pub fn reference() -> String {
    let mut table = "| key | values | default | meaning |\n|---|---|---|---|\n".to_owned();
    let text = |meaning| json!({ "type": "string", "description": meaning });
    put_row(&mut table, "name", &text(NAME), true);
    put_row(&mut table, "question", &text(QUESTION), true);
    for (name, section) in sections() {
        put_entries(&mut table, name, &section);
    }
    let seeds = &vary()["properties"]["seeds"];
    put_row(&mut table, "vary.seeds", seeds, true);
    alternatives(seeds).for_each(|choice| put_entries(&mut table, "vary.seeds", choice));
    let key = "vary.\"model.bias\"";
    put_row(&mut table, key, &json!({ "type": "array", "items": {}, "description": VARY }), false);
    let key = "skip.N.\"model.bias\"";
    put_row(&mut table, key, &json!({ "type": ["value or list"], "description": SKIP }), false);
    put_entries(&mut table, "compare", &generator().subschema_for::<CompareConfig>().to_value());
    table
}

/// A row for each key of a table, mandatory ones first, each followed by those inside it.
fn put_entries(table: &mut String, dotted: &str, schema: &Value) {
    let required = |key: &str| schema["required"].as_array().is_some_and(|names| names.iter().any(|name| name == key));
    let mut entries: Vec<_> = entries(schema).collect();
    entries.sort_by_key(|(key, _)| !required(key));
    for (key, value) in entries {
        let dotted = format!("{dotted}.{key}");
        put_row(table, &dotted, value, required(key));
        put_entries(table, &dotted, value);
        // The tables in a list.
        put_entries(table, &format!("{dotted}.N"), &value["items"]);
        for choice in alternatives(value) {
            // Inside `Option`, the table itself; inside a choice, `{ sgd = { … } }`.
            match choice["required"].as_array().filter(|_| value["oneOf"].is_array()).map(Vec::as_slice) {
                Some([Value::String(name)]) if choice["properties"][name]["properties"].is_object() => {
                    let inner = &choice["properties"][name];
                    let mut shown = inner.clone();
                    shown["description"] = choice["description"].clone();
                    put_row(table, &format!("{dotted}.{name}"), &shown, false);
                    put_entries(table, &format!("{dotted}.{name}"), inner);
                }
                _ if value["anyOf"].is_array() => put_entries(table, &dotted, choice),
                _ => {}
            }
        }
    }
}

fn put_row(table: &mut String, key: &str, schema: &Value, required: bool) {
    let default = match schema.get("default") {
        _ if required => "mandatory".to_owned(),
        None | Some(Value::Null) => "–".to_owned(),
        // No default is a table, so that JSON spells them as TOML does.
        Some(value) => format!("`{value}`"),
    };
    let meaning = schema["description"].as_str().unwrap_or_default().replace('\n', " ").replace('|', "\\|");
    let _ = writeln!(table, "| `{key}` | {} | {default} | {meaning} |", values(schema));
}

/// The choices of a value, or the table of an optional one.
fn alternatives(schema: &Value) -> impl Iterator<Item = &Value> {
    let choices = schema["oneOf"].as_array().or(schema["anyOf"].as_array());
    choices.into_iter().flatten().filter(|choice| choice["type"] != "null")
}

/// The values that a schema allows: `same`, `valid`.
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
