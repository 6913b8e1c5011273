//! Operators that are not understood: what they decide over is unknown, never redundant.

use crate::findings::Findings;
use crate::import::InputShapes;
use crate::lint::lint;
use crate::onnx::testing::{attribute, model_of};
use crate::onnx::{AttributeProto, NodeProto, TensorProto, written};

/// A bias, an operator, another bias, and a layer norm along the last axis that would remove a part of both.
fn found(operator: &str, inputs: &[&str], attributes: Vec<AttributeProto>) -> Findings {
    let node = |operator: &str, inputs: &[&str], output: &str, attribute: Vec<AttributeProto>| NodeProto {
        input: inputs.iter().map(|&input| input.to_owned()).collect(),
        output: vec![output.to_owned()],
        name: Some(format!("the {output}")),
        op_type: Some(operator.to_owned()),
        attribute,
        ..NodeProto::default()
    };
    let nodes = vec![
        node("Add", &["x", "before"], "sum", vec![]),
        node(operator, inputs, "middle", attributes),
        node("Add", &["middle", "behind"], "shifted", vec![]),
        node("LayerNormalization", &["shifted", "gamma"], "y", vec![]),
    ];
    let tensor = |name: &str, values: &[f64]| written(name, 11, &[values.len()], values).expect("f64 is written");
    let scales: Vec<u8> = [1.0_f32, 1.0, 2.0, 1.0].iter().flat_map(|scale| scale.to_le_bytes()).collect();
    let scales = TensorProto { data_type: Some(1), dims: vec![4], raw_data: Some(scales), ..TensorProto::default() };
    let scales = TensorProto { name: Some("scales".into()), ..scales };
    let biases = ["before", "behind", "gamma"].map(|name| tensor(name, &[0.5, 2.0, -1.0, 0.25]));
    let model = model_of(nodes, [biases.to_vec(), vec![scales]].concat(), &[2, 3, 4, 4], "y");
    lint(&model, &InputShapes::new()).expect("findings")
}

/// Redundant and unknown dimensions in training and in inference.
fn shares(found: &Findings, name: &str) -> Option<[[usize; 2]; 2]> {
    let of = found.biases.iter().find(|of| of.name == name)?;
    Some([&of.training, &of.evaluation].map(|share| [share.redundant, share.unknown]))
}

#[test]
fn what_is_understood_lets_the_norm_remove_its_part() {
    let found = found("Identity", &["sum"], vec![]);
    assert_eq!(found.not_understood, []);
    assert_eq!(shares(&found, "before"), Some([[1, 0]; 2]));
    assert_eq!(shares(&found, "behind"), Some([[1, 0]; 2]));
}

#[test]
fn what_is_not_understood_leaves_biases_unknown() {
    let linear = vec![attribute("mode", "linear")];
    let equation = vec![attribute("equation", "bchw->bchw")];
    let cases = [
        ("Resize", vec!["sum", "", "scales"], linear, "its mode is linear"),
        ("Einsum", vec!["sum"], equation, "Einsum is not an operator that is understood"),
        ("Attention", vec!["sum", "sum", "sum"], vec![], "Attention is not an operator that is understood"),
    ];
    for (operator, inputs, attributes, reason) in cases {
        let found = found(operator, &inputs, attributes);
        let said = &found.not_understood[0];
        assert_eq!(
            (said.node.as_str(), said.operator.as_str(), said.reason.as_str()),
            ("the middle", operator, reason)
        );
        let causes = found.not_understood.iter().filter(|of| !of.is_behind_another());
        assert_eq!(causes.count(), 1, "{operator}: {:?}", found.not_understood);
        let before = found.biases.iter().find(|of| of.name == "before").expect("a bias");
        assert_eq!(shares(&found, "before"), Some([[0, 4]; 2]), "{operator}");
        assert_eq!(before.training.unknown_at[0], "the middle", "{operator}");
        // Behind it, no shape is known: whether this is a bias at all is not.
        let behind = shares(&found, "behind");
        assert!(
            behind.is_none_or(|shares| shares.iter().all(|[redundant, _]| *redundant == 0)),
            "{operator}: {behind:?}"
        );
    }
}
