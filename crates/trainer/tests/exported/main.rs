//! Exported models: of every net, bias and norm, what lint says of the ONNX file is what the plan of operations says.

mod table;

use std::collections::BTreeMap;

use table::{config, models, trained};
use untied_lint::{Finding, InputShapes, Model, lint};
use untied_study::CellConfig;
use untied_trainer::{BiasSummary, explain};

/// Parameters and redundant dimensions of each bias, by the name of its tensor.
type Table = BTreeMap<String, (usize, usize)>;

fn of_the_plan(config: &CellConfig) -> Table {
    let row = |bias: BiasSummary| {
        let name = bias.name.strip_prefix("β of ").map(|norm| format!("{norm}.beta"));
        (name.unwrap_or(bias.name), (bias.parameters, bias.redundant))
    };
    explain(config).unwrap().biases.into_iter().map(row).collect()
}

fn of_the_file(bytes: &[u8], name: &str) -> Table {
    let model = Model::decode(bytes, "model.onnx".as_ref()).unwrap();
    let findings = lint(&model, &InputShapes::new()).unwrap();
    assert_eq!(findings.not_understood, [], "{name}");
    let row = |of: Finding| (of.name.clone(), (of.parameters(), of.training.redundant));
    findings.biases.into_iter().map(row).collect()
}

/// A loss is not in the file: what its softmax would remove counts as at work.
fn without_head(table: Table) -> Table {
    table.into_iter().filter(|(name, _)| name != "head.bias").collect()
}

#[test]
fn lint_finds_in_the_file_what_the_plan_says() {
    let mut redundant = 0;
    // The terms of a factorised bias are tensors of their own, each of which lint looks at alone.
    for model in models().into_iter().filter(|model| !model.contains("factorised")) {
        let config = config(&model);
        let file = trained(&config).to_onnx().unwrap();
        let [expected, found] = [of_the_plan(&config), of_the_file(&file, &model)].map(without_head);
        assert_eq!(found, expected, "{model}");
        redundant += found.values().map(|(_, redundant)| redundant).sum::<usize>();
    }
    assert!(redundant > 1000, "{redundant}");
}
