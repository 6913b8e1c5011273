//! Damaged files: each ends in findings or in one line.

use untied_lint::{InputShapes, Model, lint, strip};

use crate::mutate::{Random, count, mutated, peak_memory};
use crate::{fixture, names};

#[test]
fn damaged_models_end_in_one_line() {
    let names: Vec<String> =
        names().into_iter().filter(|name| !["vit_new", "resnet_v1"].contains(&name.as_str())).collect();
    let originals: Vec<Vec<u8>> = names.iter().map(|name| std::fs::read(fixture(name)).unwrap()).collect();
    let (mut random, mut read, mut refused) = (Random::new(1), 0, 0);
    let count = count(600);
    for case in 0..count {
        let bytes = mutated(&originals[case % originals.len()], &mut random);
        let name = &names[case % names.len()];
        let said = match Model::decode(&bytes, "damaged.onnx".as_ref()) {
            Err(error) => error.to_string(),
            Ok(model) => match lint(&model, &InputShapes::new()) {
                Err(error) => error.to_string(),
                Ok(findings) => {
                    read += 1;
                    assert!(findings.redundant()[0] <= findings.parameters(), "{name}");
                    if case % 50 == 0 {
                        let _ = strip(&model, &InputShapes::new());
                    }
                    continue;
                }
            },
        };
        refused += 1;
        assert!(!said.contains('\n') && said.len() < 600, "{name}, case {case}: {said}");
    }
    // Of the whole process, the tests beside this one included.
    if let Some(peak) = peak_memory() {
        assert!(peak < 1 << 30, "{peak} bytes at the most");
    }
    assert!(read * 20 > count && refused * 20 > count, "{read} read, {refused} refused");
}
