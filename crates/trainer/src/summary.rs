//! What can be told of a cell before training: whether it can run, and its redundancy by theory.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use untied_redundancy::Mode;
use untied_redundancy::network::{Activation, Convolution, Node, NodeId, Operation, Parametrization, Pool, Pooling};
use untied_redundancy::shift_flow::{ShiftFlow, Site};
use untied_study::{CellConfig, Parameters};

use crate::model::plan::Plan;
use crate::prepare::{DataSize, fit, load, survey};
use crate::start::StartTensor;
use crate::{TrainerError, device, start};

/// A model's operations and biases, by theory.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ModelSummary {
    /// Channels, height and width of the images.
    pub input: [usize; 3],
    /// Number of classes.
    pub classes: usize,
    /// Their names, where the data have names.
    pub class_names: Option<Vec<String>>,
    /// Every operation but input and loss, in order.
    pub operations: Vec<OperationSummary>,
    /// Every bias, and every β of a normalization, in order.
    pub biases: Vec<BiasSummary>,
    /// Sentences on biases that share a part of what they do.
    pub shared: Vec<String>,
    /// What holds once batch norm is frozen, where the config has it frozen.
    pub frozen: Option<FrozenSummary>,
    /// Trainable parameters.
    pub parameters: Parameters,
    /// Multiplications with additions of convolutions and linear layers, for one image.
    pub multiply_adds: usize,
}

/// A model's biases once batch norm is frozen; its β are constants then.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FrozenSummary {
    /// The epochs before.
    pub after: usize,
    /// As of the model before.
    pub biases: Vec<BiasSummary>,
    /// As of the model before.
    pub shared: Vec<String>,
}

/// One operation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OperationSummary {
    /// Its name.
    pub name: String,
    /// What it is, with its settings: `convolution 3×3, stride 2`.
    pub operation: String,
    /// Channels, height and width of its output.
    pub output: [usize; 3],
    /// Parameters that training changes.
    pub parameters: usize,
    /// Multiplications with additions, of one image; none but of convolutions and linear layers.
    pub multiply_adds: usize,
}

/// A bias or a β, and what is redundant of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BiasSummary {
    /// Its name: `block1.convolution.bias`, or `β of block1.norm`.
    pub name: String,
    /// Parameters.
    pub parameters: usize,
    /// Dimensions of them that change nothing, whatever the weights.
    pub redundant: usize,
    /// By which path: `removed by norm3, through pool2; the rest is at work in relu2`.
    pub path: String,
}

/// Looks at the cells of a study before any is trained; each data set is read once.
#[derive(Debug, Default)]
pub struct Planner {
    /// By the config of the data, and the file that models start from.
    sizes: HashMap<String, DataSize>,
    /// The configs of models whose file was read.
    starts: HashSet<String>,
}

impl Planner {
    /// Checks that a cell can be trained here, without training: data, device, sizes.
    ///
    /// # Errors
    /// See [`TrainerError`].
    pub fn check(&mut self, config: &CellConfig) -> Result<(), TrainerError> {
        device::check(config.train.device)?;
        self.plan(config, true).map(|_| ())
    }

    /// Works out a cell's model, with nothing trained.
    ///
    /// # Errors
    /// If the data cannot be read or the model does not fit them.
    pub fn explain(&mut self, config: &CellConfig) -> Result<ModelSummary, TrainerError> {
        let (data, plan) = self.plan(config, false)?;
        let operations = operations(&plan);
        let (biases, shared) = flow(&plan, Mode::Training);
        let frozen = config.train.freeze_norm.after().filter(|_| plan.frozen().is_some()).map(|after| {
            let (biases, shared) = flow(&plan, Mode::FrozenNorm);
            FrozenSummary { after, biases, shared }
        });
        Ok(ModelSummary {
            input: data.shape,
            classes: data.classes,
            class_names: data.class_names,
            multiply_adds: operations.iter().map(|operation| operation.multiply_adds).sum(),
            operations,
            biases,
            shared,
            frozen,
            parameters: plan.parameters(),
        })
    }

    /// The tensors of a cell's model beside those of the file that it starts from, none where it starts from no file; and the
    /// error with which training would refuse them, if it would.
    ///
    /// # Errors
    /// If the data or the file cannot be read, or the model does not fit the data.
    pub fn start(&mut self, config: &CellConfig) -> Result<(Vec<StartTensor>, Result<(), TrainerError>), TrainerError> {
        let (_, plan) = self.plan(config, false)?;
        start::table(&config.model, &plan)
    }

    /// The checksums of the data that a cell which was [`check`](Self::check)ed would be trained on, as its result will
    /// name them.
    pub fn checksums(&self, config: &CellConfig) -> Option<&BTreeMap<String, String>> {
        self.sizes.get(&key(config, true)).map(|data| &data.checksums)
    }

    /// What was passed over in the data sets that were read, a line each.
    pub fn notes(&self) -> BTreeSet<&str> {
        self.sizes.values().flat_map(|size| &size.notes).map(String::as_str).collect()
    }

    /// Image files are decoded where their damage is to be found, which also leaves them in the cache for those that train.
    fn plan(&mut self, config: &CellConfig, decode: bool) -> Result<(DataSize, Plan), TrainerError> {
        config.check()?;
        let key = key(config, decode);
        let data = match self.sizes.get(&key) {
            Some(data) => data.clone(),
            None if decode => load(config)?.2,
            None => survey(config)?,
        };
        self.sizes.insert(key, data.clone());
        let plan = fit(config, &data)?;
        if decode && self.starts.insert(format!("{:?}", config.model)) {
            start::read(&config.model, &plan)?;
        }
        Ok((data, plan))
    }
}

fn key(config: &CellConfig, decode: bool) -> String {
    format!("{decode} {:?} {:?}", config.data, config.model.init_from)
}

/// The checksums of the data that a cell would be trained on now, as results name them.
///
/// # Errors
/// If the data cannot be read; see [`TrainerError`].
pub fn checksums(config: &CellConfig) -> Result<BTreeMap<String, String>, TrainerError> {
    Ok(load(config)?.2.checksums)
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

/// Every bias, and what biases share.
fn flow(plan: &Plan, mode: Mode) -> (Vec<BiasSummary>, Vec<String>) {
    let flow = ShiftFlow::new(&plan.network, mode);
    (flow.sites().into_iter().map(bias).collect(), flow.meetings().iter().map(ToString::to_string).collect())
}

fn bias(site: Site) -> BiasSummary {
    BiasSummary {
        name: site.name,
        parameters: site.terms.parameters(),
        redundant: site.redundancy.dimensions(),
        path: site.path.to_string(),
    }
}

fn operations(plan: &Plan) -> Vec<OperationSummary> {
    let summary = |(id, node): (NodeId, &Node)| {
        Some(OperationSummary {
            name: node.name.clone(),
            operation: description(plan, id)?,
            output: node.output,
            parameters: plan.network.parameters(id),
            multiply_adds: plan.network.multiply_adds(id),
        })
    };
    plan.network.nodes().filter_map(summary).collect()
}

/// What the operation of a node is, with its settings; none of one that does nothing of its own.
fn description(plan: &Plan, id: NodeId) -> Option<String> {
    Some(match &plan.network.node(id).operation {
        Operation::Input | Operation::Loss => return None,
        Operation::Convolution(convolution) => convolution_description(convolution),
        Operation::Bias(bias) => format!("{bias} bias"),
        Operation::Normalization { normalization, .. } => normalization.spec()?.title.to_owned(),
        Operation::Activation(activation) => activation_name(*activation).to_owned(),
        Operation::Pooling(Pooling { pool, kernel, stride, .. }) => {
            let name = if *pool == Pool::Max { "maximum" } else { "mean" };
            let stride = if stride == kernel { String::new() } else { format!(", stride {}", by(*stride)) };
            format!("{name} of {}{stride}", by(*kernel))
        }
        Operation::Mean => "mean over locations".to_owned(),
        Operation::Addition => "sum".to_owned(),
        Operation::Concatenation => "concatenation".to_owned(),
        Operation::ChannelPadding { .. } => "channels of zeros".to_owned(),
        Operation::Flatten => "flatten".to_owned(),
        Operation::Dropout => format!("dropout {}", plan.dropout.get(&id).copied().unwrap_or_default()),
        Operation::Linear { .. } => "linear".to_owned(),
    })
}

fn convolution_description(convolution: &Convolution) -> String {
    let by_axis = [("stride", convolution.stride), ("dilation", convolution.dilation)];
    let settings = by_axis.into_iter().filter(|(_, sizes)| *sizes != [1, 1]);
    let groups = (convolution.groups > 1).then(|| format!("{} groups", convolution.groups));
    let weight = (convolution.weight != Parametrization::Plain).then(|| convolution.weight.to_string());
    let first = format!("convolution {}", by(convolution.kernel));
    let parts = settings.map(|(name, sizes)| format!("{name} {}", by(sizes))).chain(groups).chain(weight);
    std::iter::once(first).chain(parts).collect::<Vec<_>>().join(", ")
}

fn activation_name(activation: Activation) -> &'static str {
    match activation {
        Activation::Relu => "ReLU",
        Activation::LeakyRelu => "leaky ReLU",
        Activation::Gelu => "GELU",
        Activation::Silu => "SiLU",
        Activation::Sigmoid => "sigmoid",
        Activation::Tanh => "tanh",
    }
}

fn by([height, width]: [usize; 2]) -> String {
    format!("{height}×{width}")
}
