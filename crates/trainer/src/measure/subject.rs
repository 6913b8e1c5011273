//! The model that is trained and measured, with what it sees.

use burn::module::Module;
use burn::tensor::{DType, Device};
use untied_study::CellConfig;

use crate::data::transform::batch::Input;
use crate::data::{Dataset, Split};
use crate::model::net::Net;
use crate::model::plan::Plan;
use crate::optimization::evaluation::{Evaluation, evaluate};
use crate::random::Generator;

/// A model with its config, its data and its device.
pub(crate) struct Subject<'a> {
    pub(crate) config: &'a CellConfig,
    pub(crate) plan: &'a Plan,
    pub(crate) dataset: &'a Dataset,
    pub(crate) input: Input,
    /// With autodiff.
    pub(crate) device: Device,
    pub(crate) dtype: DType,
    pub(crate) generator: Generator,
    pub(crate) model: Net,
}

impl Subject<'_> {
    /// Metrics of a model of this plan, by its running statistics.
    pub(crate) fn evaluate(&self, model: &Net, split: &Split, input: &Input) -> Evaluation {
        self.evaluate_on(model, split, &(0..split.count).collect::<Vec<_>>(), input)
    }

    /// [`evaluate`](Self::evaluate) on some of the images.
    pub(crate) fn evaluate_on(&self, model: &Net, split: &Split, images: &[usize], input: &Input) -> Evaluation {
        evaluate(&model.valid(), split, images, input, &self.device.clone().without_autodiff(), self.dtype)
    }
}
