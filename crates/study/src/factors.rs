//! Settings and their values by the names that configs and results give them.

use std::collections::BTreeMap;

use serde::Serialize;
use serde_json::Value;

/// The varied keys of a cell, seeds aside, with their values: `{"model.bias": "tied"}`.
pub type Factors = BTreeMap<String, Value>;

/// A table of `[[skip]]`: factors, each with one or more of its values.
pub type Skip = BTreeMap<String, Vec<Value>>;

/// A factor's value as people read it: `tied`, `untied_along[0]`, `64`.
#[must_use]
pub fn factor_label(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Object(map) => {
            map.iter().map(|(key, inner)| format!("{key}{}", inner_label(inner))).collect::<Vec<_>>().join(",")
        }
        other => other.to_string(),
    }
}

fn inner_label(value: &Value) -> String {
    match value {
        Value::Array(_) => value.to_string(),
        other => format!("={}", factor_label(other)),
    }
}

/// The label of a setting: serde knows its name.
pub(crate) fn label(setting: &impl Serialize) -> String {
    serde_json::to_value(setting).as_ref().map(factor_label).unwrap_or_default()
}

/// The name of an enum's variant without its settings: `sgd`.
pub(crate) fn choice(setting: &impl Serialize) -> String {
    match serde_json::to_value(setting) {
        Ok(Value::Object(map)) => map.into_iter().next().map(|(name, _)| name).unwrap_or_default(),
        _ => label(setting),
    }
}

/// Writes values of these types as configs and results spell them.
macro_rules! display_as_serialized {
    ($($setting:ty),+) => { $(
        impl std::fmt::Display for $setting {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.pad(&$crate::factors::label(self))
            }
        }
    )+ };
}

pub(crate) use display_as_serialized;

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::{DataSource, Optimizer, Status};

    #[test]
    fn labels_are_readable() {
        for (value, label) in [
            (json!("tied"), "tied"),
            (json!(64), "64"),
            (json!(0.05), "0.05"),
            (json!({"untied_along": [0]}), "untied_along[0]"),
            (json!({"sgd": {"learning_rate": 0.1, "momentum": 0.9}}), "sgd=learning_rate=0.1,momentum=0.9"),
        ] {
            assert_eq!(factor_label(&value), label);
        }
    }

    #[test]
    fn settings_are_shown_as_configs_spell_them() {
        assert_eq!(DataSource::FashionMnist6k.to_string(), "fashion-mnist-6k");
        assert_eq!(DataSource::Idx("/d".into()).to_string(), "idx=/d");
        assert_eq!(format!("{:>9}|", Status::Missing), "  missing|");
        let adam = serde_json::from_value::<Optimizer>(json!({"adamw": {"learning_rate": 0.1}})).unwrap();
        assert_eq!((choice(&adam).as_str(), choice(&DataSource::Digits).as_str()), ("adamw", "digits"));
    }
}
