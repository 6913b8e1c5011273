//! The keys of a config, their values, defaults and meaning, as the types of the config say them: for editors, for the
//! reference of the README, for configs with every key in them and for "did you mean".

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
pub(super) fn sections() -> [(&'static str, Value); 4] {
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
    properties.insert("compare".into(), compare());
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

pub(super) const NAME: &str = "Letters, digits, `_` and `-`; also the name of the output folder.";
pub(super) const QUESTION: &str = "The question that the study answers.";
pub(crate) const VARY: &str = "The grid: the product of these lists, times the seeds.";
pub(super) const SKIP: &str =
    "Leaves out of the grid what has all of a table's values: keys of `[vary]`, each with a value or a list of them.";
const SEEDS: &str = "The number of seeds of every variant, a list of them, or a group-sequential design.";

/// `[vary]`: a list of values for any key of a section, and the seeds.
pub(super) fn vary() -> Value {
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

/// `[compare]`.
pub(super) fn compare() -> Value {
    generator().subschema_for::<CompareConfig>().to_value()
}

pub(super) fn entries(schema: &Value) -> impl Iterator<Item = (&String, &Value)> {
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
