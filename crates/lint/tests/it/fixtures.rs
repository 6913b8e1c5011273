//! Findings against the table derived by hand, and the table against PyTorch's own gradients.

use std::collections::BTreeMap;

use untied_lint::{InputShapes, lint};

use crate::{model, names};

const EXPECTED: &str = include_str!("../fixtures/expected.md");
const GRADIENTS: &str = include_str!("../fixtures/gradients.json");

/// Of each fixture its biases, each with parameters and the redundant ones in training and in inference.
type Table = BTreeMap<String, BTreeMap<String, [usize; 3]>>;

fn expected() -> Table {
    let mut table = Table::new();
    let mut fixtures: Vec<String> = vec![];
    for line in EXPECTED.lines() {
        if let Some(heading) = line.strip_prefix("## ") {
            fixtures = heading.split(", ").map(str::to_owned).collect();
        }
        let cells: Vec<&str> = line.split('|').map(str::trim).collect();
        let [_, name, numbers @ .., _, _] = cells.as_slice() else { continue };
        let numbers: Vec<usize> = numbers.iter().filter_map(|number| number.parse().ok()).collect();
        let Ok(numbers) = numbers.try_into() else { continue };
        for fixture in &fixtures {
            table.entry(fixture.clone()).or_default().insert((*name).to_owned(), numbers);
        }
    }
    table
}

#[test]
fn findings_are_those_derived_by_hand() {
    let expected = expected();
    assert_eq!(expected.keys().cloned().collect::<Vec<_>>(), names());
    for (name, expected) in expected {
        let findings = lint(&model(&name), &InputShapes::new()).unwrap_or_else(|error| panic!("{name}: {error}"));
        assert_eq!(findings.not_understood, [], "{name}");
        let row = |of: &untied_lint::Finding| {
            (of.name.clone(), [of.parameters(), of.training.redundant, of.evaluation.redundant])
        };
        let found: BTreeMap<String, [usize; 3]> = findings.biases.iter().map(row).collect();
        assert_eq!(found, expected, "{name}");
    }
}

#[test]
fn pytorch_agrees_with_the_table() {
    let gradients: serde_json::Value = serde_json::from_str(GRADIENTS).unwrap();
    let expected = expected();
    for (fixture, biases) in &expected {
        let rows = gradients[fixture].as_object().unwrap_or_else(|| panic!("{fixture} has no gradients"));
        assert_eq!(rows.keys().collect::<Vec<_>>(), biases.keys().collect::<Vec<_>>(), "{fixture}");
        for (name, [parameters, training, _]) in biases {
            let row = &rows[name];
            assert_eq!(row["parameters"], *parameters, "{fixture}: {name}");
            assert_eq!(row["redundant"], *training, "{fixture}: {name}");
            // Redundant: at most 32 times round-off; at work: far above.
            assert!(row["largest_zero"].as_f64().is_none_or(|largest| largest <= 32.0), "{fixture}: {name}");
            assert!(row["smallest_at_work"].as_f64().is_none_or(|smallest| smallest > 1e4), "{fixture}: {name}");
        }
    }
}

#[test]
fn paths_say_why() {
    let path = |fixture: &str, bias: &str| {
        let findings = lint(&model(fixture), &InputShapes::new()).unwrap();
        let finding = findings.biases.into_iter().find(|finding| finding.name == bias).expect(bias);
        (finding.training.path.to_string(), finding.moves_into)
    };
    let (said, moves) = path("plain", "body.conv2.bias");
    assert_eq!(said, "removed by /body/bn2/BatchNormalization, through /body/MaxPool");
    assert_eq!(moves, ["/body/bn2/BatchNormalization"]);
    let (said, moves) = path("cycle_gan", "up.0.bias");
    assert_eq!((said.as_str(), moves.len()), ("removed by /up/up.1/InstanceNormalization", 0));
    let (said, _) = path("unet", "up.bias");
    assert_eq!(said, "at work in /norm3/InstanceNormalization");
}
