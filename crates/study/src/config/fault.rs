//! What a cell's config must fulfil beyond its types, as far as no data is needed to tell.

use std::fmt::{self, Display};

use untied_redundancy::Span;

use crate::{
    Bias, BiasPlace, CellConfig, DataConfig, Device, Dtype, MeasureConfig, ModelConfig, Normalization, Optimizer,
    Order, Schedule, ShiftConfig, TrainConfig,
};

const MAX_EPOCHS: usize = 1_000_000;
const MAX_BATCH: usize = 1 << 24;
const MAX_BLOCKS: usize = 32;
const MAX_CHANNELS: usize = 1 << 16;
const MAX_KERNEL: usize = 1023;
const MAX_WEIGHTS: usize = 1 << 30;
const MAX_SIDE: usize = 4096;
const MAX_DRAWS: usize = 1000;

/// A value that cannot be trained with.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{key}`: {message}")]
pub struct Fault {
    /// The dotted key, such as `train.epochs`.
    pub key: String,
    /// What was expected and what was found.
    pub message: String,
}

impl CellConfig {
    /// Checks every value on its own and against the others.
    ///
    /// Kernel against image size, batch against training set: the trainer checks them, which knows the data.
    ///
    /// # Errors
    /// The first value that makes no sense, such as no epochs or a learning rate that is not positive.
    pub fn check(&self) -> Result<(), Fault> {
        check_data(&self.data)?;
        check_model(&self.model)?;
        check_train(&self.train)?;
        check_statistics(self.model.norm, self.train.batch_size)?;
        check_measure(&self.measure)?;
        self.measure.shift.as_ref().map_or(Ok(()), |shift| check_shift(shift, self))
    }
}

fn check_data(data: &DataConfig) -> Result<(), Fault> {
    if let Some(canvas) = data.canvas {
        let size = canvas.size;
        require((1..=MAX_SIDE).contains(&size), "data.canvas.size", format!("1 to {MAX_SIDE} pixels"), size)?;
    }
    if let Some(shift) = data.shift {
        positive("data.shift.strength", shift.strength)?;
    }
    Ok(())
}

fn check_model(model: &ModelConfig) -> Result<(), Fault> {
    let blocks = model.channels.len();
    require((1..=MAX_BLOCKS).contains(&blocks), "model.channels", format!("1 to {MAX_BLOCKS} blocks"), blocks)?;
    for channels in &model.channels {
        let key = "model.channels";
        require((1..=MAX_CHANNELS).contains(channels), key, format!("1 to {MAX_CHANNELS} channels a block"), channels)?;
    }
    require((1..=MAX_KERNEL).contains(&model.kernel), "model.kernel", format!("1 to {MAX_KERNEL}"), model.kernel)?;
    check_weights(model)?;
    check_bias(&model.bias)?;
    check_groups(model)?;
    let momentum = model.running_momentum;
    let valid = momentum > 0.0 && momentum <= 1.0;
    require(valid, "model.running_momentum", "a number above 0, at most 1", Float(momentum))?;
    check_place(model)
}

/// What the next block's normalization removes of a bias after this block's `ReLU` is known where its sets hold whole
/// channels of one weight each.
fn check_place(model: &ModelConfig) -> Result<(), Fault> {
    let far = model.bias_after == BiasPlace::Activation && model.order == Order::NormFirst;
    let known = model.norm.spec().is_none_or(|spec| !spec.centres || spec.span == Span::Channel);
    let expected = "convolution or norm with this normalization; activation needs none, batch, instance or rms";
    require(!far || known || model.bias == Bias::None, "model.bias_after", expected, model.bias_after)
}

fn check_weights(model: &ModelConfig) -> Result<(), Fault> {
    let inner = model.channels.windows(2).map(|pair| pair[0].saturating_mul(pair[1]));
    let filters = inner.fold(model.channels[0], usize::saturating_add);
    let weights = filters.saturating_mul(model.kernel * model.kernel);
    require(weights <= MAX_WEIGHTS, "model.channels", format!("at most {MAX_WEIGHTS} weights"), weights)
}

fn check_bias(bias: &Bias) -> Result<(), Fault> {
    let Bias::UntiedAlong(axes) = bias else { return Ok(()) };
    let sorted = axes.windows(2).all(|pair| pair[0] < pair[1]);
    let valid = !axes.is_empty() && sorted && axes.iter().all(|axis| *axis < 2);
    require(valid, "model.bias.untied_along", "[0], [1] or [0, 1] (0: height, 1: width)", format!("{axes:?}"))
}

fn check_groups(model: &ModelConfig) -> Result<(), Fault> {
    let Normalization::Group(groups) = model.norm else { return Ok(()) };
    let key = "model.norm.group";
    require(groups > 0, key, "1 or more groups", groups)?;
    match model.channels.iter().position(|channels| !channels.is_multiple_of(groups)) {
        None => Ok(()),
        Some(index) => {
            let expected = format!("a divisor of the {} channels of block {}", model.channels[index], index + 1);
            require(false, key, expected, groups)
        }
    }
}

/// One value is its own mean: nothing but β would be left of it. The other norms share statistics over locations too,
/// of which pooling asks for four.
fn check_statistics(norm: Normalization, batch_size: usize) -> Result<(), Fault> {
    let valid = !norm.spec().is_some_and(|spec| spec.needs_images()) || batch_size > 1;
    require(valid, "train.batch_size", "2 or more images, for the statistics of batch_per_activation", batch_size)
}

fn check_measure(measure: &MeasureConfig) -> Result<(), Fault> {
    let pixels = &measure.translate;
    let valid = pixels.iter().all(|pixels| (1..=MAX_SIDE).contains(pixels)) && ascending(pixels);
    require(valid, "measure.translate", "pixels from 1, in ascending order", format!("{pixels:?}"))
}

fn check_shift(shift: &ShiftConfig, cell: &CellConfig) -> Result<(), Fault> {
    let ShiftConfig { patterns, strengths, draws, images } = shift;
    let distinct = (1..patterns.len()).all(|index| !patterns[..index].contains(&patterns[index]));
    let found = patterns.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ");
    let valid = !patterns.is_empty() && distinct;
    require(valid, "measure.shift.patterns", "different patterns, one at least", format!("[{found}]"))?;
    require(!strengths.is_empty(), "measure.shift.strengths", "one strength at least", "none")?;
    strengths.iter().try_for_each(|&strength| positive("measure.shift.strengths", strength))?;
    let key = "measure.shift.strengths";
    require(ascending(strengths), key, "strengths in ascending order", format!("{strengths:?}"))?;
    require((1..=MAX_DRAWS).contains(draws), "measure.shift.draws", format!("1 to {MAX_DRAWS}"), draws)?;
    let valid = images.iter().all(|&images| images > 0) && ascending(images);
    require(valid, "measure.shift.images", "numbers of images from 1, in ascending order", format!("{images:?}"))?;
    let (bias, place) = (&cell.model.bias, cell.model.bias_after);
    require(*bias == Bias::Tied, "model.bias", "tied, which `measure.shift` adapts from", bias)?;
    let at_convolution = place == BiasPlace::Convolution;
    require(at_convolution, "model.bias_after", "convolution, whose bias `measure.shift` adapts", place)?;
    require(cell.data.shift.is_none(), "data.shift", "none beside `measure.shift`, which trains on clean images", "one")
}

fn ascending<T: PartialOrd>(values: &[T]) -> bool {
    values.windows(2).all(|pair| pair[0] < pair[1])
}

fn positive(key: &str, value: f64) -> Result<(), Fault> {
    require(value.is_finite() && value > 0.0, key, "a finite number above 0", Float(value))
}

fn check_train(train: &TrainConfig) -> Result<(), Fault> {
    let TrainConfig { epochs, batch_size, optimizer, schedule, dtype, device, project_redundant: _, save_model: _ } =
        train;
    require((1..=MAX_EPOCHS).contains(epochs), "train.epochs", format!("1 to {MAX_EPOCHS}"), epochs)?;
    require((1..=MAX_BATCH).contains(batch_size), "train.batch_size", format!("1 to {MAX_BATCH} images"), batch_size)?;
    check_optimizer(optimizer)?;
    check_schedule(schedule, optimizer.learning_rate())?;
    let cpu = matches!(device, Device::Flex | Device::Ndarray);
    let found = format!("f64 on {device}");
    require(*dtype != Dtype::F64 || cpu, "train.dtype", "f32, or f64 on a CPU device (flex or ndarray)", found)
}

fn check_optimizer(optimizer: &Optimizer) -> Result<(), Fault> {
    let at = Setting { table: format!("train.optimizer.{}", optimizer.name()) };
    let rate = optimizer.learning_rate();
    at.require(rate.is_finite() && rate > 0.0, "learning_rate", "a finite number above 0", Float(rate))?;
    match *optimizer {
        Optimizer::Sgd { momentum, dampening, nesterov, weight_decay, .. } => {
            at.fraction("momentum", momentum)?;
            at.require((0.0..=1.0).contains(&dampening), "dampening", "a number from 0 to 1", Float(dampening))?;
            let plain = momentum > 0.0 && dampening == 0.0;
            let found = format!("momentum {momentum} and dampening {dampening}");
            at.require(!nesterov || plain, "nesterov", "a momentum above 0 and no dampening with it", found)?;
            at.decay(weight_decay)
        }
        Optimizer::Adam { beta_1, beta_2, epsilon, weight_decay, .. }
        | Optimizer::AdamW { beta_1, beta_2, epsilon, weight_decay, .. } => {
            at.fraction("beta_1", beta_1)?;
            at.fraction("beta_2", beta_2)?;
            let single = epsilon as f32;
            at.require(single.is_finite() && single > 0.0, "epsilon", "a number above 0, in f32 too", Float(epsilon))?;
            at.decay(weight_decay)
        }
    }
}

fn check_schedule(schedule: &Schedule, start: f64) -> Result<(), Fault> {
    match *schedule {
        Schedule::Constant => Ok(()),
        Schedule::Cosine { min_learning_rate: end } => {
            let valid = (0.0..=start).contains(&end);
            let expected = format!("a number from 0 to the learning rate, {start:?}");
            require(valid, "train.schedule.cosine.min_learning_rate", expected, Float(end))
        }
        Schedule::Linear { final_learning_rate: end } => {
            let valid = end.is_finite() && end >= 0.0;
            require(valid, "train.schedule.linear.final_learning_rate", "a finite number, 0 or more", Float(end))
        }
        Schedule::Exponential { gamma } => {
            let valid = gamma > 0.0 && gamma <= 1.0;
            require(valid, "train.schedule.exponential.gamma", "a number above 0, at most 1", Float(gamma))
        }
    }
}

/// A number as a config would give it: 1e300, not 301 digits.
struct Float(f64);

impl Display for Float {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.0, f)
    }
}

/// The table of an optimizer's settings.
struct Setting {
    table: String,
}

impl Setting {
    fn require(&self, valid: bool, name: &str, expected: impl Display, found: impl Display) -> Result<(), Fault> {
        require(valid, &format!("{}.{name}", self.table), expected, found)
    }

    /// Burn keeps these in f32, in which the largest numbers below 1 are 1.
    fn fraction(&self, name: &str, value: f64) -> Result<(), Fault> {
        self.require(value >= 0.0 && (value as f32) < 1.0, name, "a number from 0 to below 1, in f32 too", Float(value))
    }

    fn decay(&self, value: f64) -> Result<(), Fault> {
        let valid = (value as f32).is_finite() && value >= 0.0;
        self.require(valid, "weight_decay", "a finite number, 0 or more", Float(value))
    }
}

fn require(valid: bool, key: &str, expected: impl Display, found: impl Display) -> Result<(), Fault> {
    if valid {
        return Ok(());
    }
    Err(Fault { key: key.to_owned(), message: format!("expected {expected}, found {found}") })
}
