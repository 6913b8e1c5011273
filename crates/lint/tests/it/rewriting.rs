//! Stripped and folded fixtures: what is left of them, and that they do the same.

use untied_lint::{Finding, Folding, InputShapes, Model, fold, lint, strip};

use crate::{model, names};

#[test]
fn what_is_stripped_is_gone() {
    let mut stripped = 0;
    for name in names() {
        let model = model(&name);
        let before = lint(&model, &InputShapes::new()).unwrap();
        let after = match strip(&model, &InputShapes::new()) {
            Ok(after) => after,
            Err(error) => panic!("{name}: {error}"),
        };
        stripped += 1;
        assert!(after.agreement.difference <= 32.0 * after.agreement.rounding, "{name}: {:?}", after.agreement);
        let read = Model::decode(&after.model.encode(), name.as_ref()).unwrap();
        let left = lint(&read, &InputShapes::new()).unwrap();
        for finding in before.biases {
            let part = after.parts.iter().find(|part| part.name == finding.name).unwrap();
            assert_eq!(part.redundant, finding.training.redundant, "{name}: {}", part.name);
            assert_eq!(part.kept_for, None, "{name}: {}", part.name);
            let optional = ["Conv", "ConvTranspose", "Gemm"].contains(&finding.operator.as_str());
            let whole = finding.training.redundant == finding.parameters();
            let gone = !left.biases.iter().any(|other| other.name == finding.name);
            assert_eq!(gone, part.deleted, "{name}: {}", part.name);
            assert_eq!(part.deleted, whole && optional, "{name}: {}", part.name);
        }
        // What is left has no redundant part to speak of.
        if let Ok(again) = strip(&read, &InputShapes::new()) {
            for part in again.parts {
                let first = after.parts.iter().find(|first| first.name == part.name).unwrap();
                assert!(part.removed_norm <= 1e-6 * (1.0 + first.removed_norm), "{name}: {part:?}");
            }
        }
    }
    assert!(stripped > 10, "{stripped}");
}

#[test]
fn batch_norms_are_folded_across_untied_biases() {
    for name in ["resnet_v1", "mobilenet_v2", "untied"] {
        let after = fold(&model(name), &InputShapes::new()).unwrap_or_else(|error| panic!("{name}: {error}"));
        assert!(after.parts.iter().all(|part| part.into.is_some()), "{name}: {:?}", after.parts);
        let across = after.parts.iter().map(|part| part.across.len()).max();
        assert_eq!(across, Some(usize::from(name == "untied")), "{name}: {:?}", after.parts);
        let norms = |model: &Model| String::from_utf8_lossy(&model.encode()).matches("BatchNormalization").count();
        // Names of what is left may still tell of them.
        assert!(norms(&after.model) < norms(&model(name)), "{name}");
        assert!(fold(&after.model, &InputShapes::new()).is_err(), "{name}");
    }
    for name in ["plain", "plain_new"] {
        let parts = fold(&model(name), &InputShapes::new()).unwrap().parts;
        let kept: Vec<bool> = parts.iter().map(|part| part.kept_for.is_some()).collect();
        // The second is behind max pooling, which a negative factor would turn into a minimum.
        assert_eq!(kept, [false, true], "{name}: {parts:?}");
    }
}

#[test]
fn what_cannot_be_rewritten_says_so() {
    let error = fold(&model("unet"), &InputShapes::new()).expect_err("no batch norm").to_string();
    assert_eq!(error, "cannot fold the model: no batch norm can be folded: it has none");
    // The norms behind additions stay; those behind convolutions go.
    let parts = fold(&model("resnet_pre"), &InputShapes::new()).unwrap().parts;
    assert_eq!(parts.iter().filter(|part| part.into.is_some()).count(), 2, "{parts:?}");
}

#[test]
fn what_is_written_is_what_was_proved() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("stripped.onnx");
    let stripped = strip(&model("plain"), &InputShapes::new()).unwrap();
    std::fs::write(&path, stripped.to_bytes()).unwrap();
    assert_eq!(std::fs::read(&path).unwrap(), stripped.model.encode());
    assert_eq!(Model::read(&path).unwrap().encode(), stripped.model.encode());
}

/// What findings say that `fold` does with a bias is what it does: of each fixture, biases that are left, and their values.
#[test]
fn findings_say_what_is_folded() {
    let (mut taken, mut scaled) = (0, 0);
    for name in names() {
        let model = model(&name);
        let findings = lint(&model, &InputShapes::new()).unwrap();
        let of = |folding| findings.biases.iter().filter(move |finding| finding.folding == folding);
        let Ok(after) = fold(&model, &InputShapes::new()) else {
            assert!(findings.biases.iter().all(|finding| finding.folding == Folding::Kept), "{name}");
            continue;
        };
        let left = lint(&Model::decode(&after.model.encode(), name.as_ref()).unwrap(), &InputShapes::new()).unwrap();
        let is_there = |finding: &Finding| left.biases.iter().any(|other| other.name == finding.name);
        let betas = of(Folding::Taken).filter(|finding| finding.operator == "BatchNormalization");
        assert_eq!(betas.clone().count(), after.parts.iter().filter(|part| part.into.is_some()).count(), "{name}");
        assert!(!betas.clone().any(is_there), "{name}");
        assert!(of(Folding::Kept).all(is_there), "{name}");
        (taken, scaled) = (taken + of(Folding::Taken).count(), scaled + of(Folding::Scaled).count());
    }
    assert!(taken > 10 && scaled > 0, "{taken} {scaled}");
    let findings = lint(&model("plain"), &InputShapes::new()).unwrap();
    let folding: Vec<String> = findings.biases.iter().map(|finding| finding.folding.to_string()).collect();
    // The second norm is behind max pooling.
    assert_eq!(folding, ["taken", "taken", "kept", "kept", "kept"]);
}
