//! Factors in plain words: `a tied bias`, `with batch norm`.

use serde_json::Value;
use untied_redundancy::Normalization;
use untied_study::Factors;

use crate::document::names::{clean, value_label};

/// A variant in words: `a tied bias`, `no bias with batch norm`, `train.batch_size = 64`.
pub(crate) fn noun(factors: &Factors) -> String {
    factors.iter().map(|(key, value)| factor_noun(key, value)).collect::<Vec<_>>().join(" with ")
}

/// The surroundings of a comparison: `with batch norm and train.epochs = 3`, `without normalization`.
pub(crate) fn surroundings(context: &Factors) -> String {
    let with = |(key, value): (&String, &Value)| {
        let noun = factor_noun(key, value);
        noun.strip_prefix("no ").map_or_else(|| format!("with {noun}"), |absent| format!("without {absent}"))
    };
    context.iter().map(with).collect::<Vec<_>>().join(" and ")
}

fn factor_noun(key: &str, value: &Value) -> String {
    let known = match key {
        "model.bias" => bias(value),
        "model.norm" => norm(value),
        _ => setting(key, value),
    };
    known.unwrap_or_else(|| format!("{} = {}", clean(key), value_label(value)))
}

/// The other settings that the shipped studies vary.
fn setting(key: &str, value: &Value) -> Option<String> {
    let text = value_label(value);
    let name = match (key, text.as_str()) {
        ("model.order", "norm_first") => "normalization before ReLU",
        ("model.order", "activation_first") => "ReLU before normalization",
        ("model.bias_after", "convolution") => "the bias after the convolution",
        ("model.bias_after", "norm") => "the bias after the normalization",
        ("model.bias_after", "activation") => "the bias after the ReLU",
        ("model.padding", "same") => "zero padding",
        ("model.padding", "valid") => "no padding",
        ("model.padding", "circular") => "circular padding",
        ("model.head_bias", "true") => "a bias of the head",
        ("model.head_bias", "false") => "no bias of the head",
        ("model.net", "resnet8") => "ResNet-8",
        ("model.net", "resnet8_preact") => "pre-activation ResNet-8",
        ("train.weight_decay_on", "all") => "weight decay on all parameters",
        ("train.weight_decay_on", "weights") => "weight decay on weights alone",
        ("train.project_redundant", "none") => "no projection",
        ("train.project_redundant", "gradient") => "projecting the gradients",
        ("train.project_redundant", "bias") => "projecting the biases",
        ("train.dtype", "f32") => "single precision",
        ("train.dtype", "f64") => "double precision",
        ("data.canvas", _) => return Some(format!("a canvas ({text})")),
        ("data.shift", _) => return Some(format!("a shift {text}")),
        ("model.channels", _) => return Some(format!("{text} channels")),
        ("model.running_momentum", _) => return Some(format!("a running momentum of {text}")),
        ("train.optimizer", _) => return Some(text),
        _ => return None,
    };
    Some(name.into())
}

fn bias(value: &Value) -> Option<String> {
    match value.as_str() {
        Some("none") => return Some("no bias".into()),
        Some("tied") => return Some("a tied bias".into()),
        Some("untied") => return Some("an untied bias".into()),
        _ => {}
    }
    let axes: Option<Vec<u64>> = value.get("untied_along")?.as_array()?.iter().map(Value::as_u64).collect();
    match axes?.as_slice() {
        [0] => Some("a bias untied along the height".into()),
        [1] => Some("a bias untied along the width".into()),
        [0, 1] | [1, 0] => Some("a bias untied along height and width".into()),
        _ => None,
    }
}

fn norm(value: &Value) -> Option<String> {
    if let Some(groups) = value.get("group").and_then(Value::as_u64) {
        return Some(format!("group norm of {groups} groups"));
    }
    let name = match value.as_str()? {
        "none" => "no normalization",
        "batch" => "batch norm",
        "batch_per_activation" => "batch norm per activation",
        "layer" => "layer norm",
        _ => serde_json::from_value::<Normalization>(value.clone()).ok()?.spec()?.title,
    };
    Some(name.into())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn known_factors_read_as_words() {
        let factors = Factors::from([("model.bias".into(), json!("none")), ("model.norm".into(), json!("batch"))]);
        assert_eq!(noun(&factors), "no bias with batch norm");
        assert_eq!(surroundings(&factors), "without bias and with batch norm");
        let factors = Factors::from([("model.bias".into(), json!({"untied_along": [0]}))]);
        assert_eq!(noun(&factors), "a bias untied along the height");
        let factors = Factors::from([("model.norm".into(), json!("rms"))]);
        assert_eq!(surroundings(&factors), "with RMS norm");
        let factors = Factors::from([("train.batch_size".into(), json!(64))]);
        assert_eq!(surroundings(&factors), "with train.batch_size = 64");
        let canvas = json!({"size": 16, "jitter": 2, "label": "quadrant"});
        let shift = json!({"pattern": "white", "strength": 2.0});
        let factors = Factors::from([("data.canvas".into(), canvas), ("data.shift".into(), shift)]);
        let expected = "with a canvas (quadrant on 16×16, ±2 of the middle) and with a shift white ×2";
        assert_eq!(surroundings(&factors), expected);
        let factors = Factors::from([("model.head_bias".into(), json!(false))]);
        assert_eq!(surroundings(&factors), "without bias of the head");
        let adam = json!({"adam": {"epsilon": 1e-8, "learning_rate": 0.003}});
        let factors = Factors::from([("model.padding".into(), json!("valid")), ("train.optimizer".into(), adam)]);
        assert_eq!(surroundings(&factors), "without padding and with adam (epsilon 1e-8, learning_rate 0.003)");
    }
}
