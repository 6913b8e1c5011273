//! Arguments that several verbs share, and how their values are read.

use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};
use std::time::Duration;

use clap::Args;
use clap::builder::PossibleValuesParser;
use untied_report::write_tensorboard;
use untied_study::{Device, Results, StoreError, Study};

use crate::bundled::{self, Bundled};

/// Every device that a config may name, compiled in or not.
pub(crate) const DEVICES: [Device; 4] = [Device::Flex, Device::Ndarray, Device::Wgpu, Device::Cuda];

#[derive(Debug, Clone, Args)]
pub(crate) struct ConfigArguments {
    /// The config of the study: a TOML file, or the name of a bundled one, such as quickstart
    config: PathBuf,
    /// Change a value of the config, by its dotted key: --set train.epochs=2 --set vary.seeds=3
    #[arg(long = "set", value_name = "KEY=VALUE")]
    set: Vec<String>,
}

impl ConfigArguments {
    /// The device comes last, so that it wins.
    pub(crate) fn load(&self, device: Option<&str>) -> anyhow::Result<Study> {
        let device = device.map(|device| format!("train.device={device}"));
        let options: Vec<String> = self.set.iter().cloned().chain(device).collect();
        Ok(match Bundled::find(&self.config) {
            Some(bundled) => Study::parse(bundled.text, &self.config, &options)?,
            None => Study::load(&self.config, &options).map_err(|error| match Bundled::nearest(&self.config) {
                Some(near) => anyhow::anyhow!("{error}; did you mean the bundled `{near}`?"),
                None => error.into(),
            })?,
        })
    }

    pub(crate) fn path(&self) -> &Path {
        &self.config
    }
}

/// Where the curves go for TensorBoard, if anywhere.
#[derive(Debug, Args)]
pub(crate) struct TensorboardArgument {
    /// Write the curves as event files too, for tensorboard --logdir DIR
    #[arg(long, value_name = "DIR")]
    tensorboard: Option<PathBuf>,
}

impl TensorboardArgument {
    pub(crate) fn write(&self, results: &Results) -> Result<(), StoreError> {
        self.tensorboard.as_ref().map_or(Ok(()), |folder| write_tensorboard(results, folder))
    }
}

/// [`ConfigArguments`] that may be left out on a terminal, where bundled configs are offered instead.
#[derive(Debug, Args)]
pub(crate) struct OfferedConfig {
    /// The config of the study: a TOML file, or the name of a bundled one, such as quickstart; left out on a terminal, the
    /// bundled ones are offered
    config: Option<PathBuf>,
    /// Change a value of the config, by its dotted key: --set train.epochs=2 --set vary.seeds=3
    #[arg(long = "set", value_name = "KEY=VALUE")]
    set: Vec<String>,
}

impl OfferedConfig {
    pub(crate) fn choose(&self) -> anyhow::Result<ConfigArguments> {
        let config = match &self.config {
            Some(config) => config.clone(),
            None => bundled::choose()?.into(),
        };
        Ok(ConfigArguments { config, set: self.set.clone() })
    }
}

#[derive(Debug, Args)]
pub(crate) struct DeviceArgument {
    /// The device to train on, short for --set train.device=…
    #[arg(long, value_parser = PossibleValuesParser::new(DEVICES.map(|device| device.to_string())))]
    device: Option<String>,
}

impl DeviceArgument {
    pub(crate) fn get(&self) -> Option<&str> {
        self.device.as_deref()
    }
}

#[derive(Debug, Args)]
pub(crate) struct OutArgument {
    /// The folder of the results [default: experiments/<name of the study>]
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
}

impl OutArgument {
    pub(crate) fn folder(&self, study: &Study) -> PathBuf {
        self.out.clone().unwrap_or_else(|| PathBuf::from("experiments").join(&study.name))
    }
}

#[derive(Debug, Args)]
pub(crate) struct CheckpointArgument {
    /// Least time between two checkpoints of a cell, from which it goes on after a crash; 0: after every step
    #[arg(long, value_name = "SECONDS", default_value = "10", value_parser = seconds, allow_negative_numbers = true)]
    checkpoint: Duration,
}

impl CheckpointArgument {
    pub(crate) fn every(&self) -> Duration {
        self.checkpoint
    }
}

pub(crate) fn count(text: &str) -> Result<NonZeroUsize, &'static str> {
    text.parse().map_err(|_| "expected a whole number, 1 or more")
}

/// Threads of a process, or processes: each takes memory of its own, and the largest machines have fewer cores.
pub(crate) fn parallel(text: &str) -> Result<NonZeroUsize, &'static str> {
    let most = NonZeroUsize::new(1024);
    let count = count(text).ok().filter(|count| Some(*count) <= most);
    count.ok_or("expected a whole number, 1 or more, and at most 1024: more than a machine has cores only take memory")
}

/// Seconds up to a century: what is added to a clock must not overflow it.
pub(crate) fn seconds(text: &str) -> Result<Duration, &'static str> {
    let seconds = text.parse().ok().filter(|seconds| (0.0..=3.2e9).contains(seconds));
    seconds.map(Duration::from_secs_f64).ok_or("expected a number of seconds, 0 or more")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_seconds() {
        assert_eq!(seconds("1.5"), Ok(Duration::from_millis(1500)));
        assert_eq!(seconds("0"), Ok(Duration::ZERO));
        for text in ["-1", "", "NaN", "inf", "1e300", "10s"] {
            assert!(seconds(text).is_err(), "{text}");
        }
    }

    #[test]
    fn no_more_threads_than_cores_of_any_machine() {
        assert_eq!(parallel("1024").unwrap().get(), 1024);
        for text in ["0", "1025", "100000"] {
            assert!(parallel(text).unwrap_err().contains("at most 1024"), "{text}");
        }
    }

    #[test]
    fn counts_start_at_one() {
        assert_eq!(count("12").unwrap().get(), 12);
        for text in ["0", "-1", "", "1.5", "x", "99999999999999999999999"] {
            assert!(count(text).is_err(), "{text}");
        }
    }
}
