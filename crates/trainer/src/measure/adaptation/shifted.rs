//! A trained model that meets a shift, and the ways to adapt it.

use burn::tensor::Tensor;
use untied_study::{Adaptation, Adapting, NormStatistics, ShiftPattern};

use super::fine_tuning::FineTuning;
use super::first_bias::FirstBias;
use crate::data::transform::batch::Input;
use crate::data::transform::shift::pattern;
use crate::measure::subject::Subject;
use crate::model::net::Net;

/// Training images on which batch norm's statistics are estimated again, at most.
const REESTIMATED_ON: usize = 1000;

/// A fixed tensor that is added to every image.
#[derive(Clone, Copy)]
pub(super) struct Shift {
    pub(super) kind: ShiftPattern,
    pub(super) draw: usize,
    pub(super) strength: f64,
}

/// A trained model that meets a shift.
pub(super) struct Shifted<'s> {
    subject: &'s Subject<'s>,
    shift: Shift,
    /// δ, `[c, h, w]`.
    delta: Vec<f64>,
    /// Shifted images.
    input: Input,
    /// Training images in random order: those to learn from first, those to choose by last.
    order: Vec<usize>,
}

impl<'s> Shifted<'s> {
    pub(super) fn new(subject: &'s Subject<'s>, shift: Shift) -> Self {
        let split = &subject.dataset.train;
        let shape = [split.channels, split.height, split.width];
        let delta = pattern(shift.kind, subject.generator, shift.draw, shift.strength, shape);
        let order = subject.generator.stream(&format!("shift/images/{}", shift.draw)).permutation(split.count);
        Self { subject, shift, input: subject.input.shifted_by(delta.clone()), delta, order }
    }

    pub(super) fn adapt(&self, images: &[usize], all: &mut Vec<Adaptation>) {
        for statistics in [NormStatistics::Trained, NormStatistics::Reestimated] {
            if statistics == NormStatistics::Trained || self.subject.model.has_statistics() {
                self.adapt_with(statistics, images, all);
            }
        }
    }

    fn adapt_with(&self, statistics: NormStatistics, images: &[usize], all: &mut Vec<Adaptation>) {
        let model = &self.subject.model;
        let mut note = |bias: FirstBias, adapting: Adapting, images: Option<usize>, adapted: &Net| {
            all.push(self.outcome(statistics, (bias, adapting, images), adapted));
        };
        let settled = |model: Net| match statistics {
            NormStatistics::Trained => model,
            NormStatistics::Reestimated => self.reestimated(&model),
        };
        let start = settled(model.copy());
        note(FirstBias::None, Adapting::Nothing, None, &settled(FirstBias::None.of(model)));
        note(FirstBias::Tied, Adapting::Nothing, None, &start);
        for bias in [FirstBias::Tied, FirstBias::Untied] {
            let corrected = |delta: &[f64]| settled(bias.corrected(model, self.image(delta)));
            note(bias, Adapting::Exact, None, &corrected(&self.delta));
            for &images in images {
                note(bias, Adapting::MeanImages, Some(images), &corrected(&self.estimate(images)));
                let tuned = FineTuning::new(self.subject, &self.input, &self.order, images).best(&bias.of(&start));
                note(bias, Adapting::FineTuned, Some(images), &tuned);
            }
        }
    }

    fn outcome(
        &self,
        statistics: NormStatistics,
        (bias, adapting, images): (FirstBias, Adapting, Option<usize>),
        adapted: &Net,
    ) -> Adaptation {
        let test = self.subject.evaluate(adapted, &self.subject.dataset.test, &self.input);
        let Shift { kind, draw, strength } = self.shift;
        Adaptation {
            pattern: kind,
            strength,
            draw,
            statistics,
            bias: bias.name().to_owned(),
            adapting,
            images,
            accuracy: test.accuracy,
            loss: test.loss,
        }
    }

    /// δ as a single image.
    fn image(&self, delta: &[f64]) -> Tensor<4> {
        let split = &self.subject.dataset.train;
        let shape = [1, split.channels, split.height, split.width];
        let data = burn::tensor::TensorData::new(delta.to_vec(), shape);
        Tensor::from_data(data, (&self.subject.device, self.subject.dtype))
    }

    /// δ as the mean of some shifted images less the mean of all clean training images.
    fn estimate(&self, images: usize) -> Vec<f64> {
        let split = &self.subject.dataset.train;
        let clean = self.subject.input.mean(split, &(0..split.count).collect::<Vec<_>>());
        let seen = self.input.mean(split, &self.order[..images]);
        seen.iter().zip(clean).map(|(seen, clean)| seen - clean).collect()
    }

    /// The model with batch norm's running statistics replaced by those of shifted training images.
    fn reestimated(&self, model: &Net) -> Net {
        let Subject { dataset, device, dtype, .. } = self.subject;
        let mut model = model.copy();
        let images = &self.order[..self.order.len().min(REESTIMATED_ON)];
        model.estimate_statistics([self.input.batch(&dataset.train, images, device, *dtype)]);
        model
    }
}
