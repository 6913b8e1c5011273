//! Shapes that are given for inputs whose sizes a model leaves open.

use crate::import::InputShapes;
use crate::lint::lint;
use crate::onnx::testing::model_of;
use crate::onnx::{NodeProto, written};

/// What is said of a matrix product of an input of open sizes and a 3×2 matrix, with a bias, when the input has this shape.
fn found(shape: &[usize]) -> Result<usize, String> {
    let node = |operator: &str, inputs: [&str; 2], output: &str| NodeProto {
        input: inputs.map(str::to_owned).to_vec(),
        output: vec![output.to_owned()],
        name: Some(format!("the {output}")),
        op_type: Some(operator.to_owned()),
        ..NodeProto::default()
    };
    let nodes = vec![node("MatMul", ["x", "w"], "product"), node("Add", ["product", "b"], "y")];
    let tensors = [("w", vec![3, 2]), ("b", vec![2])];
    let tensors = tensors.map(|(name, shape)| {
        let values = vec![0.5; shape.iter().product()];
        written(name, 11, &shape, &values).expect("f64 is written")
    });
    let model = model_of(nodes, tensors.to_vec(), &[0, 0], "y");
    let shapes = InputShapes::from([("x".to_owned(), shape.to_vec())]);
    let findings = lint(&model, &shapes).map_err(|error| error.to_string())?;
    assert_eq!(findings.not_understood, []);
    Ok(findings.parameters())
}

#[test]
fn shapes_that_fit_are_taken() {
    assert_eq!(found(&[4, 3]), Ok(2));
}

/// Nothing of such a model could be known: an error, not findings that are all unknown.
#[test]
fn sizes_that_the_operators_do_not_fit_are_refused() {
    let said = "the product: expected shapes that fit, from the sizes that --shape gives, found its inputs [4, 5] and \
                [3, 2] do not fit";
    assert_eq!(found(&[4, 5]), Err(said.to_owned()));
    assert_eq!(found(&[4]), Err("--shape of x: expected the model's [any, any], found [4]".to_owned()));
}
