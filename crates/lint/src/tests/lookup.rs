//! Tables of vectors that a model looks its input up in, as language models do with tokens.

use untied_redundancy::Mode;

use crate::import::{InputShapes, import};
use crate::lint::lint;
use crate::onnx::testing::{attribute, model_of};
use crate::onnx::{AttributeProto, Model, NodeProto, written};
use crate::rewrite::strip;
use crate::run::run;

/// The rows of a 5×4 table with the input's indices, a bias of each position, and a layer norm.
fn model(axis: i64) -> Model {
    let node = |operator: &str, inputs: &[&str], output: &str, attribute: Vec<AttributeProto>| NodeProto {
        input: inputs.iter().map(|&input| input.to_owned()).collect(),
        output: vec![output.to_owned()],
        name: Some(format!("the {output}")),
        op_type: Some(operator.to_owned()),
        attribute,
        ..NodeProto::default()
    };
    let nodes = vec![
        node("Gather", &["table", "x"], "rows", vec![attribute("axis", axis)]),
        node("Add", &["rows", "bias"], "shifted", vec![]),
        node("LayerNormalization", &["shifted", "gamma"], "y", vec![]),
    ];
    let tensor = |name: &str, shape: &[usize], values: &[f64]| written(name, 11, shape, values).expect("f64");
    let table: Vec<f64> = (0..20).map(|index| f64::from(index * index % 7)).collect();
    let width = if axis == 0 { 4 } else { 3 };
    let tensors = vec![
        tensor("table", &[5, 4], &table),
        tensor("bias", &[width], &[0.5, 2.0, -1.0, 0.25][..width]),
        tensor("gamma", &[width], &[1.0; 4][..width]),
    ];
    model_of(nodes, tensors, &if axis == 0 { vec![2, 3] } else { vec![3] }, "y")
}

#[test]
fn what_is_behind_a_lookup_is_understood() {
    let findings = lint(&model(0), &InputShapes::new()).unwrap();
    assert_eq!(findings.not_understood, []);
    let bias = findings.biases.iter().find(|of| of.name == "bias").unwrap();
    assert_eq!([&bias.training, &bias.evaluation].map(|share| [share.redundant, share.unknown]), [[1, 0]; 2]);
    let stripped = strip(&model(0), &InputShapes::new()).unwrap();
    assert!(stripped.agreement.difference < 1e-12, "{:?}", stripped.agreement);
}

/// Rows along the first axis, and columns along the second: y[b, j, a] = table[b, indices[j], a].
#[test]
fn rows_are_those_with_the_inputs_indices() {
    let rows = |axis: i64, indices: Vec<f64>| {
        let mut graph = import(&model(axis), &InputShapes::new()).unwrap();
        graph.outputs = vec![graph.nodes[0].output];
        run(&graph, Mode::Evaluation, &[indices]).remove(0)
    };
    let table = |row: usize, column: usize| ((row * 4 + column) * (row * 4 + column) % 7) as f64;
    let indices = [4_usize, 0, 2, 2, 1, 3];
    let expected: Vec<f64> = indices.iter().flat_map(|&row| (0..4).map(move |column| table(row, column))).collect();
    assert_eq!(rows(0, indices.map(|index| index as f64).to_vec()), expected);
    let columns = [3_usize, 1, 1];
    let expected: Vec<f64> = (0..5).flat_map(|row| columns.map(move |column| table(row, column))).collect();
    assert_eq!(rows(1, vec![-1.0, 1.0, 1.0]), expected);
}
