//! Cross-entropy.

use burn::tensor::activation::log_softmax;
use burn::tensor::{Int, Tensor};

/// Mean over the batch of −log softmax(scores)[label], in nats; scores `[n, classes]`, labels `[n]`.
pub(crate) fn cross_entropy(scores: Tensor<2>, labels: Tensor<1, Int>) -> Tensor<1> {
    let log_probabilities = log_softmax(scores, 1);
    -log_probabilities.gather(1, labels.unsqueeze_dim(1)).mean()
}

/// −(1 − s)·log p[label] − s·mean(log p), the mean over the batch: every class has its share of the smoothing s (Szegedy et
/// al. 2016).
pub(crate) fn smoothed_cross_entropy(scores: Tensor<2>, labels: Tensor<1, Int>, smoothing: f64) -> Tensor<1> {
    if smoothing == 0.0 {
        return cross_entropy(scores, labels);
    }
    let of_all = -log_softmax(scores.clone(), 1).mean();
    cross_entropy(scores, labels) * (1.0 - smoothing) + of_all * smoothing
}

/// The same on the host in f64, for one image.
pub(crate) fn cross_entropy_of(scores: &[f64], label: usize) -> f64 {
    let largest = scores.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    let sum: f64 = scores.iter().map(|score| (score - largest).exp()).sum();
    sum.ln() + largest - scores[label]
}
