//! Batch normalization as a module with running statistics.

use burn::module::{Content, DisplaySettings, Flag, Module, ModuleDisplay, Param, RunningState};
use burn::tensor::ops::MaxPoolOptions;
use burn::tensor::{DType, Device, Tensor};

use crate::functional::{by_given_statistics, check_values, normalize};
use crate::running::{Round, Running};
use crate::{BatchNormOutput, Statistics, batch_norm_add_relu, batch_norm_relu_pool, statistics_dtype};

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
/// [`Module::freeze`] stops γ, β *and* the running statistics.
///
/// Clones share their running statistics, as all of Burn's running states do; take a snapshot with `valid()`. Clones in
/// several threads, such as the workers of a learner on several devices, update them together as Burn's own layer does:
/// with the average of the batches that the threads saw, one each, on top of the statistics before those. A thread that
/// comes again begins the next such round. Mean, variance and number of batches change at once, and no batch is lost.
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
    /// What the threads have added to the running statistics since each of them did.
    pub(crate) round: Round,
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

/// What is computed in the same pass.
#[expect(clippy::large_enum_variant, reason = "lives on the stack, for one call")]
enum Tail<const D: usize> {
    Nothing,
    Relu,
    /// Adds this, then rectifies.
    AddRelu(Tensor<D>),
}

fn values_per_channel(dims: &[usize]) -> f64 {
    dims.iter().product::<usize>() as f64 / dims[1] as f64
}

impl BatchNorm {
    /// What the layer does in evaluation, y = scale·x + shift for each statistic: scale = γ/√(σ² + ε) and
    /// shift = β − scale·μ, of the running σ² and μ. A convolution in front can take them in (`untied_conv::Conv::folded`).
    #[must_use]
    pub fn scale_and_shift(&self) -> (Tensor<1>, Tensor<1>) {
        let [gamma, beta, mean, var] = self.gamma_beta_mean_var();
        let scale = gamma / (var + self.epsilon).sqrt();
        (scale.clone(), beta - scale * mean)
    }

    /// γ, β and the running μ and σ², of which evaluation makes y = γ·(x − μ)/√(σ² + ε) + β; 1 and 0 where γ and β are not
    /// learned. A convolution in front can compute that too, to the same bits (`untied_conv::Epilogue`).
    #[must_use]
    pub fn gamma_beta_mean_var(&self) -> [Tensor<1>; 4] {
        let [mean, var] = self.round.read(&self.running());
        let (gamma, beta) = self.gamma_and_beta(&mean.device(), mean.dtype());
        [gamma, beta, mean, var]
    }

    /// Normalizes `x`; on an autodiff device, unless frozen, also updates the running statistics.
    ///
    /// # Panics
    /// If x is not `[n, c, ...]` with the layer's c (and locations, for statistics per activation), has fewer than two
    /// values per statistic in training, or is on another device than the layer.
    #[must_use]
    #[track_caller]
    pub fn forward<const D: usize>(&self, x: Tensor<D>) -> Tensor<D> {
        self.forward_with(x, Tail::Nothing)
    }

    /// max(y, 0) of [`forward`](Self::forward), with one pass over memory less in each direction.
    ///
    /// # Panics
    /// As [`forward`](Self::forward).
    #[must_use]
    #[track_caller]
    pub fn forward_relu<const D: usize>(&self, x: Tensor<D>) -> Tensor<D> {
        self.forward_with(x, Tail::Relu)
    }

    /// max(y + other, 0) of the y of [`forward`](Self::forward), as where a residual block ends, with two passes over memory
    /// less in each direction.
    ///
    /// # Panics
    /// As [`forward`](Self::forward), or if `other` is not like x.
    #[must_use]
    #[track_caller]
    pub fn forward_add_relu<const D: usize>(&self, x: Tensor<D>, other: Tensor<D>) -> Tensor<D> {
        self.forward_with(x, Tail::AddRelu(other))
    }

    /// The largest element of each 2×2 window, without overlap, of [`forward_relu`](Self::forward_relu): `[n, c, ⌊h/2⌋,
    /// ⌊w/2⌋]`; the rectified maps never reach memory in training.
    ///
    /// # Panics
    /// As [`forward`](Self::forward).
    #[must_use]
    #[track_caller]
    pub fn forward_relu_pool(&self, x: Tensor<4>) -> Tensor<4> {
        let pools = self.statistics == Statistics::PerChannel && self.is_training(&x.device());
        if !pools {
            let options = MaxPoolOptions::new([2, 2]).with_stride([2, 2]);
            return burn::tensor::module::max_pool2d(self.forward_relu(x), options);
        }
        self.check_input(&x.dims());
        let values = values_per_channel(&x.dims());
        let (gamma, beta) = self.gamma_and_beta(&x.device(), statistics_dtype(x.dtype()));
        self.recorded(batch_norm_relu_pool(x, gamma, beta, self.epsilon), values)
    }

    #[track_caller]
    fn forward_with<const D: usize>(&self, x: Tensor<D>, tail: Tail<D>) -> Tensor<D> {
        self.check_input(&x.dims());
        match &self.statistics {
            Statistics::PerChannel => self.by_channels(x, tail),
            // Each activation becomes a channel of its own.
            Statistics::PerActivation { .. } => {
                let dims = x.dims();
                if self.is_training(&x.device()) {
                    check_values("activation", dims[0], &dims);
                }
                let flat = |tensor: Tensor<D>| tensor.flatten::<2>(1, D - 1);
                let tail = match tail {
                    Tail::Nothing => Tail::Nothing,
                    Tail::Relu => Tail::Relu,
                    Tail::AddRelu(other) => Tail::AddRelu(flat(other)),
                };
                self.by_channels(flat(x), tail).reshape(dims)
            }
        }
    }

    #[track_caller]
    fn by_channels<const D: usize>(&self, x: Tensor<D>, tail: Tail<D>) -> Tensor<D> {
        if self.is_training(&x.device()) { self.by_batch_statistics(x, tail) } else { self.by_running(x, tail) }
    }

    /// Whether it takes the statistics of the batch on this device: one with autodiff, unless the layer is frozen.
    #[must_use]
    pub fn is_training(&self, device: &Device) -> bool {
        device.is_autodiff() && self.training.is_enabled()
    }

    #[track_caller]
    fn by_batch_statistics<const D: usize>(&self, x: Tensor<D>, tail: Tail<D>) -> Tensor<D> {
        let values = values_per_channel(&x.dims());
        let (gamma, beta) = self.gamma_and_beta(&x.device(), statistics_dtype(x.dtype()));
        let batch = match tail {
            Tail::AddRelu(other) => batch_norm_add_relu(x, gamma, beta, other, self.epsilon),
            tail => normalize(x, gamma, beta, self.epsilon, matches!(tail, Tail::Relu)),
        };
        self.recorded(batch, values)
    }

    /// The output, once the batch's statistics of so many values each are part of the running ones.
    fn recorded<const D: usize>(&self, batch: BatchNormOutput<D>, values: f64) -> Tensor<D> {
        self.round.record(&self.running(), [batch.mean.detach(), batch.var.detach() * (values / (values - 1.0))]);
        batch.output
    }

    #[track_caller]
    fn by_running<const D: usize>(&self, x: Tensor<D>, tail: Tail<D>) -> Tensor<D> {
        let device = x.device();
        let (gamma, beta) = self.gamma_and_beta(&device, statistics_dtype(x.dtype()));
        let [mean, var] = self.round.read(&self.running()).map(|running| running.to_device(&device));
        let relu = matches!(tail, Tail::Relu);
        let other = if let Tail::AddRelu(other) = tail { Some(other) } else { None };
        by_given_statistics(x, [gamma, beta, mean, var], self.epsilon, other, relu)
    }

    fn running(&self) -> Running<'_> {
        let Self { running_mean, running_var, batches, momentum, .. } = self;
        Running { statistics: [running_mean, running_var], batches: batches.as_ref(), momentum: *momentum }
    }

    fn gamma_and_beta(&self, device: &Device, dtype: DType) -> (Tensor<1>, Tensor<1>) {
        let count = [self.statistics.count(self.features)];
        let learned = |param: &Param<Tensor<1>>| param.val().cast(dtype);
        let gamma = self.gamma.as_ref().map_or_else(|| Tensor::ones(count, (device, dtype)), learned);
        let beta = self.beta.as_ref().map_or_else(|| Tensor::zeros(count, (device, dtype)), learned);
        (gamma, beta)
    }

    #[track_caller]
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

impl ModuleDisplay for BatchNorm {
    fn custom_settings(&self) -> Option<DisplaySettings> {
        DisplaySettings::new().with_new_line_after_attribute(false).optional()
    }

    fn custom_content(&self, content: Content) -> Option<Content> {
        content
            .add("num_features", &self.features)
            .add("epsilon", &self.epsilon)
            .add_debug_attribute("momentum", &self.momentum)
            .add("affine", &self.gamma.is_some())
            .add_debug_attribute("statistics", &self.statistics)
            .optional()
    }
}
