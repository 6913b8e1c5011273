//! The findings of a model: what the flow of shifts says of its biases, and what folding would do with them.

use crate::error::LintError;
use crate::findings::{Findings, Folding, findings};
use crate::import::{InputShapes, import};
use crate::onnx::Model;
use crate::rewrite::{Folded, fold_norms};

/// Looks at every bias of a model.
///
/// `shapes` gives inputs a shape, where the model leaves sizes open; an open number of images is 2 without that.
///
/// # Errors
/// If the model contradicts itself, leaves open a size that is needed, or asks for tensors that do not fit into memory.
///
/// # Example
/// ```no_run
/// # fn main() -> Result<(), untied_lint::LintError> {
/// let model = untied_lint::Model::read("model.onnx".as_ref())?;
/// for finding in untied_lint::lint(&model, &Default::default())?.biases {
///     println!("{}: {} of {}", finding.name, finding.training.redundant, finding.parameters());
/// }
/// # Ok(())
/// # }
/// ```
pub fn lint(model: &Model, shapes: &InputShapes) -> Result<Findings, LintError> {
    let graph = import(model, shapes)?;
    let mut findings = findings(&graph);
    let folded = fold_norms(&mut model.graph().clone());
    for finding in &mut findings.biases {
        let count = |names: fn(&Folded) -> &Vec<String>| {
            let norms = folded.iter().filter(|norm| norm.into.is_some());
            norms.flat_map(names).filter(|of| **of == finding.name).count()
        };
        let [taken, scaled] = [count(|norm| &norm.taken), count(|norm| &norm.scaled)];
        finding.folding = Folding::of(finding.uses, taken, scaled);
    }
    Ok(findings)
}
