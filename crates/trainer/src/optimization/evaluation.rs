//! Loss and accuracy on a held-out set.

use burn::tensor::{DType, Device};
use untied_study::{Answers, Confusion};

use crate::data::Split;
use crate::data::transform::batch::Input;
use crate::model::net::Net;
use crate::model::tensors::host;
use crate::optimization::loss::cross_entropy_of;

/// Images evaluated at once; the result does not depend on it.
pub(crate) const BATCH: usize = 250;

/// What a model does on a set of images.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Evaluation {
    /// Share of images classified rightly.
    pub(crate) accuracy: f64,
    /// Mean cross-entropy in nats.
    pub(crate) loss: f64,
    /// Which of the images were classified rightly, in their order.
    pub(crate) answers: Answers,
    /// How many images of each class got which answer.
    pub(crate) confusion: Confusion,
}

/// Evaluates a model without autodiff, so that batch norm uses its running statistics, on some of the images. Sums are
/// taken in f64.
pub(crate) fn evaluate(
    model: &Net,
    split: &Split,
    images: &[usize],
    input: &Input,
    device: &Device,
    dtype: DType,
) -> Evaluation {
    let mut right = Vec::with_capacity(images.len());
    let (mut loss, mut confusion) = (0.0, Confusion::default());
    for indices in images.chunks(BATCH) {
        let scores = model.forward(input.batch(split, indices, device, dtype));
        let [_, classes] = scores.dims();
        if confusion.is_empty() {
            confusion = Confusion::new(classes);
        }
        for (scores, &index) in host(scores).chunks(classes).zip(indices) {
            let (label, answer) = (usize::from(split.labels[index]), highest(scores));
            right.push(answer == label);
            confusion.count(label, answer);
            loss += cross_entropy_of(scores, label);
        }
    }
    let count = right.iter().filter(|&&right| right).count();
    let images = images.len() as f64;
    let answers = right.into_iter().collect();
    Evaluation { accuracy: count as f64 / images, loss: loss / images, answers, confusion }
}

/// Index of the highest score, of the first where several tie.
fn highest(scores: &[f64]) -> usize {
    (0..scores.len()).fold(0, |best, index| if scores[index] > scores[best] { index } else { best })
}
