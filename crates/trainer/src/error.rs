//! What keeps a cell from being trained.

use untied_study::Device;

use crate::data::DataError;

/// A config that cannot be trained on this machine or this data.
#[derive(Debug, thiserror::Error)]
pub enum TrainerError {
    /// A value that no study may have.
    #[error(transparent)]
    Config(#[from] untied_study::Fault),
    /// The data are missing or damaged.
    #[error("data.source: {0}")]
    Data(#[from] DataError),
    /// A file that the model cannot start from.
    #[error("model.init_from: {path}: {problem}")]
    Start {
        /// The file.
        path: String,
        /// What is wrong with it, or which of its tensors fit and which do not.
        problem: String,
    },
    /// The backend was left out of this build.
    #[error(
        "train.device: `{device}` is not compiled in (compiled in: {compiled}); build with `--features {device}`, \
         e.g. `cargo run --features {device} -- run CONFIG`"
    )]
    Device {
        /// The device asked for.
        device: Device,
        /// Those there are.
        compiled: String,
    },
    /// The canvas is smaller than what is to lie on it.
    #[error("data.canvas.size: expected at least the {height}x{width} of the images, got {size}")]
    Canvas {
        /// Of the images.
        height: usize,
        /// Of the images.
        width: usize,
        /// Side of the canvas.
        size: usize,
    },
    /// Every image lies in the same quarter of its canvas, which is its label.
    #[error(
        "data.canvas: expected {images} images in two quadrants or more, found them all in one; use a larger `size` or `jitter`"
    )]
    OneQuadrant {
        /// `training` or `test`.
        images: &'static str,
    },
    /// A block's kernel is larger than its input, which has no padding.
    #[error(
        "model.kernel: expected at most {height}x{width}, the input of block {block} without padding, got {kernel}"
    )]
    Kernel {
        /// Number of the block, from 1.
        block: usize,
        /// Height of its input.
        height: usize,
        /// Width of its input.
        width: usize,
        /// Side of the kernel.
        kernel: usize,
    },
    /// A block has nothing left to pool.
    #[error(
        "model.channels: block {block} of {blocks} leaves {height}x{width}, too small for 2x2 pooling; use fewer blocks"
    )]
    Pooling {
        /// Number of the block, from 1.
        block: usize,
        /// Blocks asked for.
        blocks: usize,
        /// Height of the convolution's output.
        height: usize,
        /// Width of the convolution's output.
        width: usize,
    },
    /// A layer is too large to count.
    #[error("model.channels: block {block} has more numbers than this machine can count")]
    TooLarge {
        /// Number of the block, from 1.
        block: usize,
    },
    /// A layer that does not fit its network.
    #[error("{key}: {error}")]
    Layer {
        /// The key of the layer, or of the net that has it.
        key: String,
        /// The name of the layer, and what does not fit.
        error: untied_redundancy::network::NetworkError,
    },
    /// A model of too many parameters.
    #[error("model: expected at most {most} parameters, found {found}")]
    Parameters {
        /// At most.
        most: usize,
        /// In the model.
        found: usize,
    },
    /// An operation that does not fit its network.
    #[error("model: {0}")]
    Network(untied_redundancy::network::NetworkError),
    /// The training set does not fill one batch.
    #[error(
        "train.batch_size: expected at most {train_images}, the images that are there to train on{why}, got {batch_size}"
    )]
    BatchSize {
        /// Images to train on.
        train_images: usize,
        /// Images asked for in a batch.
        batch_size: usize,
        /// What has taken others away, in parentheses; may be empty.
        why: String,
    },
    /// Images would be moved out of sight.
    #[error("measure.translate: expected less than the {height}x{width} of the images, got {pixels} pixels")]
    Translate {
        /// Of the images.
        height: usize,
        /// Of the images.
        width: usize,
        /// How far they are to be moved.
        pixels: usize,
    },
    /// More images to adapt on than there are.
    #[error(
        "measure.shift.images: expected at most {available}, the training images without the {held_out} that learning rates \
         are chosen on, got {images}"
    )]
    ShiftImages {
        /// Images to adapt on.
        available: usize,
        /// Images to choose by.
        held_out: usize,
        /// Images asked for.
        images: usize,
    },
    /// A Jacobian with too many columns.
    #[error("measure.jacobian: expected biases of at most {most} numbers, got one of {numbers}; use a smaller model")]
    Jacobian {
        /// Most numbers of a bias.
        most: usize,
        /// Of the largest bias.
        numbers: usize,
    },
    /// A Jacobian with too many rows, or numbers in all.
    #[error(
        "measure.jacobian: expected at most {most_rows} outputs, each of which costs a backward pass, and {most} numbers, \
         got {rows} outputs by {columns} numbers of the bias of {layer}; use a smaller model or images"
    )]
    JacobianSize {
        /// The layer of the bias.
        layer: String,
        /// Outputs: of all normalizations behind the bias, for all images of the batch.
        rows: usize,
        /// Numbers of the bias.
        columns: usize,
        /// Most outputs.
        most_rows: usize,
        /// Most numbers of the matrix.
        most: usize,
    },
    /// A learning-rate schedule that burn refuses.
    #[error("train.schedule: {0} (rates as shares of the optimizer's learning rate)")]
    Schedule(String),
}
