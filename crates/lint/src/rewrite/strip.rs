use std::collections::BTreeMap;

use super::edit::{drop_input, remove_unread, replace_input};
use super::proof::prove;
use super::rewritten::Rewritten;
use crate::error::{LintError, refused};
use crate::findings::{Bias, biases};
use crate::flow::{Deltas, Guess, Removed, removed};
use crate::graph::{Graph, Operation, ValueId};
use crate::import::{InputShapes, import};
use crate::onnx::{Model, rewritten};
use untied_redundancy::Mode;

/// What stripping does to one bias.
#[derive(Debug, Clone, PartialEq)]
pub struct Stripped {
    /// The name of its tensor.
    pub name: String,
    /// The number of its parameters.
    pub parameters: usize,
    /// The redundant ones, which are taken out.
    pub redundant: usize,
    /// The norm of what is taken out.
    pub removed_norm: f64,
    /// Whether the tensor itself is gone from the file.
    pub deleted: bool,
    /// Why it stays as it is.
    pub kept_for: Option<String>,
}

/// Removes what training does not notice of a model's biases; running means take it over, so that the model computes the
/// same in evaluation.
///
/// # Errors
/// If the model cannot be read or run, nothing is redundant, or both models disagree by more than rounding explains.
pub fn strip(model: &Model, shapes: &InputShapes) -> Result<Rewritten<Stripped>, LintError> {
    model.check_lossless()?;
    let graph = import(model, shapes)?;
    let all = removed(&graph, Mode::Training, Guess::AtWork);
    let mut parts = vec![];
    let mut changes = BTreeMap::new();
    let found = biases(&graph);
    for bias in &found {
        let (part, change) = part(&graph, bias, &all[bias.value]);
        if let Some(change) = change.filter(|_| part.kept_for.is_none()) {
            changes.insert(bias.value, change);
        }
        parts.push(part);
    }
    if changes.is_empty() {
        return Err(refused("strip", "no bias has a redundant part that can be taken out"));
    }
    let deltas = Deltas::follow(&graph, &changes).map_err(|at| refused("strip", format!("a shift is left at {at}")))?;
    let mut stripped = model.clone();
    move_means(&mut stripped, &graph, &deltas).map_err(|reason| refused("strip", reason))?;
    rewrite(&mut stripped, &graph, &found, &changes).map_err(|reason| refused("strip", reason))?;
    remove_unread(&mut stripped, model);
    let kept =
        |part: &Stripped| stripped.graph().initializer.iter().any(|tensor| tensor.name.as_deref() == Some(&part.name));
    for part in &mut parts {
        part.deleted = !kept(part);
    }
    let agreement = prove(model, &stripped, shapes, "strip")?;
    Ok(Rewritten { model: stripped, parts, agreement })
}

/// What becomes of a bias, and how its values change.
fn part(graph: &Graph, bias: &Bias, removed: &Removed) -> (Stripped, Option<Vec<f64>>) {
    let value = &graph.values[bias.value];
    let parameters = graph.size(bias.value);
    let redundant = removed.dimensions(parameters);
    let mut part =
        Stripped { name: value.name.clone(), parameters, redundant, removed_norm: 0.0, deleted: false, kept_for: None };
    let Some(constant) = value.constant.as_ref().filter(|_| redundant > 0) else { return (part, None) };
    let projection = removed.project(&constant.values);
    part.removed_norm = untied_redundancy::norm(&projection);
    let change: Vec<f64> = projection.iter().map(|value| -value).collect();
    let alone = Deltas::follow(graph, &BTreeMap::from([(bias.value, change.clone())]));
    part.kept_for = alone.err().map(|at| format!("nothing can take it over at {at}"));
    (part, Some(change))
}

/// Moves running means by what no longer arrives there.
fn move_means(stripped: &mut Model, graph: &Graph, deltas: &Deltas) -> Result<(), String> {
    for (&index, change) in &deltas.running {
        let node = &graph.nodes[index];
        let constant = graph.values[node.inputs[1]].constant.as_ref();
        let means = constant.ok_or_else(|| format!("the running mean of {} is not in the file", node.name))?;
        let moved: Vec<f64> = means.values.iter().zip(change).map(|(mean, change)| mean + change).collect();
        replace_input(stripped.graph_mut(), node.origin, 3, &means.shape, &moved)?;
    }
    Ok(())
}

/// Writes what is left of biases, and drops those of which nothing is.
fn rewrite(
    stripped: &mut Model,
    graph: &Graph,
    found: &[Bias],
    changes: &BTreeMap<ValueId, Vec<f64>>,
) -> Result<(), String> {
    let opset = stripped.opset();
    for bias in found.iter().filter(|bias| changes.contains_key(&bias.value)) {
        let value = &graph.values[bias.value];
        let (Some(index), Some(constant)) = (value.initializer, &value.constant) else { continue };
        let left: Vec<f64> =
            constant.values.iter().zip(&changes[&bias.value]).map(|(old, change)| old + change).collect();
        let proto = stripped.graph_mut();
        let untyped = || format!("{} is of a type that is not written", value.name);
        proto.initializer[index] = rewritten(&proto.initializer[index], &left).ok_or_else(untyped)?;
        if left.iter().any(|&left| left != 0.0) {
            continue;
        }
        for &node in &bias.nodes {
            drop_use(proto, graph, node, &value.name, opset);
        }
    }
    Ok(())
}

/// Drops a bias of zeros from a node, where the operator can do without it.
fn drop_use(proto: &mut crate::onnx::GraphProto, graph: &Graph, node: usize, name: &str, opset: i64) {
    let of = &graph.nodes[node];
    let optional = match of.operator.as_str() {
        "Conv" | "ConvTranspose" | "LayerNormalization" => true,
        "Gemm" => opset >= 11,
        _ => false,
    };
    let onnx = &mut proto.node[of.origin];
    if optional && onnx.input.get(2).is_some_and(|input| input == name) {
        drop_input(onnx, 2);
    }
    let Operation::Sum { .. } = of.operation else { return };
    // An addition of zeros that does not broadcast leaves its other input as it is.
    let other = of.inputs.iter().position(|&input| graph.values[input].constant.is_none());
    if ["Add", "Sub"].contains(&of.operator.as_str())
        && onnx.input.len() == 2
        && let Some(other) = other
        && onnx.input[1 - other] == name
        && graph.shape(of.inputs[other]) == graph.shape(of.output)
        && (of.operator == "Add" || other == 0)
    {
        onnx.input = vec![onnx.input[other].clone()];
        onnx.op_type = Some("Identity".to_owned());
        onnx.attribute.clear();
    }
}
