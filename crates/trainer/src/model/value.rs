//! The outputs of a network's nodes while a forward pass goes on.

use burn::tensor::Tensor;
use untied_redundancy::network::{Network, NodeId};

/// The output of a node for a batch of images.
#[derive(Debug, Clone)]
pub(crate) enum Value {
    /// Feature maps `[n, c, h, w]`.
    Maps(Tensor<4>),
    /// Vectors `[n, features]`.
    Vectors(Tensor<2>),
}

impl Value {
    /// As feature maps; of vectors, with one location.
    pub(crate) fn maps(self) -> Tensor<4> {
        match self {
            Self::Maps(maps) => maps,
            Self::Vectors(vectors) => vectors.unsqueeze_dims(&[2, 3]),
        }
    }

    /// As vectors, which networks are planned to ask of feature maps with one location alone.
    pub(crate) fn vectors(self) -> Tensor<2> {
        match self {
            Self::Vectors(vectors) => vectors,
            maps @ Self::Maps(_) => maps.flattened(),
        }
    }

    /// All elements of each image, channel by channel.
    pub(super) fn flattened(self) -> Tensor<2> {
        match self {
            Self::Maps(maps) => maps.flatten::<2>(1, 3),
            Self::Vectors(vectors) => vectors,
        }
    }

    /// Whether gradients are taken through it.
    pub(super) fn is_autodiff(&self) -> bool {
        match self {
            Self::Maps(maps) => maps.device().is_autodiff(),
            Self::Vectors(vectors) => vectors.device().is_autodiff(),
        }
    }

    /// The same function of either.
    pub(super) fn map(self, maps: impl Fn(Tensor<4>) -> Tensor<4>, vectors: impl Fn(Tensor<2>) -> Tensor<2>) -> Self {
        match self {
            Self::Maps(values) => Self::Maps(maps(values)),
            Self::Vectors(values) => Self::Vectors(vectors(values)),
        }
    }

    /// The sum of two of one kind.
    pub(super) fn plus(self, other: Self) -> Self {
        match (self, other) {
            (Self::Vectors(a), Self::Vectors(b)) => Self::Vectors(a + b),
            (a, b) => Self::Maps(a.maps() + b.maps()),
        }
    }
}

/// Outputs that are still to be read: each is handed over, not copied, to its last reader.
pub(super) struct Values {
    outputs: Vec<Option<Value>>,
    readers: Vec<usize>,
}

impl Values {
    pub(super) fn new(network: &Network, x: Tensor<4>) -> Self {
        let readers: Vec<usize> = network.nodes().map(|(id, _)| network.consumers(id).count()).collect();
        let mut outputs = vec![None; readers.len()];
        outputs[network.input().index()] = Some(Value::Maps(x));
        Self { outputs, readers }
    }

    /// The outputs of these nodes, each for one of their readers.
    pub(super) fn read(&mut self, ids: &[NodeId]) -> Vec<Value> {
        ids.iter().map(|&id| self.take(id)).collect()
    }

    fn take(&mut self, id: NodeId) -> Value {
        let readers = &mut self.readers[id.index()];
        *readers -= 1;
        let value = &mut self.outputs[id.index()];
        let value = if *readers == 0 { value.take() } else { value.clone() };
        value.expect("nodes are computed before they are read")
    }

    pub(super) fn put(&mut self, id: NodeId, value: Value) {
        self.outputs[id.index()] = Some(value);
    }
}
