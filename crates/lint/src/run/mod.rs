//! The executor: graphs in plain loops and f64, so that two models can be compared up to the rounding of their parameters.

mod contraction;
mod function;
mod reduction;

use untied_redundancy::Mode;

use crate::graph::{Contraction, Graph, Map, Operation};

/// The value of an operation in evaluation.
pub(crate) fn evaluated(operation: &Operation, inputs: &[&[f64]], size: usize) -> Vec<f64> {
    value(operation, Mode::Evaluation, inputs, size)
}

/// The value of an operation, row-major with `size` elements. Dropout drops nothing.
pub(crate) fn value(operation: &Operation, mode: Mode, inputs: &[&[f64]], size: usize) -> Vec<f64> {
    match operation {
        Operation::Sum { maps, fill, .. } => sum(maps, *fill, inputs, size),
        Operation::Product { maps, divides } => {
            let [a, b] =
                [0, 1].map(|at| maps[at].table(size).iter().map(|&i| inputs[at][i as usize]).collect::<Vec<_>>());
            let join = |(a, b): (f64, f64)| if *divides { a / b } else { a * b };
            a.into_iter().zip(b).map(join).collect()
        }
        Operation::Contraction(Contraction::Convolution(of)) => contraction::convolution(of, inputs[0], inputs[1]),
        Operation::Contraction(Contraction::Product(of)) => contraction::product(of, inputs[0], inputs[1]),
        Operation::Pool(pool) => reduction::pool(pool, inputs[0]),
        Operation::Reduce { sets, reduction } => reduction::reduce(sets, *reduction, inputs[0]),
        Operation::Centre { sets } => reduction::centred(sets, inputs[0]),
        Operation::Normalize { sets, centres, epsilon, running } => {
            let running = (*running && mode == Mode::Evaluation).then(|| [inputs[1], inputs[2]]);
            reduction::normalized(sets, *centres, *epsilon, running, inputs[0])
        }
        Operation::Softmax { sets, log } => reduction::softmax(sets, *log, inputs[0]),
        Operation::Dropout => inputs[0].to_vec(),
        Operation::Function { function, maps } => {
            let tables: Vec<_> = maps.iter().map(|map| map.table(size)).collect();
            let arguments =
                |at: usize| tables.iter().zip(inputs).map(|(table, input)| input[table[at] as usize]).collect();
            (0..size).map(|at| function::value(*function, &Vec::from_iter::<Vec<f64>>(arguments(at)))).collect()
        }
        &Operation::Lookup { before, rows, after } => looked_up([before, rows, after], inputs[0], inputs[1]),
        Operation::Unknown { .. } => vec![f64::NAN; size],
    }
}

fn sum(maps: &[(Map, f64)], fill: f64, inputs: &[&[f64]], size: usize) -> Vec<f64> {
    let mut y = vec![0.0; size];
    let mut read = vec![fill == 0.0; size];
    for ((map, sign), input) in maps.iter().zip(inputs) {
        for ((y, read), &index) in y.iter_mut().zip(&mut read).zip(map.table(size).iter()) {
            if index != Map::NONE {
                *y += sign * input[index as usize];
                *read = true;
            }
        }
    }
    y.iter_mut().zip(read).filter(|(_, read)| !read).for_each(|(y, _)| *y = fill);
    y
}

/// Rows of `[before, rows, after]`. Numbers that are no indices, such as those of random inputs, count on from the end and from
/// the start.
fn looked_up([before, rows, after]: [usize; 3], table: &[f64], indices: &[f64]) -> Vec<f64> {
    let row = |index: &f64| (*index as i64).rem_euclid(rows as i64) as usize;
    let indices: Vec<usize> = indices.iter().map(row).collect();
    let all = (0..before).flat_map(|block| indices.iter().map(move |row| (block * rows + row) * after));
    all.flat_map(|start| &table[start..start + after]).copied().collect()
}

/// The values of all nodes' outputs, for inputs that the model reads; constants are as they are.
pub(crate) fn run(graph: &Graph, mode: Mode, inputs: &[Vec<f64>]) -> Vec<Vec<f64>> {
    let mut values: Vec<Option<Vec<f64>>> = vec![None; graph.values.len()];
    for (&id, input) in graph.inputs.iter().zip(inputs) {
        values[id] = Some(input.clone());
    }
    let mut last_use = vec![0; graph.values.len()];
    for (index, node) in graph.nodes.iter().enumerate() {
        node.inputs.iter().for_each(|&id| last_use[id] = index);
    }
    graph.outputs.iter().for_each(|&id| last_use[id] = usize::MAX);
    for (index, node) in graph.nodes.iter().enumerate() {
        if graph.values[node.output].constant.is_some() {
            continue;
        }
        let read = |&id: &usize| match (&graph.values[id].constant, &values[id]) {
            (Some(constant), _) => constant.values.as_slice(),
            (None, Some(values)) => values.as_slice(),
            (None, None) => &[],
        };
        let inputs: Vec<&[f64]> = node.inputs.iter().map(read).collect();
        values[node.output] = Some(value(&node.operation, mode, &inputs, graph.size(node.output)));
        for &id in node.inputs.iter().filter(|&&id| last_use[id] == index) {
            values[id] = None;
        }
    }
    let output = |&id: &usize| match &graph.values[id].constant {
        Some(constant) => constant.values.clone(),
        None => values[id].clone().unwrap_or_default(),
    };
    graph.outputs.iter().map(output).collect()
}
