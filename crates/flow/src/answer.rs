//! What shift flow says of every bias of a network.

use serde::{Deserialize, Serialize};
use untied_redundancy::ShiftClass;
use untied_redundancy::network::{Network, NodeId};
use untied_redundancy::shift_flow::{ShiftFlow, Site};

use crate::drawing::NodeData;
use crate::error::{FlowError, Problem};
use crate::operation::Chosen;
use crate::{choice, text, words};

/// A network and what is chosen for it.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Request {
    /// The operations, one a line.
    pub text: String,
    /// What `norm` alone stands for.
    pub norm: String,
    /// What `bias` alone stands for.
    pub bias: String,
    /// `training` or `evaluation`.
    pub mode: String,
}

/// The drawing of a network, and what is said of its biases.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Answer {
    /// The operations in order.
    pub nodes: Vec<NodeData>,
    /// The biases, and the β of norms, in the order of the network.
    pub sites: Vec<SiteAnswer>,
    /// Sentences on biases that share a part of what they do.
    pub meetings: Vec<String>,
}

/// What is said of one bias, or of the β of a norm.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct SiteAnswer {
    /// Its node.
    pub node: usize,
    /// Its name, with spaces.
    pub name: String,
    /// Its parameters.
    pub parameters: usize,
    /// How many of their dimensions are redundant.
    pub redundant: usize,
    /// The path as a sentence.
    pub sentence: String,
    /// The nodes that remove it, or a part of it.
    pub removed_by: Vec<usize>,
    /// The nodes where it is at work.
    pub at_work: Vec<usize>,
    /// A letter a node, for what arrives at its output of all shifts: `.` nothing, `1` one number, `g` one a group, `c` one a
    /// channel, `e` any.
    pub all: String,
    /// The same for the redundant shifts.
    pub passing: String,
}

/// Reads a network, and follows the shifts of all its biases.
///
/// # Errors
/// If a line is not understood or does not fit, a choice is not known, or the network has no bias.
pub fn answer(request: &Request) -> Result<Answer, FlowError> {
    let beside = |problem| FlowError { line: 0, problem };
    let norm = choice::norm(&request.norm).map_err(beside)?;
    let bias = choice::bias(&request.bias).map_err(beside)?;
    let mode = choice::mode(&request.mode).map_err(beside)?;
    let drawing = text::read(&request.text, &Chosen { bias, norm })?;
    let network = drawing.network();
    let flow = ShiftFlow::new(network, mode);
    let sites: Vec<SiteAnswer> = flow.sites().iter().map(|site| site_answer(network, &flow, site)).collect();
    if sites.is_empty() {
        return Err(FlowError { line: request.text.lines().count(), problem: Problem::NoBias });
    }
    let meetings = flow.meetings().iter().map(|meeting| words::name(&meeting.to_string())).collect();
    Ok(Answer { nodes: drawing.nodes(), sites, meetings })
}

/// The answer to a [`Request`] in JSON, as JSON: an [`Answer`], or `{ "error": "line 3: …" }`.
pub fn reply(request: &str) -> String {
    let answered = serde_json::from_str(request).map_err(|error| error.to_string());
    let answered = answered.and_then(|request| answer(&request).map_err(|error| error.to_string()));
    match answered {
        Ok(answer) => serde_json::to_string(&answer).unwrap_or_default(),
        Err(error) => serde_json::json!({ "error": error }).to_string(),
    }
}

fn site_answer(network: &Network, flow: &ShiftFlow<'_>, site: &Site) -> SiteAnswer {
    let indices = |names: &[String]| {
        names.iter().filter_map(|name| network.find(name)).map(NodeId::index).collect::<Vec<usize>>()
    };
    let letters = |classes: &[ShiftClass]| {
        network.nodes().zip(classes).map(|((_, node), &class)| words::letter(class, node.output)).collect::<String>()
    };
    let trace = flow.trace(site);
    SiteAnswer {
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
