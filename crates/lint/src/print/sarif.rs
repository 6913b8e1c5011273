use serde_json::{Value, json as object};

use crate::findings::{Finding, Findings, NotUnderstood};

/// The findings as a SARIF 2.1.0 log: one result for each bias with a redundant part, each whose part is unknown, and each
/// operation that is not understood.
pub fn sarif(path: &str, findings: &Findings) -> Value {
    let rule = |id: &str, text: &str| object!({"id": id, "shortDescription": {"text": text}});
    let rules = [
        rule("redundant-bias", "A part of a bias that the network removes again"),
        rule("unknown-bias", "A bias whose shifts reach an operation that is not understood"),
        rule("not-understood", "An operation that is not understood"),
    ];
    let redundant = findings.biases.iter().filter(|finding| finding.training.redundant > 0);
    let redundant = redundant.map(|finding| result("redundant-bias", "warning", path, &finding.node, &said(finding)));
    let unknown = findings.biases.iter().filter(|finding| finding.training.unknown > 0);
    let unknown = unknown.map(|finding| {
        let at = finding.training.unknown_at.join(", ");
        let text = format!(
            "{}: {} of {} parameters unknown, behind {at}",
            finding.name,
            finding.training.unknown,
            finding.parameters()
        );
        result("unknown-bias", "note", path, &finding.node, &text)
    });
    let not_understood = findings.not_understood.iter().map(|NotUnderstood { node, operator, reason }| {
        result("not-understood", "note", path, node, &format!("{node} ({operator}): {reason}"))
    });
    let results: Vec<Value> = redundant.chain(unknown).chain(not_understood).collect();
    object!({
        "$schema": "https://json.schemastore.org/sarif-2.1.0.json",
        "version": "2.1.0",
        "runs": [{
            "tool": {"driver": {"name": "untied lint", "version": env!("CARGO_PKG_VERSION"), "rules": rules}},
            "results": results,
        }],
    })
}

fn said(finding: &Finding) -> String {
    let (training, evaluation) = (&finding.training, &finding.evaluation);
    let all = finding.parameters();
    let redundant = training.redundant;
    format!(
        "{}: {redundant} of {all} parameters redundant in training, {} in evaluation: {}",
        finding.name, evaluation.redundant, training.path
    )
}

fn result(rule: &str, level: &str, path: &str, node: &str, text: &str) -> Value {
    object!({
        "ruleId": rule,
        "level": level,
        "message": {"text": text},
        "locations": [{
            "physicalLocation": {"artifactLocation": {"uri": path}},
            "logicalLocations": [{"fullyQualifiedName": node}],
        }],
    })
}
