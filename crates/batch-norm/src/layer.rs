//! Batch normalization as a module with running statistics.

use burn::config::Config;
use burn::module::{Content, DisplaySettings, Flag, Module, ModuleDisplay, Param, RunningState};
use burn::tensor::{DType, Device, Tensor};

use crate::functional::{check_values, normalize};
use crate::{Statistics, statistics_dtype};

/// Error of an impossible [`BatchNormConfig`].
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum BatchNormError {
    /// No channel, or a location axis of size zero.
    #[error("batch norm: expected at least one feature and non-empty sizes, got {features} features, {statistics:?}")]
    Empty {
        /// Number of channels asked for.
        features: usize,
        /// Statistics asked for.
        statistics: Statistics,
    },
    /// ε is not finite and positive.
    #[error("batch norm: expected a finite, positive epsilon, got {0}")]
    Epsilon(f64),
    /// The weight of the new batch is no share.
    #[error("batch norm: expected a momentum in [0, 1], got {0}")]
    Momentum(f64),
}

/// Configuration of a [`BatchNorm`].
///
/// ```
/// use burn::tensor::Device;
/// use untied_batch_norm::BatchNormConfig;
///
/// let norm = BatchNormConfig::new(16).with_momentum(None).init(&Device::default());
/// assert_eq!(norm.gamma.unwrap().dims(), [16]);
/// ```
#[derive(Config, Debug, PartialEq)]
pub struct BatchNormConfig {
    /// Number of channels c.
    pub features: usize,
    /// ε, added to the variance inside the root. Default: 1e-5.
    #[config(default = 1e-5)]
    pub epsilon: f64,
    /// Weight of the new batch in the running statistics, in [0, 1]; none: their plain (cumulative) average over
    /// all batches so far. Default: 0.1.
    #[config(default = "Some(0.1)")]
    pub momentum: Option<f64>,
    /// Whether γ and β are learned; otherwise γ = 1 and β = 0. Default: true.
    #[config(default = true)]
    pub affine: bool,
    /// Values that share a mean and a variance. Default: per channel.
    #[config(default = "Statistics::PerChannel")]
    pub statistics: Statistics,
}

impl BatchNormConfig {
    /// Checks the configuration without touching a device.
    ///
    /// # Errors
    /// If a size is zero, ε is not finite and positive, or the momentum is not in [0, 1].
    pub fn check(&self) -> Result<(), BatchNormError> {
        if self.statistics.count(self.features) == 0 {
            return Err(BatchNormError::Empty { features: self.features, statistics: self.statistics.clone() });
        }
        if !(self.epsilon.is_finite() && self.epsilon > 0.0) {
            return Err(BatchNormError::Epsilon(self.epsilon));
        }
        match self.momentum {
            Some(momentum) if !(0.0..=1.0).contains(&momentum) => Err(BatchNormError::Momentum(momentum)),
            _ => Ok(()),
        }
    }

    /// Makes the layer: γ = 1, β = 0, running mean 0, running variance 1.
    ///
    /// # Errors
    /// As [`check`](Self::check).
    pub fn try_init(&self, device: &Device) -> Result<BatchNorm, BatchNormError> {
        self.check()?;
        let count = self.statistics.count(self.features);
        let learned = |value: Tensor<1>| self.affine.then(|| Param::from_tensor(value));
        Ok(BatchNorm {
            gamma: learned(Tensor::ones([count], device)),
            beta: learned(Tensor::zeros([count], device)),
            running_mean: RunningState::new(Tensor::zeros([count], device)),
            running_var: RunningState::new(Tensor::ones([count], device)),
            batches: self.momentum.is_none().then(|| RunningState::new(Tensor::zeros([1], (device, DType::F32)))),
            training: Param::from_bool(true),
            features: self.features,
            epsilon: self.epsilon,
            momentum: self.momentum,
            statistics: self.statistics.clone(),
        })
    }

    /// Makes the layer: γ = 1, β = 0, running mean 0, running variance 1.
    ///
    /// # Panics
    /// With the text of the error of [`try_init`](Self::try_init).
    #[must_use]
    pub fn init(&self, device: &Device) -> BatchNorm {
        self.try_init(device).unwrap_or_else(|error| panic!("{error}"))
    }
}

/// Batch normalization over `[n, c, ...]`, by the batch's statistics in training and by running ones otherwise.
///
/// ```text
/// y = γ·x̂ + β,  x̂ = (x − μ)·r,  r = 1/√(σ² + ε)
/// running ← (1 − momentum)·running + momentum·batch
/// ```
///
/// σ² is the biased variance of the batch; the **running variance is the unbiased one**, σ²·m/(m − 1) with m values
/// per statistic, as in PyTorch. (Burn's own layer keeps the biased one.) Without momentum, the running statistics
/// are the plain average over all batches so far.
///
/// Batch statistics are used on an autodiff device, running ones otherwise (`module.valid()`) and in a frozen layer:
/// [`Module::freeze`] stops γ, β *and* the running statistics. Clones share their running statistics, as all of Burn's
/// running states do; take a snapshot with `valid()`.
///
/// # Shapes
/// x, y `[n, c, ...]`; γ, β and the running statistics `[c]`, or `[c·h·w…]` with [`Statistics::PerActivation`].
///
/// # Backward
/// See [`backward`](crate::backward) for the derivation.
///
/// # Source
/// Ioffe & Szegedy 2015, Batch Normalization, Algorithms 1 and 2; deviation: the cumulative average is PyTorch's.
#[derive(Module, Debug)]
#[module(custom_display)]
pub struct BatchNorm {
    /// γ, if learned.
    pub gamma: Option<Param<Tensor<1>>>,
    /// β, if learned.
    pub beta: Option<Param<Tensor<1>>>,
    /// Running mean.
    pub running_mean: RunningState<Tensor<1>>,
    /// Running, unbiased variance.
    pub running_var: RunningState<Tensor<1>>,
    /// Batches seen, kept where the running statistics are their plain average; in f32, as bf16 counts to 256.
    pub batches: Option<RunningState<Tensor<1>>>,
    /// Whether the layer may use and record batch statistics; [`Module::freeze`] disables it.
    pub training: Param<Flag>,
    /// Number of channels.
    #[module(skip)]
    pub features: usize,
    /// ε.
    #[module(skip)]
    pub epsilon: f64,
    /// Weight of the new batch in the running statistics; none: cumulative average.
    #[module(skip)]
    pub momentum: Option<f64>,
    /// Values that share a mean and a variance.
    #[module(skip)]
    pub statistics: Statistics,
}

impl BatchNorm {
    /// Normalizes `x`; on an autodiff device, unless frozen, also updates the running statistics.
    ///
    /// # Panics
    /// If x is not `[n, c, ...]` with the layer's c (and locations, for statistics per activation), or has fewer
    /// than two values per statistic in training.
    #[must_use]
    pub fn forward<const D: usize>(&self, x: Tensor<D>) -> Tensor<D> {
        self.forward_with(x, false)
    }

    /// max(y, 0) of [`forward`](Self::forward), with one pass over memory less in each direction.
    ///
    /// # Panics
    /// As [`forward`](Self::forward).
    #[must_use]
    pub fn forward_relu<const D: usize>(&self, x: Tensor<D>) -> Tensor<D> {
        self.forward_with(x, true)
    }

    fn forward_with<const D: usize>(&self, x: Tensor<D>, relu: bool) -> Tensor<D> {
        self.check_input(&x.dims());
        match &self.statistics {
            Statistics::PerChannel => self.by_channels(x, relu),
            // Each activation becomes a channel of its own.
            Statistics::PerActivation { .. } => {
                let dims = x.dims();
                if self.is_training(&x.device()) {
                    check_values("activation", dims[0], &dims);
                }
                self.by_channels(x.flatten::<2>(1, D - 1), relu).reshape(dims)
            }
        }
    }

    fn by_channels<const D: usize>(&self, x: Tensor<D>, relu: bool) -> Tensor<D> {
        if self.is_training(&x.device()) {
            return self.by_batch_statistics(x, relu);
        }
        let y = self.by_running_statistics(x);
        if relu { burn::tensor::activation::relu(y) } else { y }
    }

    fn is_training(&self, device: &Device) -> bool {
        device.is_autodiff() && self.training.is_enabled()
    }

    fn by_batch_statistics<const D: usize>(&self, x: Tensor<D>, relu: bool) -> Tensor<D> {
        let dims = x.dims();
        let values = dims.iter().product::<usize>() as f64 / dims[1] as f64;
        let (gamma, beta) = self.scale_and_shift(&x.device(), statistics_dtype(x.dtype()));
        let batch = normalize(x, gamma, beta, self.epsilon, relu);
        self.record(batch.mean.detach(), batch.var.detach() * (values / (values - 1.0)));
        batch.output
    }

    fn by_running_statistics<const D: usize>(&self, x: Tensor<D>) -> Tensor<D> {
        let (device, dtype) = (x.device(), x.dtype());
        let wide = statistics_dtype(dtype);
        let (gamma, beta) = self.scale_and_shift(&device, wide);
        let [mean, var] =
            [&self.running_mean, &self.running_var].map(|running| running.value().to_device(&device).cast(wide));
        burn::tensor::module::batch_norm(x.cast(wide), gamma, beta, mean, var, self.epsilon).cast(dtype)
    }

    fn scale_and_shift(&self, device: &Device, dtype: DType) -> (Tensor<1>, Tensor<1>) {
        let count = [self.statistics.count(self.features)];
        let learned = |param: &Param<Tensor<1>>| param.val().cast(dtype);
        let gamma = self.gamma.as_ref().map_or_else(|| Tensor::ones(count, (device, dtype)), learned);
        let beta = self.beta.as_ref().map_or_else(|| Tensor::zeros(count, (device, dtype)), learned);
        (gamma, beta)
    }

    /// running ← running + rate·(batch − running), with the momentum or 1/batches for the rate.
    ///
    /// Synchronised at once: a record of the layer would otherwise hold the statistics of the batch before.
    fn record(&self, mean: Tensor<1>, var: Tensor<1>) {
        let batches = self.batches.as_ref().map(|seen| count_one(seen, &mean.device()));
        for (running, batch) in [(&self.running_mean, mean), (&self.running_var, var)] {
            let old = running.value_sync().to_device(&batch.device()).cast(batch.dtype());
            let new = match (self.momentum, &batches) {
                (Some(rate), _) => old * (1.0 - rate) + batch * rate,
                (None, Some(batches)) => old.clone() + (batch - old.clone()) / batches.clone().cast(old.dtype()),
                (None, None) => unreachable!("a layer without momentum counts its batches"),
            };
            set(running, new);
        }
    }

    fn check_input(&self, dims: &[usize]) {
        let fits = match &self.statistics {
            Statistics::PerChannel => dims.len() >= 2 && dims[1] == self.features,
            Statistics::PerActivation { size } => dims.len() >= 2 && dims[1] == self.features && dims[2..] == size[..],
        };
        let rest = match &self.statistics {
            Statistics::PerChannel => "...".to_string(),
            Statistics::PerActivation { size } => size.iter().map(usize::to_string).collect::<Vec<_>>().join(", "),
        };
        assert!(fits, "batch norm: expected an input [n, {}, {rest}], got {dims:?}", self.features);
    }
}

fn set(running: &RunningState<Tensor<1>>, value: Tensor<1>) {
    running.update(value.detach());
    let _ = running.value_sync();
}

/// One batch more than `seen`, which is set to it.
fn count_one(seen: &RunningState<Tensor<1>>, device: &Device) -> Tensor<1> {
    let batches = seen.value_sync().to_device(device).cast(DType::F32) + 1.0;
    set(seen, batches.clone());
    batches
}

impl ModuleDisplay for BatchNorm {
    fn custom_settings(&self) -> Option<DisplaySettings> {
        DisplaySettings::new().with_new_line_after_attribute(false).optional()
    }

    fn custom_content(&self, content: Content) -> Option<Content> {
        content
            .add("features", &self.features)
            .add("epsilon", &self.epsilon)
            .add_debug_attribute("momentum", &self.momentum)
            .add("affine", &self.gamma.is_some())
            .add_debug_attribute("statistics", &self.statistics)
            .optional()
    }
}
