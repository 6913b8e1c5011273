//! A trained model on shifted images, with nothing adapted but the bias of its first convolution.
//!
//! A shift δ(y, x) of the input adds w∗δ to the first convolution's output, the same for every image. An untied bias can
//! take it away again, b = b₀ − w∗δ, whatever δ is; a tied one only the part that is the same everywhere.

mod fine_tuning;
mod first_bias;

use burn::module::Module;
use burn::tensor::Tensor;
use untied_study::{Adaptation, Adapting, Event, NormStatistics, ShiftConfig, ShiftPattern};

use crate::adaptation::fine_tuning::FineTuning;
use crate::adaptation::first_bias::FirstBias;
use crate::evaluation::evaluate;
use crate::input::Input;
use crate::model::Net;
use crate::norm::Norm;
use crate::run::Run;
use crate::shift::pattern;
use crate::training::Emit;

/// Training images on which batch norm's statistics are estimated again, at most.
const REESTIMATED_ON: usize = 1000;

/// Training images that no bias is tuned on: the learning rate is chosen on them.
pub(crate) const HELD_OUT: usize = 200;

/// Every shift, every kind of statistics, every way of adapting.
pub(crate) fn adaptations(run: &Run<'_>, config: &ShiftConfig, emit: &mut Emit<'_>) -> Vec<Adaptation> {
    let mut all = Vec::new();
    for &kind in &config.patterns {
        for draw in 0..config.draws {
            for &strength in &config.strengths {
                emit(&Event::Measuring { what: format!("{kind} shift of {strength}") });
                let shifted = Shifted::new(run, Shift { kind, draw, strength });
                shifted.adapt(&config.images, &mut all);
            }
        }
    }
    all
}

#[derive(Clone, Copy)]
struct Shift {
    kind: ShiftPattern,
    draw: usize,
    strength: f64,
}

/// A trained model that meets a shift.
struct Shifted<'r, 'a> {
    run: &'r Run<'a>,
    shift: Shift,
    /// δ, `[c, h, w]`.
    delta: Vec<f64>,
    /// Shifted images.
    input: Input,
    /// Training images in random order: those to learn from first, those to choose by last.
    order: Vec<usize>,
}

impl<'r, 'a> Shifted<'r, 'a> {
    fn new(run: &'r Run<'a>, shift: Shift) -> Self {
        let split = &run.dataset.train;
        let shape = [split.channels, split.height, split.width];
        let delta = pattern(shift.kind, run.generator, shift.draw, shift.strength, shape);
        let order = run.generator.stream(&format!("shift/images/{}", shift.draw)).permutation(split.count);
        Self { run, shift, input: run.input.shifted_by(delta.clone()), delta, order }
    }

    fn adapt(&self, images: &[usize], all: &mut Vec<Adaptation>) {
        for statistics in [NormStatistics::Trained, NormStatistics::Reestimated] {
            if statistics == NormStatistics::Trained || has_running_statistics(&self.run.model) {
                self.adapt_with(statistics, images, all);
            }
        }
    }

    fn adapt_with(&self, statistics: NormStatistics, images: &[usize], all: &mut Vec<Adaptation>) {
        let model = &self.run.model;
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
                let tuned = FineTuning::of(self, images).best(&bias.of(&start));
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
        let run = self.run;
        let device = run.device.clone().without_autodiff();
        let test = evaluate(&adapted.valid(), &run.dataset.test, &self.input, &device, run.dtype);
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
        let split = &self.run.dataset.train;
        let shape = [1, split.channels, split.height, split.width];
        let data = burn::tensor::TensorData::new(delta.to_vec(), shape);
        Tensor::from_data(data, (&self.run.device, self.run.dtype))
    }

    /// δ as the mean of some shifted images less the mean of all clean training images.
    fn estimate(&self, images: usize) -> Vec<f64> {
        let split = &self.run.dataset.train;
        let clean = self.run.input.mean(split, &(0..split.count).collect::<Vec<_>>());
        let seen = self.input.mean(split, &self.order[..images]);
        seen.iter().zip(clean).map(|(seen, clean)| seen - clean).collect()
    }

    /// The model with batch norm's running statistics replaced by those of shifted training images.
    fn reestimated(&self, model: &Net) -> Net {
        let mut model = model.copy();
        for block in &mut model.blocks {
            if let Some(Norm::Batch(norm)) = &mut block.norm {
                norm.momentum = Some(1.0);
            }
        }
        let images = &self.order[..self.order.len().min(REESTIMATED_ON)];
        let _ = model.forward(self.input.batch(&self.run.dataset.train, images, &self.run.device, self.run.dtype));
        model
    }
}

fn has_running_statistics(model: &Net) -> bool {
    model.blocks.iter().any(|block| matches!(block.norm, Some(Norm::Batch(_))))
}
