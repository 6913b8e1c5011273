//! The images of one step, changed at random where the config asks for it.

use burn::tensor::{Int, Tensor};

use super::run::Run;
use crate::data::transform::augmentation::Mixup;
use crate::data::transform::batch::{labels, tensor};

/// What one step is taken on.
pub(super) struct Batch {
    /// `[n, c, h, w]`
    pub(super) x: Tensor<4>,
    /// `[n]`
    pub(super) labels: Tensor<1, Int>,
    /// With mixup, the share λ of the images themselves, and the labels of those that they are mixed with.
    pub(super) mixed: Option<(f64, Tensor<1, Int>)>,
}

pub(super) fn draw(run: &Run<'_>, indices: &[usize]) -> Batch {
    let subject = &run.subject;
    let (split, device) = (&subject.dataset.train, &subject.device);
    let own = labels(split, indices, device);
    let Some(augmentation) = &run.augmentation else {
        return Batch { x: subject.input.batch(split, indices, device, subject.dtype), labels: own, mixed: None };
    };
    let mut values = augmentation.values(&subject.input, split, indices, run.epochs() + 1);
    let mixup = augmentation.mixup(run.step_losses.len() + 1, indices.len());
    if let Some(mixup) = &mixup {
        values = mixup.mix(&values);
    }
    let shape = [indices.len(), split.channels, split.height, split.width];
    let mixed = mixup.map(|Mixup { share, partners }| {
        let partners: Vec<usize> = partners.iter().map(|&partner| indices[partner]).collect();
        (share, labels(split, &partners, device))
    });
    Batch { x: tensor(values, shape, device, subject.dtype), labels: own, mixed }
}
