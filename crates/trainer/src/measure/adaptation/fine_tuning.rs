use burn::module::Module;
use burn::optim::GradientsParams;
use burn::tensor::Tensor;
use untied_study::Optimizer;

use crate::data::Split;
use crate::data::transform::batch::{Input, labels};
use crate::measure::subject::Subject;
use crate::model::net::Net;
use crate::optimization::application::Application;
use crate::optimization::loss::cross_entropy;
use crate::optimization::optimizer::optimizer;

/// Training images that no bias is tuned on: the learning rate is chosen on them.
pub(super) const HELD_OUT: usize = 200;

/// Learning rates of Adam that are tried; not to tune at all is tried too.
const RATES: [f64; 3] = [0.01, 0.05, 0.2];
const STEPS: usize = 50;
/// Where a bound is looked for.
const STEPS_OF_BEST: usize = 150;
const BATCH: usize = 64;

/// Gradient steps of the first bias alone, on shifted training images with their labels.
pub(super) struct FineTuning<'s> {
    subject: &'s Subject<'s>,
    /// Shifted images.
    input: &'s Input,
    split: &'s Split,
    /// To learn from.
    images: &'s [usize],
    /// To choose the learning rate by.
    held_out: &'s [usize],
    steps: usize,
}

impl<'s> FineTuning<'s> {
    /// Learns from the first `images` of the training images in this order, and chooses by the last.
    pub(super) fn new(subject: &'s Subject<'s>, input: &'s Input, order: &'s [usize], images: usize) -> Self {
        let (images, held_out) = (&order[..images], &order[order.len() - HELD_OUT..]);
        Self { subject, input, split: &subject.dataset.train, images, held_out, steps: STEPS }
    }

    /// Learns from the test images themselves, all of which are `images`, and chooses by them: no way to adapt, but a bound.
    pub(super) fn by_test_images(subject: &'s Subject<'s>, input: &'s Input, images: &'s [usize]) -> Self {
        Self { subject, input, split: &subject.dataset.test, images, held_out: images, steps: STEPS_OF_BEST }
    }

    /// The one of two models with the lower loss on the held-out images.
    pub(super) fn better<'m>(&self, models: [&'m Net; 2]) -> &'m Net {
        let [first, second] = models.map(|model| self.held_out_loss(model));
        if second < first { models[1] } else { models[0] }
    }

    /// The model with the bias of the learning rate that has the lowest loss on the held-out images.
    pub(super) fn best(&self, model: &Net) -> Net {
        let mut best = (self.held_out_loss(model), model.copy());
        for rate in RATES {
            let tuned = self.tuned(model, rate);
            let loss = self.held_out_loss(&tuned);
            if loss < best.0 {
                best = (loss, tuned);
            }
        }
        best.1
    }

    fn held_out_loss(&self, model: &Net) -> f64 {
        self.subject.evaluate_on(model, self.split, self.held_out, self.input).loss
    }

    /// Everything but the first bias is frozen, batch norm on its running statistics among it.
    fn tuned(&self, model: &Net, learning_rate: f64) -> Net {
        let adam = Optimizer::Adam { learning_rate, beta_1: 0.9, beta_2: 0.999, epsilon: 1e-8, weight_decay: 0.0 };
        let mut optimizer = optimizer(&adam, Application::plain(&self.subject.device));
        let mut model = model.copy().freeze();
        let bias = model.plan().biases[0].node;
        model.set_terms(bias, model.terms(bias).iter().cloned().map(|term| term.set_require_grad(true)).collect());
        let mut stream = self.subject.generator.stream("shift/order");
        let mut order = Vec::new();
        for _ in 0..self.steps {
            if order.is_empty() {
                order = self.images.to_vec();
                stream.shuffle(&mut order);
            }
            let batch = order.split_off(order.len().saturating_sub(BATCH));
            let gradients = GradientsParams::from_grads(self.loss(&model, &batch).backward(), &model);
            model = optimizer.step(learning_rate, model, gradients);
        }
        model
    }

    fn loss(&self, model: &Net, indices: &[usize]) -> Tensor<1> {
        let Subject { device, dtype, .. } = self.subject;
        let x = self.input.batch(self.split, indices, device, *dtype);
        cross_entropy(model.forward(x), labels(self.split, indices, device))
    }
}
