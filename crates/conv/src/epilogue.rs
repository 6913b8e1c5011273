//! The epilogue of a convolution in evaluation: a batch norm by given statistics, an addition and a ReLU, as one operation with
//! it.

use burn::backend::tensor::FloatTensor;
use burn::backend::{Backend, ExtensionType};
use burn::tensor::Tensor;
use untied_kernels::norm_by_given_statistics;

/// What follows a convolution in evaluation, and is computed with it, in one pass over memory less for each:
///
/// ```text
/// z = γ·(y − μ)/√(σ² + ε) + β    of the convolution's output y, by given statistics of each channel
/// z = z + other                  if there is another
/// z = max(z, 0)                  with `relu`
/// ```
///
/// Each operation rounds as one of its own, so that on the CPU the result is equal, bit by bit, to that of convolution, batch
/// norm, addition and ReLU one after the other. (A GPU's compiler may fuse what follows each other.)
///
/// # Shapes
/// γ, β, μ and σ² `[channels_out]`, in any float type; `other` like y.
#[derive(Debug, Clone)]
pub struct Epilogue<const R: usize> {
    /// γ.
    pub gamma: Tensor<1>,
    /// β.
    pub beta: Tensor<1>,
    /// μ.
    pub mean: Tensor<1>,
    /// σ².
    pub var: Tensor<1>,
    /// ε.
    pub epsilon: f64,
    /// What is added, as where a residual block ends.
    pub other: Option<Tensor<R>>,
    /// Whether the result is rectified.
    pub relu: bool,
}

/// An [`Epilogue`] in the tensors of a backend.
#[derive(Debug, Clone, ExtensionType)]
pub struct EpilogueTensors<B: Backend> {
    /// γ.
    pub gamma: FloatTensor<B>,
    /// β.
    pub beta: FloatTensor<B>,
    /// μ.
    pub mean: FloatTensor<B>,
    /// σ².
    pub var: FloatTensor<B>,
    /// ε.
    pub epsilon: f64,
    /// What is added.
    #[extension_type]
    pub other: Given<B>,
    /// Whether the result is rectified.
    pub relu: bool,
}

/// A tensor, or none. (Burn does not take an `Option` to a backend.)
#[derive(Debug, Clone, ExtensionType)]
pub enum Given<B: Backend> {
    /// A tensor.
    Tensor(FloatTensor<B>),
    /// None.
    Nothing,
}

impl<B: Backend> Given<B> {
    /// As an option.
    pub(crate) fn tensor(self) -> Option<FloatTensor<B>> {
        match self {
            Self::Tensor(tensor) => Some(tensor),
            Self::Nothing => None,
        }
    }
}

/// What follows y, one operation after the other.
pub(crate) fn follow<B: Backend>(
    y: FloatTensor<B>,
    EpilogueTensors { gamma, beta, mean, var, epsilon, other, relu }: EpilogueTensors<B>,
) -> FloatTensor<B> {
    let normalized = norm_by_given_statistics::<B>(y, [gamma, beta, mean, var], epsilon);
    let sum = match other {
        Given::Tensor(other) => B::float_add(normalized, other),
        Given::Nothing => normalized,
    };
    if relu { B::relu(sum) } else { sum }
}
