//! Prints the findings of a model: `cargo run -p untied-lint --example findings -- MODEL.onnx`.

use std::path::PathBuf;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let path: PathBuf = std::env::args_os().nth(1).ok_or("expected the path of an ONNX model")?.into();
    let model = untied_lint::Model::read(&path)?;
    let findings = untied_lint::lint(&model, &untied_lint::InputShapes::new())?;
    let lines = findings.biases.iter().map(|finding| {
        let (training, evaluation) = (&finding.training, &finding.evaluation);
        let (name, all) = (&finding.name, finding.parameters());
        format!(
            "{name}: {} of {all} in training, {} in inference; {}",
            training.redundant, evaluation.redundant, training.path
        )
    });
    let unknown = findings
        .not_understood
        .iter()
        .map(|of| format!("not understood: {} ({}): {}", of.node, of.operator, of.reason));
    let text: Vec<String> = lines.chain(unknown).collect();
    std::io::Write::write_all(&mut std::io::stdout(), (text.join("\n") + "\n").as_bytes())?;
    Ok(())
}
