use std::rc::Rc;

/// For each element of an output, which element of an input it reads, if any.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Map {
    /// The element of the same index.
    Same,
    /// The element that broadcasting from the first shape to the second puts there.
    Broadcast(Vec<usize>, Vec<usize>),
    /// The elements listed; [`Map::NONE`] reads nothing.
    Reads(Rc<[u32]>),
}

impl Map {
    /// The index that stands for no element.
    pub(crate) const NONE: u32 = u32::MAX;

    /// Broadcasting from one shape to another of at least its rank.
    pub(crate) fn broadcast(from: &[usize], to: &[usize]) -> Self {
        let leading = to.len() - from.len();
        let own = [vec![1; leading], from.to_vec()].concat();
        if own == to { Self::Same } else { Self::Broadcast(own, to.to_vec()) }
    }

    /// The index that each of `count` elements of the output reads.
    pub(crate) fn table(&self, count: usize) -> Rc<[u32]> {
        match self {
            Self::Same => (0..count as u32).collect(),
            Self::Reads(reads) => Rc::clone(reads),
            Self::Broadcast(own, to) => broadcast(own, to).into(),
        }
    }
}

/// Axis by axis from the first: indices so far, each followed by those of the next axis.
fn broadcast(own: &[usize], to: &[usize]) -> Vec<u32> {
    let mut indices = vec![0_u32];
    for (&own, &size) in own.iter().zip(to) {
        let step = |at: usize| if own == 1 { 0 } else { at as u32 };
        indices = indices.iter().flat_map(|index| (0..size).map(move |at| index * own as u32 + step(at))).collect();
    }
    indices
}
