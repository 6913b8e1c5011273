//! The nets that are timed.

use std::path::Path;

use serde_json::{Value, json};

/// A net with all that its config says of it.
#[derive(Clone)]
pub(crate) struct Timed {
    pub(crate) net: String,
    /// Output channels of each stage; none for the published ones.
    pub(crate) channels: Vec<usize>,
    /// Channels, height and width of the images.
    pub(crate) input: [usize; 3],
    pub(crate) batch: usize,
    pub(crate) bias: String,
    pub(crate) epochs: usize,
}

impl Timed {
    /// The nets of the comparison with PyTorch.
    pub(crate) fn all() -> Vec<Self> {
        let new = |net: &str, channels: &[usize], input: [usize; 3], batch: usize| Self {
            net: net.to_owned(),
            channels: channels.to_vec(),
            input,
            batch,
            bias: "none".to_owned(),
            epochs: 6,
        };
        vec![
            new("plain", &[16, 32, 64], [1, 28, 28], 64),
            new("plain", &[32, 64, 128], [3, 32, 32], 64),
            new("plain", &[16, 32, 64], [1, 8, 8], 64),
            new("resnet8", &[16, 32, 64], [3, 32, 32], 128),
            new("resnet20", &[16, 32, 64], [3, 32, 32], 128),
            new("mobilenet_small", &[32, 64, 128, 256], [3, 32, 32], 128),
        ]
    }

    /// `plain 1x28x28, 16-32-64`
    pub(crate) fn name(&self) -> String {
        let [channels, height, width] = self.input;
        let stages: Vec<String> = self.channels.iter().map(ToString::to_string).collect();
        format!("{} {channels}x{height}x{width}, {}", self.net, stages.join("-"))
    }

    pub(crate) fn description(&self) -> Value {
        let Self { net, channels, input, batch, .. } = self;
        json!({"name": self.name(), "net": net, "channels": channels, "input": input, "batch": batch})
    }

    /// Its config, with images of a folder as [`write_cifar10`](super::write_cifar10) fills it.
    pub(crate) fn config(&self, images: &Path) -> String {
        let Self { net, channels, input: [colours, height, width], batch, bias, epochs } = self;
        let channels = if channels.is_empty() { String::new() } else { format!("channels = {channels:?}") };
        let colour = if *colours == 1 { "grey" } else { "rgb" };
        let size = if [*height, *width] == [32, 32] { String::new() } else { format!("size = [{height}, {width}]") };
        let images = images.display().to_string();
        format!(
            r#"
            name = "timed"
            question = "What does a step cost?"
            [data]
            source = {{ cifar10 = {images:?} }}
            colour = "{colour}"
            {size}
            [train]
            epochs = {epochs}
            batch_size = {batch}
            optimizer = {{ sgd = {{ learning_rate = 0.01, momentum = 0.9 }} }}
            [vary]
            seeds = 1
            [model]
            net = "{net}"
            bias = "{bias}"
            norm = "batch"
            {channels}
            "#
        )
    }
}
