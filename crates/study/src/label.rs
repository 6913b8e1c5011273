//! The names of settings, as configs, reports and plots show them.

use std::fmt;

use crate::{
    Adapting, BiasPlace, CanvasLabel, DataSource, Device, Dtype, Head, Metric, NormStatistics, Optimizer, Order,
    Padding, Projection, ShiftPattern, Status, Verdict,
};

/// Gives each name once: `label()` returns it and `Display` writes it.
macro_rules! labels {
    ($($kind:ident { $($variant:ident => $name:literal),+ $(,)? })+) => { $(
        impl $kind {
            /// The name, as a config or a result spells it.
            #[must_use]
            pub fn label(self) -> &'static str {
                match self { $(Self::$variant => $name),+ }
            }
        }

        impl fmt::Display for $kind {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.pad(self.label())
            }
        }
    )+ };
}

labels! {
    Adapting { Nothing => "nothing", Exact => "exact", MeanImages => "mean_images", FineTuned => "fine_tuned" }
    BiasPlace { Convolution => "convolution", Norm => "norm", Activation => "activation" }
    CanvasLabel { Class => "class", Quadrant => "quadrant" }
    Device { Flex => "flex", Ndarray => "ndarray", Wgpu => "wgpu", Cuda => "cuda" }
    Dtype { F32 => "f32", F64 => "f64" }
    Head { Flatten => "flatten", Mean => "mean" }
    Metric { TestAccuracy => "test_accuracy", TestLoss => "test_loss", TrainLoss => "train_loss" }
    NormStatistics { Trained => "trained", Reestimated => "reestimated" }
    Order { NormFirst => "norm_first", ActivationFirst => "activation_first" }
    Padding { Same => "same", Valid => "valid" }
    Projection { None => "none", Gradient => "gradient", Bias => "bias" }
    ShiftPattern { Uniform => "uniform", Smooth => "smooth", White => "white" }
    Status { Finished => "finished", Diverged => "diverged", Failed => "failed", Missing => "missing" }
    Verdict { Equivalent => "equivalent", Different => "different", Inconclusive => "inconclusive" }
}

impl fmt::Display for DataSource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::FashionMnist6k => f.pad("fashion-mnist-6k"),
            Self::Digits => f.pad("digits"),
            Self::Idx(folder) => write!(f, "idx={}", folder.display()),
            Self::Cifar10(folder) => write!(f, "cifar10={}", folder.display()),
            Self::Folder(folder) => write!(f, "folder={}", folder.display()),
        }
    }
}

impl Optimizer {
    /// `sgd`, `adam` or `adamw`.
    #[must_use]
    pub fn name(&self) -> &'static str {
        match self {
            Self::Sgd { .. } => "sgd",
            Self::Adam { .. } => "adam",
            Self::AdamW { .. } => "adamw",
        }
    }

    /// The rate that the schedule starts from.
    #[must_use]
    pub fn learning_rate(&self) -> f64 {
        match *self {
            Self::Sgd { learning_rate, .. } | Self::Adam { learning_rate, .. } | Self::AdamW { learning_rate, .. } => {
                learning_rate
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use serde::Serialize;

    use super::*;

    fn assert_spelled_alike<T: Serialize + fmt::Display>(values: &[T]) {
        for value in values {
            assert_eq!(serde_json::to_value(value).unwrap(), value.to_string());
        }
    }

    #[test]
    fn labels_are_what_configs_and_results_spell() {
        assert_spelled_alike(&[Adapting::Nothing, Adapting::Exact, Adapting::MeanImages, Adapting::FineTuned]);
        assert_spelled_alike(&[BiasPlace::Convolution, BiasPlace::Norm, BiasPlace::Activation]);
        assert_spelled_alike(&[CanvasLabel::Class, CanvasLabel::Quadrant]);
        assert_spelled_alike(&[Head::Flatten, Head::Mean]);
        assert_spelled_alike(&[NormStatistics::Trained, NormStatistics::Reestimated]);
        assert_spelled_alike(&[Order::NormFirst, Order::ActivationFirst]);
        assert_spelled_alike(&[ShiftPattern::Uniform, ShiftPattern::Smooth, ShiftPattern::White]);
        assert_spelled_alike(&[Device::Flex, Device::Ndarray, Device::Wgpu, Device::Cuda]);
        assert_spelled_alike(&[Dtype::F32, Dtype::F64]);
        assert_spelled_alike(&[Metric::TestAccuracy, Metric::TestLoss, Metric::TrainLoss]);
        assert_spelled_alike(&[Padding::Same, Padding::Valid]);
        assert_spelled_alike(&[Projection::None, Projection::Gradient, Projection::Bias]);
        assert_spelled_alike(&[Status::Finished, Status::Diverged, Status::Failed, Status::Missing]);
        assert_spelled_alike(&[Verdict::Equivalent, Verdict::Different, Verdict::Inconclusive]);
        assert_spelled_alike(&[DataSource::FashionMnist6k, DataSource::Digits]);
    }

    #[test]
    fn values_with_settings_show_them() {
        assert_eq!(DataSource::Idx("/d".into()).to_string(), "idx=/d");
        assert_eq!(DataSource::Cifar10("/d".into()).to_string(), "cifar10=/d");
        assert_eq!(DataSource::Folder("/d".into()).to_string(), "folder=/d");
    }
}
