//! Batch norm's statistics once training is over.

use super::evaluated::Evaluated;
use super::run::{Divergence, Run};
use crate::measure::Subject;

impl Run<'_> {
    /// Metrics of the model as it is; else why the run ends here.
    pub(super) fn evaluate(&self, epoch: usize) -> Result<Evaluated, Divergence> {
        let Subject { model, dataset, input, .. } = &self.subject;
        let of = |split| self.subject.evaluate(model, split, input);
        let evaluated = Evaluated { test: of(&dataset.test), validation: dataset.validation.as_ref().map(of) };
        let Some((name, loss)) = evaluated.broken() else { return Ok(evaluated) };
        let step = self.step_losses.len();
        Err(Divergence { epoch, step, reason: format!("{name} loss became {loss} at step {step}") })
    }

    /// Estimates batch norm's running statistics again on all training images, where the config asks for it.
    pub(super) fn reestimate(&mut self) -> Option<Divergence> {
        let Subject { config, dataset, input, device, dtype, generator, model, .. } = &self.subject;
        if !config.train.reestimate_statistics || !model.has_statistics() {
            return None;
        }
        // At random: in their own order, images may come class by class.
        let order = generator.stream("statistics/order").permutation(dataset.train.count);
        let batches = order.chunks_exact(config.train.batch_size);
        let mut model = model.copy();
        model.estimate_statistics(batches.map(|indices| input.batch(&dataset.train, indices, device, *dtype)));
        self.subject.model = model;
        match self.evaluate(self.epochs()) {
            Ok(evaluated) => {
                self.answers = evaluated.test.answers.clone();
                self.reestimated = Some(evaluated);
                None
            }
            Err(divergence) => Some(divergence),
        }
    }
}
