use super::edit::{drop_input, initializer, producer, remove_unread, replace_input, uses};
use super::proof::prove;
use super::rewritten::Rewritten;
use crate::error::{LintError, refused};
use crate::import::InputShapes;
use crate::onnx::{GraphProto, Model, NodeProto, Tensor, values};

/// What folding does to one batch norm.
#[derive(Debug, Clone, PartialEq)]
pub struct Folded {
    /// The name of its node.
    pub norm: String,
    /// The name of the node that takes it up.
    pub into: Option<String>,
    /// The additions of constants between them, which are scaled too.
    pub across: Vec<String>,
    /// The names of the biases that become one: that of the node that takes it up, where it has one, and β.
    pub taken: Vec<String>,
    /// The names of the constants that those additions add.
    pub scaled: Vec<String>,
    /// Why it stays as it is.
    pub kept_for: Option<String>,
}

/// The operations between a map with weights and a batch norm behind it.
struct Chain {
    norm: usize,
    map: usize,
    /// Additions of constants, by node and the position of the constant.
    additions: Vec<(usize, usize)>,
}

/// Folds batch norms into the convolutions and linear maps before them, also across added constants of any shape.
///
/// y = s·(w ∗ x + b + u − μ) + β with s = γ/√(σ² + ε) is (s·w) ∗ x + (s·b + β − s·μ) + s·u.
///
/// # Errors
/// If the model cannot be read or run, no batch norm can be folded, or both models disagree by more than rounding explains.
pub fn fold(model: &Model, shapes: &InputShapes) -> Result<Rewritten<Folded>, LintError> {
    model.check_lossless()?;
    let mut folded = model.clone();
    let parts = fold_norms(folded.graph_mut());
    if parts.iter().all(|part| part.into.is_none()) {
        let why = parts.iter().find_map(|part| part.kept_for.clone()).unwrap_or_else(|| "it has none".to_owned());
        return Err(refused("fold", format!("no batch norm can be folded: {why}")));
    }
    remove_unread(&mut folded, model);
    let agreement = prove(model, &folded, shapes, "fold")?;
    Ok(Rewritten { model: folded, parts, agreement })
}

/// Folds what can be folded of a graph, and says of every batch norm what becomes of it.
pub(crate) fn fold_norms(graph: &mut GraphProto) -> Vec<Folded> {
    let is_norm = |node: &&NodeProto| node.op_type.as_deref() == Some("BatchNormalization");
    let norms: Vec<String> = graph.node.iter().filter(is_norm).map(|node| node.output[0].clone()).collect();
    norms.iter().filter_map(|output| producer(graph, output).map(|norm| fold_norm(graph, norm))).collect()
}

fn fold_norm(graph: &mut GraphProto, norm: usize) -> Folded {
    let name = node_name(graph, norm);
    let mut part = Folded { norm: name, into: None, across: vec![], taken: vec![], scaled: vec![], kept_for: None };
    // What cannot be written must leave the model as it was.
    let tried = chain(graph, norm).and_then(|chain| {
        let (mut alone, own) = chain.alone(graph);
        take_up(&mut alone, &own).map(|()| chain)
    });
    let outcome = tried.and_then(|chain| {
        let input = |node: usize, position: usize| graph.node[node].input.get(position).cloned();
        part.across = chain.additions.iter().map(|&(node, _)| node_name(graph, node)).collect();
        part.scaled = chain.additions.iter().filter_map(|&(node, position)| input(node, position)).collect();
        part.taken = [input(chain.map, 2), input(chain.norm, 2)].into_iter().flatten().collect();
        part.taken.retain(|name| !name.is_empty());
        let into = node_name(graph, chain.map);
        take_up(graph, &chain).map(|()| into)
    });
    match outcome {
        Ok(into) => part.into = Some(into),
        Err(reason) => part.kept_for = Some(reason),
    }
    part
}

impl Chain {
    /// Its operations and their tensors in a graph of their own, and itself there.
    fn alone(&self, graph: &GraphProto) -> (GraphProto, Self) {
        let nodes = [self.norm, self.map].into_iter().chain(self.additions.iter().map(|&(node, _)| node));
        let node: Vec<NodeProto> = nodes.map(|node| graph.node[node].clone()).collect();
        let reads =
            |name: &Option<String>| name.as_ref().is_some_and(|name| node.iter().any(|node| node.input.contains(name)));
        let initializer = graph.initializer.iter().filter(|tensor| reads(&tensor.name)).cloned().collect();
        let additions =
            self.additions.iter().enumerate().map(|(index, &(_, position))| (index + 2, position)).collect();
        (GraphProto { node, initializer, ..GraphProto::default() }, Self { norm: 0, map: 1, additions })
    }
}

fn node_name(graph: &GraphProto, node: usize) -> String {
    let node = &graph.node[node];
    node.name.clone().filter(|name| !name.is_empty()).unwrap_or_else(|| node.output[0].clone())
}

/// The values of an input that an initializer holds.
fn read(graph: &GraphProto, node: usize, position: usize) -> Result<Tensor, String> {
    let name = graph.node[node].input.get(position).cloned().unwrap_or_default();
    let tensor = initializer(graph, &name).ok_or_else(|| format!("{name:?} is not in the file"))?;
    values(tensor).ok().flatten().ok_or_else(|| format!("{name} is of a type that is not read"))
}

/// The map before a batch norm, through additions of constants.
fn chain(graph: &GraphProto, norm: usize) -> Result<Chain, String> {
    let mut additions = vec![];
    let mut name = graph.node[norm].input.first().cloned().unwrap_or_default();
    loop {
        let before = producer(graph, &name).ok_or("it normalizes an input of the model")?;
        if uses(graph, &name) > 1 {
            return Err(format!("{} is read elsewhere too", node_name(graph, before)));
        }
        let node = &graph.node[before];
        match node.op_type.as_deref().unwrap_or_default() {
            "Conv" | "ConvTranspose" | "Gemm" => return Ok(Chain { norm, map: before, additions }),
            "Add" if node.input.len() == 2 => {
                let constant = (0..2).find(|&position| initializer(graph, &node.input[position]).is_some());
                let constant = constant.ok_or_else(|| format!("{} adds two maps", node_name(graph, before)))?;
                additions.push((before, constant));
                name.clone_from(&node.input[1 - constant]);
            }
            operator => return Err(format!("{} ({operator}) is no map with weights", node_name(graph, before))),
        }
    }
}

/// Scales the weights and biases of a chain, and removes its norm.
fn take_up(graph: &mut GraphProto, chain: &Chain) -> Result<(), String> {
    let norm = graph.node[chain.norm].clone();
    if norm.output.iter().skip(1).any(|output| !output.is_empty()) {
        return Err("its statistics are asked for".to_owned());
    }
    let float = |name: &str, default: f32| {
        let attribute = norm.attribute.iter().find(|attribute| attribute.name.as_deref() == Some(name));
        f64::from(attribute.and_then(|attribute| attribute.f).unwrap_or(default))
    };
    let vector = |position| read(graph, chain.norm, position).map(|tensor| tensor.values);
    let [gamma, beta, mean, variance] = [vector(1)?, vector(2)?, vector(3)?, vector(4)?];
    let epsilon = float("epsilon", 1e-5);
    let scale: Vec<f64> =
        gamma.iter().zip(&variance).map(|(gamma, variance)| gamma / (variance + epsilon).sqrt()).collect();
    scale_weight(graph, chain.map, &scale)?;
    let bias = if graph.node[chain.map].input.get(2).is_some_and(|name| !name.is_empty()) {
        read(graph, chain.map, 2)?.values
    } else {
        vec![0.0; scale.len()]
    };
    // A bias of one element serves all channels of a linear map.
    let bias = |channel: usize| bias[channel % bias.len()];
    let moved = |channel: usize| scale[channel] * (bias(channel) - mean[channel]) + beta[channel];
    let moved: Vec<f64> = (0..scale.len()).map(moved).collect();
    replace_input(graph, chain.map, 2, &[scale.len()], &moved)?;
    if moved.iter().all(|&moved| moved == 0.0) {
        drop_input(&mut graph.node[chain.map], 2);
    }
    let rank = read(graph, chain.map, 1)?.shape.len();
    for &(node, position) in &chain.additions {
        let constant = read(graph, node, position)?;
        let scaled = scaled(&constant, &scale, rank)?;
        replace_input(graph, node, position, &scaled.shape, &scaled.values)?;
    }
    let last = chain.additions.first().map_or(chain.map, |&(node, _)| node);
    graph.node[last].output[0].clone_from(&norm.output[0]);
    graph.node.remove(chain.norm);
    Ok(())
}

/// Multiplies the weights of each output channel.
fn scale_weight(graph: &mut GraphProto, map: usize, scale: &[f64]) -> Result<(), String> {
    let mut weight = read(graph, map, 1)?;
    let factor = |name: &str| {
        graph.node[map]
            .attribute
            .iter()
            .any(|attribute| attribute.name.as_deref() == Some(name) && attribute.f != Some(1.0))
    };
    if factor("alpha") || factor("beta") {
        return Err("it multiplies by an alpha or a beta".to_owned());
    }
    let int = |name: &str, default: i64| {
        let attribute = graph.node[map].attribute.iter().find(|attribute| attribute.name.as_deref() == Some(name));
        attribute.and_then(|attribute| attribute.i).unwrap_or(default) as usize
    };
    let (size, first) = (weight.values.len(), weight.shape.first().copied().unwrap_or(1).max(1));
    let channel: Box<dyn Fn(usize) -> usize> = match graph.node[map].op_type.as_deref() {
        Some("Conv") => Box::new(|index| index / (size / first)),
        Some("Gemm") if int("transB", 0) == 1 => Box::new(|index| index / (size / first)),
        Some("Gemm") => Box::new(|index| index % scale.len()),
        _ => {
            let groups = int("group", 1);
            let own = scale.len() / groups;
            let kernel: usize = weight.shape[2..].iter().product();
            Box::new(move |index| index / (kernel * own) / (first / groups) * own + index / kernel % own)
        }
    };
    for (index, value) in weight.values.iter_mut().enumerate() {
        *value *= scale.get(channel(index)).ok_or("its weight does not fit its norm")?;
    }
    let (shape, values) = (weight.shape.clone(), weight.values.clone());
    drop(channel);
    replace_input(graph, map, 1, &shape, &values)
}

/// A constant times a factor for each channel, axis 1 of the tensor of this rank that it is added to.
fn scaled(constant: &Tensor, scale: &[f64], rank: usize) -> Result<Tensor, String> {
    let missing = rank.checked_sub(constant.shape.len()).ok_or("a constant of more axes lies between them")?;
    let full = [vec![1; missing], constant.shape.clone()].concat();
    if full[0] != 1 {
        return Err("a constant that differs by image lies between them".to_owned());
    }
    let (own, inner) = (full[1], full[2..].iter().product::<usize>());
    let value = |channel: usize, at: usize| scale[channel] * constant.values[channel % own * inner + at];
    let values = (0..scale.len()).flat_map(|channel| (0..inner).map(move |at| (channel, at)));
    let values = values.map(|(channel, at)| value(channel, at)).collect();
    let shape = [&[scale.len()], &full[2..]].concat();
    Ok(Tensor { shape, values })
}
