//! The resolved config is the same study.

use std::path::Path;

use proptest::prelude::*;
use untied_study::{EXAMPLE, Study};

use crate::{MINIMAL, example, parse, with};

fn assert_same(study: &Study) {
    let text = study.resolved_toml();
    let again = Study::parse(&text, Path::new("/elsewhere/config.toml"), &[]).unwrap_or_else(|e| panic!("{e}\n{text}"));
    assert_eq!(again, *study, "{text}");
    assert_eq!(again.resolved_toml(), text);
}

#[test]
fn text() {
    let text = example(&[]).resolved_toml();
    insta::assert_snapshot!(text);
}

#[test]
fn loaded_again_it_is_the_same_study() {
    for set in [
        vec![],
        vec!["vary.seeds={first=5,step=5,most=30}"],
        vec!["vary.seeds=[5, 0]", "data.source={idx=\"d d\"}"],
        vec!["vary.\"data.source\"=[{idx=\"a\"}, \"digits\"]", "question=\"two\\nlines \\\"quoted\\\" \\u0007 é '''\""],
        vec![
            "vary.\"train.optimizer\"=[{adam={learning_rate=1e-3}}, {adamw={learning_rate=1}}, {lion={learning_rate=1e-4}}]",
        ],
        vec!["vary.\"train.optimizer.sgd.momentum\"=[0, 0.9]", "vary.\"train.optimizer.sgd.nesterov\"=[false]"],
        vec!["vary.\"train.schedule\"=[\"constant\", {cosine={}}, {exponential={gamma=0.3333333333333333}}]"],
        vec!["vary.\"model.channels\"=[[1], [2, 3]]", "vary.\" data . source \"=[\"digits\"]", "train.dtype=f64"],
        vec!["vary.\"train.optimizer.sgd.learning_rate\"=[1e-300, 0.1, 1, 100000000000000000000.0]"],
        vec![
            "vary.\"model.norm\"=[\"batch_per_activation\", \"layer\", \"instance\", {group=4}, \"rms\", \"filter_response\"]",
        ],
        vec!["data.canvas={size=16,label=\"quadrant\"}", "vary.\"model.head\"=[\"flatten\", \"mean\"]"],
        vec!["measure={jacobian=true,translate=[1,2]}", "model.order=activation_first", "model.beta=false"],
        vec![
            "skip=[{\"model.bias\"=\"untied\",\"model.norm\"=[\"none\"]}, {\"model.bias\"=[\"tied\"],\"model.norm\"=\"none\"}]",
            "train.schedule={steps={milestones=[1,2]}}",
            "train.warmup_epochs=0.5",
        ],
        vec![
            "vary.\"train.schedule\"=[{one_cycle={}}, {steps={milestones=[1],gamma=0.5}}]",
            "train.weight_decay_on=weights",
        ],
        vec![
            "train.clip_gradients={norm=1}",
            "train.early_stopping={patience=3}",
            "data.validation=0.1",
            "train.best_epoch=validation_loss",
        ],
        vec!["data.labels_from=1", "compare.over=\"seeds_and_images\""],
        vec!["model.padding=valid", "vary.\"train.device\"=[\"ndarray\", \"flex\"]"],
    ] {
        assert_same(&parse(EXAMPLE, &set).unwrap_or_else(|error| panic!("{error}")));
    }
    assert_same(&parse(MINIMAL, &[]).unwrap());
    for (model, vary) in [
        (
            "net = \"resnet8\"\nshortcut = \"convolution\"\nactivation = \"gelu\"",
            "\"model.padding\" = [\"circular\", \"half\"]",
        ),
        (
            "layers = [{ layer = \"convolution\", channels = 4, kernel = [5, 3] }, { layer = \"residual\", layers = [{ layer = \"norm\" }] }]",
            "\"model.layers.0.bias\" = [\"none\", \"untied\"]\n\"model.layers.1.layers.0.norm\" = [\"batch\", { group = 2 }]",
        ),
        (
            "layers = [{ layer = \"flatten\" }, { layer = \"dropout\", rate = 0.5 }]",
            "\"model.layers.1\" = [{ layer = \"dropout\", rate = 0.1 }, { layer = \"activation\" }]",
        ),
    ] {
        let text = with("channels = [4]", model).replace("seeds", &format!("{vary}\nseeds"));
        assert_same(&parse(&text, &[]).unwrap_or_else(|error| panic!("{error}")));
    }
    assert_same(
        &parse(&with("channels = [4]", "").replace("seeds", "\"model.channels\" = [[4]]\nseeds"), &[]).unwrap(),
    );
}

/// Any text without control characters; one that starts with `~` is a shell's.
const PATH: &str = "[^\u{0}-\u{1f}\u{7f}-\u{9f}~][^\u{0}-\u{1f}\u{7f}-\u{9f}]*";

proptest! {
    #[test]
    fn numbers_and_texts_survive(rate in 1e-300f64..1e300, question in ".*", seed in 0..i64::MAX, folder in PATH) {
        let quoted = |text: &str| toml_string(text);
        let set = [
            format!("train.optimizer.sgd.learning_rate={rate:e}"),
            format!("question={}", quoted(&question)),
            format!("vary.seeds=[{seed}]"),
            format!("data.source={{idx={}}}", quoted(&folder)),
        ];
        let study = Study::parse(EXAMPLE, Path::new("c.toml"), &set).unwrap_or_else(|error| panic!("{error}"));
        prop_assert_eq!(&study.question, &question);
        prop_assert_eq!(study.cells[0].config.train.optimizer.learning_rate().to_bits(), rate.to_bits());
        assert_same(&study);
    }
}

/// A TOML string of any text.
fn toml_string(text: &str) -> String {
    let escaped: Vec<String> = text.chars().map(|c| format!("\\U{:08x}", u32::from(c))).collect();
    format!("\"{}\"", escaped.concat())
}
