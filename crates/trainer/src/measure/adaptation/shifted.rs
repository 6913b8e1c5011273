//! A trained model that meets a shift, and the ways to adapt it.

use burn::tensor::Tensor;
use untied_study::{Adaptation, Adapting, NormStatistics, ShiftConfig, ShiftPattern};

use super::fine_tuning::FineTuning;
use super::first_bias::FirstBias;
use crate::data::transform::batch::Input;
use crate::data::transform::shift::pattern;
use crate::measure::subject::Subject;
use crate::model::net::Net;

/// Training images on which batch norm's statistics are estimated again, at most.
const REESTIMATED_ON: usize = 1000;

/// What is added to images: one fixed tensor, unless each image has another.
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
    /// δ, `[c, h, w]`; none where each image has another.
    delta: Option<Vec<f64>>,
    /// Shifted images.
    input: Input,
    /// Training images in random order: those to learn from first, those to choose by last.
    order: Vec<usize>,
}

impl<'s> Shifted<'s> {
    pub(super) fn new(subject: &'s Subject<'s>, shift: Shift) -> Self {
        let split = &subject.dataset.train;
        let shape = [split.channels, split.height, split.width];
        let Shift { kind, draw, strength } = shift;
        let fixed = kind != ShiftPattern::Changing;
        let delta = fixed.then(|| pattern(kind, subject.generator, draw, strength, shape));
        let input = match &delta {
            Some(delta) => subject.input.shifted_by(delta.clone()),
            None => subject.input.shifted_one_by_one(subject.generator, draw, strength),
        };
        let order = subject.generator.stream(&format!("shift/images/{}", shift.draw)).permutation(split.count);
        Self { subject, shift, delta, input, order }
    }

    pub(super) fn adapt(&self, config: &ShiftConfig, all: &mut Vec<Adaptation>) {
        for statistics in [NormStatistics::Trained, NormStatistics::Reestimated] {
            if statistics == NormStatistics::Trained || self.subject.model.has_statistics() {
                self.adapt_with(statistics, config, all);
            }
        }
    }

    fn adapt_with(&self, statistics: NormStatistics, config: &ShiftConfig, all: &mut Vec<Adaptation>) {
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
        let corrected = |bias: FirstBias, delta: &[f64]| settled(bias.corrected(model, self.image(delta)));
        let exact = |bias| self.delta.as_ref().map(|delta| corrected(bias, delta));
        if config.best_tied {
            let exact = exact(FirstBias::Tied);
            note(FirstBias::Tied, Adapting::Best, None, &self.best(&start, exact.as_ref()));
        }
        for bias in [FirstBias::Tied, FirstBias::Untied] {
            if let Some(exact) = exact(bias) {
                note(bias, Adapting::Exact, None, &exact);
            }
            for &images in &config.images {
                note(bias, Adapting::MeanImages, Some(images), &corrected(bias, &self.estimate(images)));
                let tuned = FineTuning::new(self.subject, &self.input, &self.order, images).best(&bias.of(&start));
                note(bias, Adapting::FineTuned, Some(images), &tuned);
            }
        }
    }

    /// The model whose first bias has the lowest loss on the shifted test images that is found from one of these.
    fn best(&self, start: &Net, exact: Option<&Net>) -> Net {
        let images: Vec<usize> = (0..self.subject.dataset.test.count).collect();
        let tuning = FineTuning::by_test_images(self.subject, &self.input, &images);
        tuning.best(exact.map_or(start, |exact| tuning.better([start, exact])))
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
