//! What a run's model makes of the images that it is not trained on.

use crate::optimization::evaluation::Evaluation;

/// What a model makes of the images that it is not trained on.
pub(crate) struct Evaluated {
    pub(crate) test: Evaluation,
    /// Where images are held out for it.
    pub(crate) validation: Option<Evaluation>,
}

impl Evaluated {
    /// A loss that is no number, or infinite, and whose it is.
    pub(super) fn broken(&self) -> Option<(&'static str, f64)> {
        let losses = [("test", Some(self.test.loss)), ("validation", self.validation.as_ref().map(|set| set.loss))];
        losses.into_iter().find_map(|(name, loss)| Some((name, loss.filter(|loss| !loss.is_finite())?)))
    }
}
