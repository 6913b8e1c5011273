//! A small residual net: its layers, and what a learner asks of it.

use burn::module::Module;
use burn::nn::loss::CrossEntropyLossConfig;
use burn::nn::{Linear, LinearConfig};
use burn::tensor::activation::relu;
use burn::tensor::{Device, Tensor};
use burn::train::{ClassificationOutput, InferenceStep, TrainOutput, TrainStep};
use untied_batch_norm::{BatchNorm, BatchNormConfig};
use untied_conv::{Bias, Conv2d, Conv2dConfig, Side};
use untied_pool::max_pool2d;

use crate::digits::{Batch, CLASSES};

const CHANNELS: usize = 16;

/// x → ReLU(norm(conv(y)) + x) with y = ReLU(norm(conv(x))).
#[derive(Module, Debug)]
pub struct Block {
    conv1: Conv2d,
    norm1: BatchNorm,
    conv2: Conv2d,
    norm2: BatchNorm,
}

impl Block {
    fn new(channels: usize, device: &Device) -> Self {
        // The norm behind each takes a tied bias away again.
        let conv = Conv2dConfig::new([channels; 2], [3, 3]).with_padding(Side::Same).with_bias(false);
        let norm = BatchNormConfig::new(channels);
        Self { conv1: conv.init(device), norm1: norm.init(device), conv2: conv.init(device), norm2: norm.init(device) }
    }

    fn forward(&self, x: Tensor<4>) -> Tensor<4> {
        let y = self.norm1.forward_relu(self.conv1.forward(x.clone()));
        relu(self.norm2.forward(self.conv2.forward(y)) + x)
    }
}

#[derive(Module, Debug)]
pub struct Net {
    pub stem: Conv2d,
    block: Block,
    head: Linear,
}

impl Net {
    /// For images of `[height, width]`. No norm follows the stem: its bias is at work, tied or not.
    pub fn new(bias: Bias, size: [usize; 2], device: &Device) -> Self {
        let stem = Conv2dConfig::new([1, CHANNELS], [3, 3]).with_padding(Side::Same);
        Self {
            stem: stem.with_bias(bias).with_input_size(size).init(device),
            block: Block::new(CHANNELS, device),
            head: LinearConfig::new(CHANNELS * (size[0] / 2) * (size[1] / 2), CLASSES).init(device),
        }
    }

    /// `[n, 1, h, w]` → scores `[n, 10]`.
    pub fn forward(&self, x: Tensor<4>) -> Tensor<2> {
        let y = self.block.forward(relu(self.stem.forward(x)));
        self.head.forward(max_pool2d(y).flatten(1, 3))
    }

    fn classify(&self, batch: Batch) -> ClassificationOutput {
        let scores = self.forward(batch.images);
        let loss = CrossEntropyLossConfig::new().init(&scores.device()).forward(scores.clone(), batch.labels.clone());
        ClassificationOutput::new(loss, scores, batch.labels)
    }
}

/// On an autodiff device: batch norm takes the batch's statistics, and records them.
impl TrainStep for Net {
    type Input = Batch;
    type Output = ClassificationOutput;

    fn step(&self, batch: Batch) -> TrainOutput<ClassificationOutput> {
        let output = self.classify(batch);
        TrainOutput::new(self, output.loss.backward(), output)
    }
}

/// On another device: batch norm takes the running statistics.
impl InferenceStep for Net {
    type Input = Batch;
    type Output = ClassificationOutput;

    fn step(&self, batch: Batch) -> ClassificationOutput {
        self.classify(batch)
    }
}
