//! Cross-entropy.

use burn::tensor::activation::log_softmax;
use burn::tensor::{Int, Tensor};

/// Mean over the batch of −log softmax(scores)[label], in nats; scores `[n, classes]`, labels `[n]`.
pub(crate) fn cross_entropy(scores: Tensor<2>, labels: Tensor<1, Int>) -> Tensor<1> {
    let log_probabilities = log_softmax(scores, 1);
    -log_probabilities.gather(1, labels.unsqueeze_dim(1)).mean()
}

/// The same on the host in f64, for one image.
pub(crate) fn cross_entropy_of(scores: &[f64], label: usize) -> f64 {
    let largest = scores.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    let sum: f64 = scores.iter().map(|score| (score - largest).exp()).sum();
    sum.ln() + largest - scores[label]
}
