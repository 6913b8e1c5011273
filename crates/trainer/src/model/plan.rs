//! The sizes of a model, worked out before anything is allocated.

use burn::nn::PaddingConfig2d;
use untied_conv::Conv2dConfig;
use untied_redundancy::{Bias, BiasTerms, Mode, Normalization, Redundancy};
use untied_study::{BiasPlace, Head, ModelConfig, Order, Padding, Parameters};

use crate::TrainerError;

/// Channels, height and width of an image or feature map.
pub(crate) type Shape = [usize; 3];

/// A model's blocks and the length of the vector that its linear head reads.
#[derive(Debug, Clone)]
pub(crate) struct Architecture {
    pub(crate) blocks: Vec<BlockPlan>,
    pub(crate) head: Head,
    pub(crate) features: usize,
}

/// One block: convolution, normalization and ReLU in either order, and 2×2 max pooling.
#[derive(Debug, Clone)]
pub(crate) struct BlockPlan {
    /// Without the bias where that stands elsewhere.
    pub(crate) convolution: Conv2dConfig,
    pub(crate) norm: NormPlan,
    pub(crate) order: Order,
    pub(crate) place: BiasPlace,
    /// Of the convolution.
    pub(crate) output: Shape,
    pub(crate) bias: Option<BiasPlan>,
}

/// A block's normalization.
#[derive(Debug, Clone, Copy)]
pub(crate) struct NormPlan {
    pub(crate) kind: Normalization,
    /// Whether β is trained; otherwise it is 0.
    pub(crate) beta: bool,
    /// Weight of the newest batch in running statistics.
    pub(crate) momentum: f64,
}

/// A block's bias and the part of it that the normalization removes.
#[derive(Debug, Clone)]
pub(crate) struct BiasPlan {
    pub(crate) dims: [usize; 3],
    pub(crate) redundancy: Redundancy,
    /// Whether the running mean of the block's own norm follows the redundant part.
    pub(crate) followed: bool,
}

impl Architecture {
    pub(crate) fn new(model: &ModelConfig, input: Shape) -> Result<Self, TrainerError> {
        let mut shape = input;
        let mut blocks = Vec::with_capacity(model.channels.len());
        for (index, &channels) in model.channels.iter().enumerate() {
            let block = BlockPlan::new(model, index + 1, shape, channels)?;
            let [_, height, width] = block.output;
            if height < 2 || width < 2 {
                let blocks = model.channels.len();
                return Err(TrainerError::Pooling { block: index + 1, blocks, height, width });
            }
            shape = [channels, height / 2, width / 2];
            blocks.push(block);
        }
        let features = match model.head {
            Head::Flatten => shape.iter().product(),
            Head::Mean => shape[0],
        };
        Ok(Self { blocks, head: model.head, features })
    }

    /// Numbers that training changes: of convolutions, norms and the linear head.
    pub(crate) fn parameters(&self, classes: usize) -> Parameters {
        let bias = self.blocks.iter().map(BlockPlan::bias_parameters).sum();
        let others: usize = self.blocks.iter().map(|block| block.weights() + block.norm_parameters()).sum();
        Parameters { total: others + bias + (self.features + 1) * classes, bias }
    }
}

impl BlockPlan {
    fn new(model: &ModelConfig, block: usize, input: Shape, channels: usize) -> Result<Self, TrainerError> {
        let [channels_in, height, width] = input;
        let kernel = model.kernel;
        if model.padding == Padding::Valid && kernel > height.min(width) {
            return Err(TrainerError::Kernel { block, height, width, kernel });
        }
        let in_convolution = |source| TrainerError::Convolution { block, source };
        let convolution = Conv2dConfig::new([channels_in, channels], [kernel, kernel])
            .with_padding(padding(model.padding))
            .with_bias(model.bias.clone())
            .with_input_size(Some([height, width]));
        let [height, width] = convolution.geometry().output_size([height, width]).map_err(in_convolution)?;
        let output = [channels, height, width];
        countable(&[channels, channels_in, kernel, kernel], block)?;
        countable(&output, block)?;
        let dims = convolution.bias_shape().map_err(in_convolution)?;
        let bias = dims.map(|dims| BiasPlan::new(dims, output, model, block)).transpose()?;
        let convolution =
            if model.bias_after == BiasPlace::Convolution { convolution } else { convolution.with_bias(Bias::None) };
        let norm = NormPlan { kind: model.norm, beta: model.beta, momentum: model.running_momentum };
        Ok(Self { convolution, norm, order: model.order, place: model.bias_after, output, bias })
    }

    /// Weights of the convolution.
    pub(crate) fn weights(&self) -> usize {
        let ([channels_in, channels_out], [height, width]) = (self.convolution.channels, self.convolution.kernel_size);
        channels_in * channels_out * height * width
    }

    pub(crate) fn bias_parameters(&self) -> usize {
        self.bias.as_ref().map_or(0, |bias| bias.dims.iter().product())
    }

    /// γ and β; running statistics are not trained.
    fn norm_parameters(&self) -> usize {
        let layouts = self.norm.kind.spec().map(|spec| [spec.gamma, spec.beta.filter(|_| self.norm.beta)]);
        layouts.into_iter().flatten().flatten().map(|layout| layout.count(self.output)).sum()
    }

    /// Name of the block's convolution in results: `block1`, …
    pub(crate) fn name(index: usize) -> String {
        format!("block{}", index + 1)
    }
}

impl BiasPlan {
    fn new(dims: [usize; 3], output: Shape, model: &ModelConfig, block: usize) -> Result<Self, TrainerError> {
        let refused = |source| TrainerError::Redundancy { block, source };
        let [channels, height, width] = output;
        let terms = BiasTerms::new(&model.bias, channels, &[height, width]).map_err(refused)?;
        let removed = removed_by(model, block).removed(Mode::Training, channels, height * width).map_err(refused)?;
        let redundancy = Redundancy::new(removed, &terms).map_err(refused)?;
        let running = model.norm.spec().is_some_and(|spec| spec.follows());
        Ok(Self { dims, redundancy, followed: running && before_own_norm(model) })
    }
}

/// Whether nothing stands between the bias and the normalization of its block.
fn before_own_norm(model: &ModelConfig) -> bool {
    matches!(
        (model.order, model.bias_after),
        (Order::NormFirst, BiasPlace::Convolution) | (Order::ActivationFirst, BiasPlace::Activation)
    )
}

/// What removes a part of the bias of a block, counted from 1.
///
/// The normalization right behind it does. One number per channel behind the ReLU passes through max pooling and, where
/// nothing is padded, becomes one number per channel of the next convolution's output: norms that centre each channel remove
/// it there. (`CellConfig::check` refuses the norms for which the weights decide.) A ReLU in between lets nothing through
/// unchanged, and behind the last block stands the linear head.
fn removed_by(model: &ModelConfig, block: usize) -> Normalization {
    let padded = model.padding == Padding::Same && model.kernel > 1;
    let last = block == model.channels.len();
    match (model.order, model.bias_after) {
        _ if before_own_norm(model) => model.norm,
        (Order::NormFirst, BiasPlace::Activation) if !padded && !last => model.norm,
        _ => Normalization::None,
    }
}

/// Layers of over 2⁴⁰ numbers fit no machine, and products of such sizes would overflow.
fn countable(sizes: &[usize], block: usize) -> Result<(), TrainerError> {
    let product = sizes.iter().try_fold(1usize, |product, &size| product.checked_mul(size));
    product.filter(|&product| product <= 1 << 40).map(|_| ()).ok_or(TrainerError::TooLarge { block })
}

fn padding(padding: Padding) -> PaddingConfig2d {
    match padding {
        Padding::Same => PaddingConfig2d::Same,
        Padding::Valid => PaddingConfig2d::Valid,
    }
}
