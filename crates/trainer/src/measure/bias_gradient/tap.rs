//! A tap lets a feature map through as it is and, when the backward pass comes by, hands its gradient to a listener.
//!
//! Burn keeps the gradients of leaves alone. A leaf of zeros that is added to a map has the map's gradient, but zeros and
//! gradients of all maps would lie in memory until the end of the backward pass: three times what the step itself takes. A listener
//! takes its sums and lets go.
#![cfg_attr(feature = "ndarray", allow(deprecated, reason = "offered for comparison, as long as Burn has it"))]

use std::fmt;
use std::sync::Arc;

use burn::backend::autodiff::{
    Autodiff,
    checkpoint::{base::Checkpointer, strategy::CheckpointStrategy},
    grads::Gradients,
    ops::{Backward, Ops, OpsKind},
};
use burn::backend::tensor::FloatTensor;
use burn::backend::{Backend, Dispatch, backend_extension};
use burn::tensor::{Tensor, TensorData, read_sync};

/// The map itself; `listener` gets its gradient, once, in the backward pass.
pub(super) fn tapped<const D: usize>(
    map: Tensor<D>,
    listener: impl Fn(TensorData) + Send + Sync + 'static,
) -> Tensor<D> {
    Tensor::from_dispatch(Dispatch::untied_tap(map.into_dispatch(), Tap(Arc::new(listener))))
}

/// Who hears of a gradient.
#[derive(Clone)]
pub(super) struct Tap(Arc<dyn Fn(TensorData) + Send + Sync>);

impl fmt::Debug for Tap {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Tap")
    }
}

/// A backend whose maps can be tapped. Without autodiff a tap does nothing.
#[backend_extension(
    Flex: cfg(feature = "flex"),
    NdArray: cfg(feature = "ndarray"),
    Cube: cfg(any(feature = "wgpu", feature = "cuda")),
    Autodiff,
    Fusion: cfg(any(feature = "wgpu", feature = "cuda"))
)]
pub(super) trait TapBackend: Backend {
    /// x.
    #[fusion(default)]
    fn untied_tap(x: FloatTensor<Self>, tap: Tap) -> FloatTensor<Self> {
        drop(tap);
        x
    }
}

#[cfg(feature = "flex")]
impl TapBackend for burn::backend::Flex {}

#[cfg(feature = "ndarray")]
impl TapBackend for burn::backend::NdArray {}

#[cfg(any(feature = "wgpu", feature = "cuda"))]
impl TapBackend for burn_cubecl::CubeBackend {}

#[derive(Debug)]
struct TapNode;

impl<B: TapBackend> Backward<B, 1> for TapNode {
    type State = Tap;

    fn backward(self, ops: Ops<Tap, 1>, grads: &mut Gradients, _checkpointer: &mut Checkpointer) {
        let gradient = grads.consume::<B>(&ops.node);
        (ops.state.0)(read_sync(B::float_into_data(gradient.clone())).expect("a gradient can be read"));
        let [parent] = ops.parents;
        if let Some(node) = parent {
            grads.register::<B>(node.id, gradient);
        }
    }
}

impl<B: TapBackend, C: CheckpointStrategy> TapBackend for Autodiff<B, C> {
    fn untied_tap(x: FloatTensor<Self>, tap: Tap) -> FloatTensor<Self> {
        match TapNode.prepare::<C>([x.node()]).compute_bound().stateful() {
            OpsKind::Tracked(prepared) => prepared.finish(tap, x.into_primitive()),
            OpsKind::UnTracked(prepared) => prepared.finish(x.into_primitive()),
        }
    }
}
