//! What arrives of a bias's shifts at every node, for those who draw it.

use super::flow::ShiftFlow;
use super::site::{Site, shifts_of};
use crate::ShiftClass;

/// The smallest classes of what arrives of a bias's shifts at the output of each node, in topological order.
///
/// # Example
/// ```
/// use untied_redundancy::network::{Network, Operation, Pool, Pooling};
/// use untied_redundancy::shift_flow::ShiftFlow;
/// use untied_redundancy::{Bias, Mode, Normalization, ShiftClass};
///
/// let mut network = Network::new([4, 6, 6])?;
/// let bias = network.then("bias", Operation::Bias(Bias::Untied))?;
/// let pool = network.then("pool", Operation::Pooling(Pooling::new(Pool::Max, [2, 2])))?;
/// let norm = network.then("norm", Operation::Normalization { normalization: Normalization::Batch, beta: true })?;
///
/// let flow = ShiftFlow::new(&network, Mode::Training);
/// let trace = flow.trace(&flow.site(bias).expect("a bias"));
/// let at = |classes: &[ShiftClass]| [bias, pool, norm].map(|node| classes[node.index()]);
/// // Only one value per channel passes a maximum, and batch norm removes it.
/// assert_eq!(at(&trace.all), [ShiftClass::Everything, ShiftClass::Groups(4), ShiftClass::Nothing]);
/// assert_eq!(at(&trace.redundant), [ShiftClass::Groups(4), ShiftClass::Groups(4), ShiftClass::Nothing]);
/// # Ok::<(), untied_redundancy::network::NetworkError>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Trace {
    /// Of all shifts of the bias.
    pub all: Vec<ShiftClass>,
    /// Of those that are removed.
    pub redundant: Vec<ShiftClass>,
}

impl ShiftFlow<'_> {
    /// Follows the shifts of a bias to every node behind it.
    pub fn trace(&self, site: &Site) -> Trace {
        let shifts = shifts_of(&site.terms);
        let arrivals = |class| self.arrivals(site.node, class, None);
        Trace { all: arrivals(shifts), redundant: arrivals(site.removed.meet(shifts)) }
    }
}
