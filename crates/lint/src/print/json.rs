use serde_json::{Value, json as object};

use crate::findings::{Finding, Findings, Share};

/// The findings as one JSON object: `biases`, `not_understood`, and the sums over all biases.
pub fn json(path: &str, findings: &Findings) -> Value {
    let [training, evaluation] = findings.redundant();
    let not_understood = findings.not_understood.iter();
    let not_understood: Vec<Value> =
        not_understood.map(|of| object!({"node": of.node, "operator": of.operator, "reason": of.reason})).collect();
    object!({
        "schema": 1,
        "model": path,
        "parameters": findings.parameters(),
        "redundant_in_training": training,
        "redundant_in_evaluation": evaluation,
        "unknown": findings.unknown(),
        "biases": findings.biases.iter().map(of_finding).collect::<Vec<_>>(),
        "not_understood": not_understood,
    })
}

fn of_finding(finding: &Finding) -> Value {
    object!({
        "name": finding.name,
        "node": finding.node,
        "operator": finding.operator,
        "uses": finding.uses,
        "role": finding.role.to_string(),
        "sharing": finding.sharing.to_string(),
        "shape": finding.shape,
        "parameters": finding.parameters(),
        "training": of_share(&finding.training),
        "evaluation": of_share(&finding.evaluation),
        "moves_into": finding.moves_into,
        "folding": finding.folding.to_string(),
    })
}

fn of_share(share: &Share) -> Value {
    object!({
        "redundant": share.redundant,
        "unknown": share.unknown,
        "removed_by": share.path.removed_by,
        "through": share.path.through,
        "at_work": share.path.at_work,
        "unknown_at": share.unknown_at,
    })
}
