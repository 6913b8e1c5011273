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

#[cfg(test)]
mod tests {
    use burn::tensor::{DType, Device, TensorData};

    use super::*;
    use crate::random::Generator;

    /// −Σ_k q_k·log p_k with q_k = (1 − s)·[k = label] + s/K, the mean over the images.
    #[test]
    fn a_smoothed_label_has_its_share_of_every_class() {
        const CLASSES: usize = 5;
        let (labels, smoothing) = ([3, 0, 0, 4], 0.2);
        let mut stream = Generator::new(1).stream("scores");
        let scores: Vec<f64> = (0..labels.len() * CLASSES).map(|_| 3.0 * stream.normal()).collect();
        let of_image = |(scores, label): (&[f64], usize)| -> f64 {
            let sum: f64 = scores.iter().map(|score| score.exp()).sum();
            let share = |class| if class == label { 1.0 - smoothing } else { 0.0 } + smoothing / CLASSES as f64;
            (0..CLASSES).map(|class| -share(class) * (scores[class].exp() / sum).ln()).sum()
        };
        let images = scores.chunks(CLASSES).zip(labels);
        let expected = images.map(of_image).sum::<f64>() / labels.len() as f64;

        let device = Device::flex();
        let data = TensorData::new(scores, [labels.len(), CLASSES]);
        let scores = || Tensor::<2>::from_data(data.clone(), (&device, DType::F64));
        let labels = || Tensor::<1, Int>::from_ints([3, 0, 0, 4], &device);
        let value = |loss: Tensor<1>| loss.into_data().convert::<f64>().try_to_vec::<f64>().unwrap()[0];
        let found = value(smoothed_cross_entropy(scores(), labels(), smoothing));
        assert!((found - expected).abs() < 1e-12, "{found} instead of {expected}");
        let [none, plain] = [smoothed_cross_entropy(scores(), labels(), 0.0), cross_entropy(scores(), labels())];
        assert_eq!(value(none), value(plain));
    }
}
