//! Findings on random graphs, against the rank of what biases do to the outputs.

mod generate;
mod lookup;
mod not_understood;
mod random;
mod rank;
mod shapes;

use untied_redundancy::Mode;

use crate::findings::findings;
use crate::import::{InputShapes, import};
use generate::Generated;
use random::Random;

/// Graphs that are compared.
const GRAPHS: u64 = 1000;

/// Of every bias of random graphs, the finding is the number of its parameters less the rank of its Jacobian, stacked over
/// several draws of all weights and inputs: what is redundant whatever the weights.
#[test]
fn findings_are_exact() {
    let (mut biases, mut redundant, mut partly, mut operators) = (0, 0, 0, std::collections::BTreeMap::new());
    let mut wrong: Vec<String> = vec![];
    for seed in 0..GRAPHS {
        let mut generated = Generated::new(&mut Random(seed));
        let model = generated.model();
        let graph = import(&model, &InputShapes::new()).unwrap_or_else(|error| panic!("graph {seed}: {error}"));
        assert_eq!(
            graph.unknown().map(|(_, reason)| reason.to_owned()).collect::<Vec<_>>(),
            Vec::<String>::new(),
            "graph {seed}"
        );
        let found = findings(&graph);
        for node in &model.graph().node {
            *operators.entry(node.op_type.clone().unwrap()).or_insert(0) += 1;
        }
        for (mode, share) in [(Mode::Training, 0), (Mode::Evaluation, 1)] {
            let ranks = rank::ranks(&mut generated, mode, rank::DRAWS);
            assert_eq!(ranks.len(), found.biases.len(), "graph {seed}");
            for (index, (finding, rank)) in found.biases.iter().zip(ranks).enumerate() {
                let told = [&finding.training, &finding.evaluation][share].redundant;
                let mut exact = finding.parameters() - rank;
                // A rank can be too small for want of draws.
                if exact > told {
                    exact = finding.parameters() - rank::ranks(&mut generated, mode, 12 * rank::DRAWS)[index];
                }
                if told != exact {
                    let listing = generated.listing();
                    wrong.push(format!(
                        "graph {seed}, {mode:?}, {}: told {told}, exact {exact}: {listing}",
                        finding.name
                    ));
                }
                (biases, redundant) = (biases + 1, redundant + usize::from(told > 0));
                partly += usize::from(told > 0 && told < finding.parameters());
            }
        }
    }
    assert!(wrong.is_empty(), "{} wrong findings: {}", wrong.len(), wrong[..wrong.len().min(8)].join("\n"));
    assert!(biases > 3000 && 4 * redundant > biases && 10 * partly > biases, "{biases}, {redundant}, {partly}");
    assert!(operators.len() >= 25 && operators.values().all(|&count| count > 10), "{operators:?}");
}
