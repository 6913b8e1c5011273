//! What can be told of a cell before training: whether it can run, and its redundancy by theory.

use std::collections::HashMap;

use untied_study::{Bias, BiasPlace, CellConfig, ModelConfig, Parameters, Parametrization};

use untied_redundancy::network::NodeId;

use crate::model::plan::Plan;
use crate::prepare::{DataSize, fit, load};
use crate::{TrainerError, device};

/// A model's layers, by theory.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ModelSummary {
    /// Channels, height and width of the images.
    pub input: [usize; 3],
    /// Number of classes.
    pub classes: usize,
    /// Their names, where the data have names.
    pub class_names: Option<Vec<String>>,
    /// One entry per block.
    pub layers: Vec<LayerSummary>,
    /// Trainable numbers.
    pub parameters: Parameters,
}

/// One block's convolution and what its normalization removes of its bias.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LayerSummary {
    /// `block1`, …
    pub layer: String,
    /// Channels, height and width of the convolution's output.
    pub output: [usize; 3],
    /// The bias mode, as in the config, and where it stands, if not at the convolution.
    pub bias: String,
    /// The normalization, as in the config.
    pub norm: String,
    /// Parameters of the convolution's weight.
    pub weights: usize,
    /// What makes the weight of them.
    pub parametrization: Parametrization,
    /// Numbers of the bias.
    pub bias_parameters: usize,
    /// Dimensions of the bias that the normalization removes.
    pub redundant: usize,
}

/// Looks at the cells of a study before any is trained; each data set is read once.
#[derive(Debug, Default)]
pub struct Planner {
    /// By the config of the data.
    sizes: HashMap<String, DataSize>,
}

impl Planner {
    /// Checks that a cell can be trained here, without training: data, device, sizes.
    ///
    /// # Errors
    /// See [`TrainerError`].
    pub fn check(&mut self, config: &CellConfig) -> Result<(), TrainerError> {
        device::check(config.train.device)?;
        self.plan(config).map(|_| ())
    }

    /// Works out a cell's model, with nothing trained.
    ///
    /// # Errors
    /// If the data cannot be read or the model does not fit them.
    pub fn explain(&mut self, config: &CellConfig) -> Result<ModelSummary, TrainerError> {
        let (data, plan) = self.plan(config)?;
        Ok(ModelSummary {
            input: data.shape,
            classes: data.classes,
            class_names: data.class_names,
            layers: layers(config, &plan),
            parameters: plan.parameters(),
        })
    }

    fn plan(&mut self, config: &CellConfig) -> Result<(DataSize, Plan), TrainerError> {
        config.check()?;
        let key = format!("{:?}", config.data);
        let data = match self.sizes.get(&key) {
            Some(data) => data.clone(),
            None => load(config)?.2,
        };
        self.sizes.insert(key, data.clone());
        let plan = fit(config, &data)?;
        Ok((data, plan))
    }
}

/// [`Planner::check`] of a single cell.
///
/// # Errors
/// See [`TrainerError`].
pub fn check(config: &CellConfig) -> Result<(), TrainerError> {
    Planner::default().check(config)
}

/// [`Planner::explain`] of a single cell.
///
/// # Errors
/// If the data cannot be read or the model does not fit them.
pub fn explain(config: &CellConfig) -> Result<ModelSummary, TrainerError> {
    Planner::default().explain(config)
}

/// One entry per convolution.
fn layers(config: &CellConfig, plan: &Plan) -> Vec<LayerSummary> {
    let layer = |(id, layer): (NodeId, &str)| {
        let bias = plan.bias_of(layer);
        LayerSummary {
            layer: layer.to_owned(),
            output: plan.network.node(id).output,
            bias: bias_name(&config.model),
            norm: config.model.norm.to_string(),
            weights: plan.network.parameters(id),
            parametrization: config.model.weight,
            bias_parameters: bias.map_or(0, |bias| bias.terms.parameters()),
            redundant: bias.map_or(0, |bias| bias.redundancy.dimensions()),
        }
    };
    plan.convolutions().map(layer).collect()
}

fn bias_name(model: &ModelConfig) -> String {
    let name = model.bias.to_string();
    match model.bias_after {
        _ if model.bias == Bias::None => name,
        BiasPlace::Convolution => name,
        BiasPlace::Norm => format!("{name} after norm"),
        BiasPlace::Activation => format!("{name} after ReLU"),
    }
}
