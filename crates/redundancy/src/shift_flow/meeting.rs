//! The joint gauge of biases: what one of them gains and others can lose.

use std::fmt;

use super::flow::ShiftFlow;
use super::path::listed;
use super::site::{Site, shifts_of};
use super::width::rank;
use crate::ShiftClass;
use crate::network::{Node, NodeId};

/// A node where biases meet that share a part of what they do.
///
/// Its `Display` is a sentence: `shortcut_bias and β of norm2 are one: 64 dimensions can go from one to the other, at add`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Meeting {
    /// The node at whose output their shifts add up.
    pub node: NodeId,
    /// Its name.
    pub name: String,
    /// The nodes of the biases, in the order of the network.
    pub sites: Vec<NodeId>,
    /// Their names.
    pub names: Vec<String>,
    /// The dimensions that are redundant of them together, beyond those of each alone and of earlier meetings.
    pub dimensions: usize,
    /// Whether each can take over all that the others do.
    pub same: bool,
}

impl fmt::Display for Meeting {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (names, name) = (listed(&self.names), &self.name);
        let do_ = if self.same { "are one" } else { "overlap" };
        let dimensions = match self.dimensions {
            1 => "1 dimension".to_owned(),
            dimensions => format!("{dimensions} dimensions"),
        };
        write!(f, "{names} {do_}: {dimensions} can go from one to the other, at {name}")
    }
}

/// The shifts of one bias that are followed: all of them, or those that are one value per channel.
struct Follower {
    site: usize,
    /// The class of what arrives at each node.
    arriving: Vec<ShiftClass>,
    /// Whether all paths to where it is at work pass a node.
    passed: Vec<bool>,
    /// The dimension of what is at work, for generic weights, or less.
    rank: usize,
}

/// Sites that meet, with the dimensions that they share.
struct Cluster {
    sites: Vec<usize>,
    shared: usize,
}

impl ShiftFlow<'_> {
    /// The nodes where biases meet that share a part of what they do, in topological order.
    ///
    /// If all paths of some biases to where they are at work pass one node, only the sum of their shifts there matters. Each
    /// has a rank: the dimension of its shifts that is at work. If all that arrives lies in one class, the ranks together
    /// exceed the dimension of that class, less what is removed of it, by what the biases share.
    pub fn meetings(&self) -> Vec<Meeting> {
        let sites = self.sites();
        let followers = |level: fn([usize; 3]) -> ShiftClass| -> Vec<Follower> {
            (0..sites.len()).filter_map(|site| Follower::new(self, site, &sites[site], level)).collect()
        };
        let levels = [followers(ShiftClass::per_channel), followers(|_| ShiftClass::Everything)];
        let mut clusters: Vec<Cluster> = vec![];
        let mut meetings = vec![];
        for (id, node) in self.network.nodes() {
            let before: usize = clusters.iter().map(|cluster| cluster.shared).sum();
            let met: Vec<usize> =
                levels.iter().filter_map(|followers| merge(&mut clusters, self, id, followers)).collect();
            let Some(cluster) = met.last().map(|&cluster| &clusters[cluster]) else { continue };
            // The rank of each as a whole.
            let ranks: Vec<usize> = cluster.sites.iter().map(|&site| whole_rank(&levels[1], site)).collect();
            meetings.push(Meeting {
                node: id,
                name: node.name.clone(),
                sites: cluster.sites.iter().map(|&site| sites[site].node).collect(),
                names: cluster.sites.iter().map(|&site| sites[site].name.clone()).collect(),
                dimensions: clusters.iter().map(|cluster| cluster.shared).sum::<usize>() - before,
                same: ranks.iter().all(|&rank| rank == ranks[0]) && cluster.shared == ranks[0] * (ranks.len() - 1),
            });
        }
        meetings
    }
}

fn whole_rank(followers: &[Follower], site: usize) -> usize {
    followers.iter().find(|follower| follower.site == site).map_or(0, |follower| follower.rank)
}

/// Makes one cluster of the biases that share more at a node than is known of them; its index.
fn merge(clusters: &mut Vec<Cluster>, flow: &ShiftFlow<'_>, id: NodeId, followers: &[Follower]) -> Option<usize> {
    let (members, shared) = shared_at(flow, id, flow.network.node(id), followers)?;
    let sites: Vec<usize> = members.iter().map(|member| member.site).collect();
    let inside = |cluster: &Cluster| cluster.sites.iter().all(|site| sites.contains(site));
    let across = |cluster: &Cluster| cluster.sites.iter().any(|site| sites.contains(site));
    let known: usize = clusters.iter().filter(|cluster| inside(cluster)).map(|cluster| cluster.shared).sum();
    if shared <= known || clusters.iter().any(|cluster| across(cluster) && !inside(cluster)) {
        return None;
    }
    clusters.retain(|cluster| !inside(cluster));
    clusters.push(Cluster { sites, shared });
    Some(clusters.len() - 1)
}

/// The biases that meet at a node, with the most that some of them share there.
fn shared_at<'f>(
    flow: &ShiftFlow<'_>,
    id: NodeId,
    node: &Node,
    followers: &'f [Follower],
) -> Option<(Vec<&'f Follower>, usize)> {
    let arriving: Vec<&Follower> = followers.iter().filter(|follower| follower.passed[id.index()]).collect();
    let candidate = |&class: &ShiftClass| {
        let members: Vec<&Follower> =
            arriving.iter().copied().filter(|member| class.contains(member.arriving[id.index()])).collect();
        let ranks: usize = members.iter().map(|member| member.rank).sum();
        let room = class.dimension(node.output) - class.meet(flow.removed(id)).dimension(node.output);
        (members.len() > 1 && ranks > room).then(|| (members, ranks - room))
    };
    let mut classes: Vec<ShiftClass> = arriving.iter().map(|follower| follower.arriving[id.index()]).collect();
    classes.push(ShiftClass::Everything);
    classes.iter().filter_map(candidate).max_by_key(|(members, shared)| (*shared, members.len()))
}

impl Follower {
    /// None where nothing of the shifts is at work.
    fn new(flow: &ShiftFlow<'_>, site: usize, of: &Site, level: fn([usize; 3]) -> ShiftClass) -> Option<Self> {
        let class = shifts_of(&of.terms).meet(level(flow.network.node(of.node).output));
        let arriving = flow.arrivals(of.node, class, None);
        flow.at_work(&arriving).next()?;
        let passes = |id: NodeId| {
            let reached = arriving[id.index()] != ShiftClass::Nothing;
            reached && flow.at_work(&flow.arrivals(of.node, class, Some(id))).next().is_none()
        };
        let passed = flow.network.nodes().map(|(id, _)| passes(id)).collect();
        let rank = rank(flow, of, class, &arriving);
        (rank > 0).then_some(Self { site, arriving, passed, rank })
    }
}
