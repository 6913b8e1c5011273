//! The schema and the reference of the config's keys.

use serde_json::Value;
use untied_study::{EXAMPLE, commented, reference, schema};

use crate::{example, parse};

#[test]
fn the_readme_lists_every_key() {
    let reference = reference();
    assert!(
        include_str!("../../README.md").contains(&reference),
        "crates/study/README.md lacks this table:\n{reference}"
    );
}

/// True if the schema knows every key of a value, and gives each choice its name.
fn knows(schema: &Value, value: &Value) -> bool {
    let choices = ["oneOf", "anyOf"].iter().filter_map(|key| schema[key].as_array()).flatten().collect::<Vec<_>>();
    if !choices.is_empty() {
        return choices.into_iter().any(|choice| knows(choice, value));
    }
    if schema.get("const").is_some() {
        return schema["const"] == *value;
    }
    if let Some(names) = schema["enum"].as_array() {
        return names.contains(value);
    }
    match value {
        Value::Object(entries) if schema["properties"].is_object() => {
            entries.iter().all(|(key, value)| knows(&schema["properties"][key], value))
        }
        _ if schema["properties"].is_object() => false,
        Value::Array(values) => values.iter().all(|value| knows(&schema["items"], value)),
        _ => !schema.is_null(),
    }
}

#[test]
fn the_schema_knows_what_a_config_says() {
    let schema = schema();
    for text in [EXAMPLE.to_owned(), example(&[]).resolved_toml()] {
        let config: Value = toml::from_str(&text).unwrap();
        assert!(knows(&schema, &config), "{text}");
        for (key, value) in [("model.padding", "vaild"), ("train.optimizr", "sgd"), ("data.source", "digit")] {
            let mut wrong = config.clone();
            let (section, key) = key.split_once('.').unwrap();
            wrong[section][key] = value.into();
            assert!(!knows(&schema, &wrong), "{section}.{key} = {value}");
        }
    }
}

/// What a key means stays where its value goes.
#[test]
fn a_commented_config_is_the_same_study() {
    let skipping =
        EXAMPLE.replace("[compare]", "[[skip]]\n\"model.bias\" = \"untied\"\n\"model.norm\" = [\"none\"]\n[compare]");
    for config in [EXAMPLE, crate::MINIMAL, &skipping] {
        let text = commented(&toml::from_str(config).unwrap());
        let [before, after] = [config, &text].map(|text| parse(text, &[]).unwrap_or_else(|error| panic!("{error}")));
        assert_eq!(before, after);
    }
}

#[test]
fn a_default_may_be_uncommented() {
    let text = commented(&toml::from_str(EXAMPLE).unwrap());
    let before = parse(&text, &[]).unwrap();
    let is_default = |line: &&str| {
        line.strip_prefix('#').and_then(|line| line.split_once(" = ")).is_some_and(|(key, _)| {
            // A key of a table that is not set would set it.
            !key.starts_with(' ') && (!key.contains('.') || key.starts_with("optimizer.sgd."))
        })
    };
    let lines: Vec<&str> = text.lines().filter(is_default).collect();
    assert!(lines.len() > 20, "{lines:?}");
    for line in lines {
        let after = parse(&text.replace(&format!("\n{line}\n"), &format!("\n{}\n", &line[1..])), &[]);
        // A default that others depend on may not stand beside them.
        assert_eq!(before, after.unwrap_or_else(|error| panic!("{error}")), "{line}");
    }
}
