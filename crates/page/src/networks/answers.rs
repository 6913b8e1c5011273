//! What shift flow says of every bias of a network, for every choice of norm, bias and mode.

use std::collections::BTreeMap;

use serde::Serialize;
use untied_redundancy::ShiftClass;
use untied_redundancy::network::{Network, NodeId};
use untied_redundancy::shift_flow::{ShiftFlow, Site};

use super::choices::{BIASES, MODES, NORMS};
use super::nets::Net;
use super::words;

/// The answers of a network, each once.
#[derive(Debug, Serialize)]
pub(super) struct Answers {
    /// Different answers about one bias.
    sites: Vec<SiteData>,
    /// Of each choice `norm/bias/mode`, the biases in the order of the network, as indices of `sites`.
    choices: BTreeMap<String, Choice>,
}

#[derive(Debug, Serialize)]
struct Choice {
    sites: Vec<usize>,
    /// Sentences on biases that share a part of what they do.
    meetings: Vec<String>,
}

/// What is said of one bias, or of the β of a norm.
#[derive(Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
struct SiteData {
    node: usize,
    name: String,
    parameters: usize,
    redundant: usize,
    /// The path as a sentence.
    sentence: String,
    removed_by: Vec<usize>,
    at_work: Vec<usize>,
    /// A letter a node: what arrives at its output of all shifts, and of the redundant ones.
    all: String,
    passing: String,
}

impl Answers {
    pub(super) fn of(net: &Net) -> Self {
        let mut answers = Self { sites: vec![], choices: BTreeMap::new() };
        for (norm_name, norm) in NORMS {
            for (bias_name, bias) in BIASES {
                let network = net.draw(norm, &bias).network;
                for (mode_name, mode) in MODES {
                    let flow = ShiftFlow::new(&network, mode);
                    let sites =
                        flow.sites().iter().map(|site| answers.number(site_data(&network, &flow, site))).collect();
                    let meetings = flow.meetings().iter().map(|meeting| words::name(&meeting.to_string())).collect();
                    answers.choices.insert(format!("{norm_name}/{bias_name}/{mode_name}"), Choice { sites, meetings });
                }
            }
        }
        answers
    }

    fn number(&mut self, site: SiteData) -> usize {
        self.sites.iter().position(|known| *known == site).unwrap_or_else(|| {
            self.sites.push(site);
            self.sites.len() - 1
        })
    }
}

fn site_data(network: &Network, flow: &ShiftFlow<'_>, site: &Site) -> SiteData {
    let indices = |names: &[String]| {
        names.iter().filter_map(|name| network.find(name)).map(NodeId::index).collect::<Vec<usize>>()
    };
    let letters = |classes: &[ShiftClass]| {
        network.nodes().zip(classes).map(|((_, node), &class)| words::letter(class, node.output)).collect::<String>()
    };
    let trace = flow.trace(site);
    SiteData {
        node: site.node.index(),
        name: words::name(&site.name),
        parameters: site.redundancy.parameters(),
        redundant: site.redundancy.dimensions(),
        sentence: words::name(&site.path.to_string()),
        removed_by: indices(&site.path.removed_by),
        at_work: indices(&site.path.at_work),
        all: letters(&trace.all),
        passing: letters(&trace.redundant),
    }
}
