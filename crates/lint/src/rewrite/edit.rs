//! Changes of a model's initializers.

use crate::onnx::{GraphProto, Model, NodeProto, TensorProto, rewritten, written};

/// How many inputs of nodes and outputs of the graph have a name.
pub(super) fn uses(graph: &GraphProto, name: &str) -> usize {
    let inputs = graph.node.iter().flat_map(|node| &node.input).filter(|input| *input == name).count();
    inputs + graph.output.iter().filter(|output| output.name.as_deref() == Some(name)).count()
}

/// The initializer of a name.
pub(super) fn initializer<'a>(graph: &'a GraphProto, name: &str) -> Option<&'a TensorProto> {
    graph.initializer.iter().find(|tensor| tensor.name.as_deref() == Some(name))
}

/// The index of the node that computes a value.
pub(super) fn producer(graph: &GraphProto, name: &str) -> Option<usize> {
    graph.node.iter().position(|node| node.output.iter().any(|output| output == name))
}

/// Gives an input of a node other values: in place where nothing else reads them, else as a tensor of its own.
///
/// # Errors
/// If its type is not written.
pub(super) fn replace_input(
    graph: &mut GraphProto,
    node: usize,
    position: usize,
    shape: &[usize],
    values: &[f64],
) -> Result<(), String> {
    const FLOAT: i32 = 1;
    let name = graph.node[node].input.get(position).cloned().unwrap_or_default();
    let like = initializer(graph, &name).map_or(FLOAT, |tensor| tensor.data_type.unwrap_or_default());
    let untyped = || format!("{name} is of a type that is not written");
    let same = initializer(graph, &name)
        .is_some_and(|tensor| tensor.dims.iter().map(|&size| size as usize).eq(shape.iter().copied()));
    if same && uses(graph, &name) == 1 {
        let index = graph.initializer.iter().position(|tensor| tensor.name.as_deref() == Some(&name));
        let index = index.ok_or_else(untyped)?;
        graph.initializer[index] = rewritten(&graph.initializer[index], values).ok_or_else(untyped)?;
        return Ok(());
    }
    let base = if name.is_empty() { format!("{}_bias", graph.node[node].output[0]) } else { name.clone() };
    let fresh = fresh_name(graph, &base);
    graph.initializer.push(written(&fresh, like, shape, values).ok_or_else(untyped)?);
    let inputs = &mut graph.node[node].input;
    while inputs.len() <= position {
        inputs.push(String::new());
    }
    inputs[position] = fresh;
    Ok(())
}

/// A name that the graph does not have.
fn fresh_name(graph: &GraphProto, base: &str) -> String {
    let taken = |name: &str| {
        initializer(graph, name).is_some()
            || producer(graph, name).is_some()
            || graph.input.iter().any(|input| input.name.as_deref() == Some(name))
    };
    let names = (1_usize..).map(|number| format!("{base}_untied{number}"));
    names.into_iter().find(|name| !taken(name)).unwrap_or_default()
}

/// Leaves out an input at the end of a node's list, where the operator can do without.
pub(super) fn drop_input(node: &mut NodeProto, position: usize) {
    if let Some(input) = node.input.get_mut(position) {
        input.clear();
    }
    while node.input.last().is_some_and(String::is_empty) {
        node.input.pop();
    }
}

/// Removes initializers that nothing reads any more; the number of their elements.
pub(super) fn remove_unread(model: &mut Model, before: &Model) -> usize {
    let graph = model.graph_mut();
    let read_before = |name: &str| uses(before.graph(), name) > 0;
    let names: Vec<String> = graph.initializer.iter().filter_map(|tensor| tensor.name.clone()).collect();
    let unread: Vec<String> = names.into_iter().filter(|name| uses(graph, name) == 0 && read_before(name)).collect();
    let is_unread = |name: &Option<String>| name.as_ref().is_some_and(|name| unread.contains(name));
    let elements = |tensor: &TensorProto| tensor.dims.iter().map(|&size| size as usize).product::<usize>();
    let removed = graph.initializer.iter().filter(|tensor| is_unread(&tensor.name)).map(elements).sum();
    graph.initializer.retain(|tensor| !is_unread(&tensor.name));
    graph.input.retain(|input| !is_unread(&input.name));
    removed
}
