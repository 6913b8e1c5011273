//! The CNN: blocks of convolution, normalization, ReLU and max pooling, then a linear head.

use burn::module::{Module, Param};
use burn::nn::Linear;
use burn::tensor::activation::relu;
use burn::tensor::{DType, Device, Tensor, TensorData};
use untied_conv::Conv2d;
use untied_pool::max_pool2d;
use untied_study::{BiasPlace, Head, Order};

use crate::model::norm::Norm;
use crate::model::plan::{Architecture, BlockPlan};
use crate::random::Generator;

/// The model of one cell.
#[derive(Module, Debug)]
pub(crate) struct Net {
    pub(crate) blocks: Vec<Block>,
    pub(crate) head: Linear,
    #[module(skip)]
    reading: Head,
}

/// Convolution, normalization and ReLU in either order, and 2×2 max pooling.
#[derive(Module, Debug)]
pub(crate) struct Block {
    pub(crate) convolution: Conv2d,
    pub(crate) norm: Option<Norm>,
    /// The bias, where it is not the convolution's own: `[c, h|1, w|1]`.
    bias: Option<Param<Tensor<3>>>,
    #[module(skip)]
    order: Order,
    #[module(skip)]
    place: BiasPlace,
}

/// Looks at, and may change, what a bias was added to; gets the index of the block.
pub(crate) type Probe<'p> = &'p mut dyn FnMut(usize, Tensor<4>) -> Tensor<4>;

impl Net {
    /// Draws the weights on the host, from one stream per layer: variants of one seed start from the same
    /// weights on every device. Weights are uniform within ±1/√fan_in, as in PyTorch; convolution biases are zero.
    pub(crate) fn new(plan: &Architecture, classes: usize, seed: u64, device: &Device, dtype: DType) -> Self {
        let source = Source { generator: Generator::new(seed), device, dtype };
        let block = |(index, plan): (usize, &BlockPlan)| Block::new(plan, &BlockPlan::name(index), &source);
        let head = Linear {
            weight: source.uniform("head/weight", [plan.features, classes], plan.features),
            bias: Some(source.uniform("head/bias", [classes], plan.features)),
        };
        Self { blocks: plan.blocks.iter().enumerate().map(block).collect(), head, reading: plan.head }
    }

    /// Class scores `[n, classes]` of images `[n, c, h, w]`.
    pub(crate) fn forward(&self, x: Tensor<4>) -> Tensor<2> {
        self.forward_with(x, &mut |_, z| z)
    }

    /// As [`forward`](Self::forward), with a probe at the place of every bias.
    pub(crate) fn forward_with(&self, x: Tensor<4>, probe: Probe<'_>) -> Tensor<2> {
        let features = self.blocks.iter().enumerate().fold(x, |x, (index, block)| block.forward(x, index, probe));
        self.head.forward(match self.reading {
            Head::Flatten => features.flatten::<2>(1, 3),
            Head::Mean => features.mean_dim(3).mean_dim(2).flatten::<2>(1, 3),
        })
    }

    /// A model of its own: clones share their running statistics.
    pub(crate) fn copy(&self) -> Self {
        self.valid().train()
    }
}

impl Block {
    fn new(plan: &BlockPlan, name: &str, source: &Source) -> Self {
        let mut convolution = plan.convolution.init(source.device);
        let dims = convolution.weight.dims();
        convolution.weight = source.uniform(&format!("{name}/weight"), dims, dims[1] * dims[2] * dims[3]);
        let norm = Norm::new(plan.norm, plan.output, source.device, source.dtype);
        let bias = plan.bias.as_ref().map(|bias| Param::from_tensor(source.constant(bias.dims, 0.0)));
        let mut block = Self { convolution, norm, bias: None, order: plan.order, place: plan.place };
        *block.bias_mut() = bias;
        block
    }

    /// The bias, wherever it stands.
    pub(crate) fn bias(&self) -> Option<&Param<Tensor<3>>> {
        match self.place {
            BiasPlace::Convolution => self.convolution.bias.as_ref(),
            BiasPlace::Norm | BiasPlace::Activation => self.bias.as_ref(),
        }
    }

    pub(crate) fn bias_mut(&mut self) -> &mut Option<Param<Tensor<3>>> {
        match self.place {
            BiasPlace::Convolution => &mut self.convolution.bias,
            BiasPlace::Norm | BiasPlace::Activation => &mut self.bias,
        }
    }

    fn forward(&self, x: Tensor<4>, index: usize, probe: Probe<'_>) -> Tensor<4> {
        let mut at = |place: BiasPlace, z: Tensor<4>| {
            if place != self.place {
                return z;
            }
            probe(index, self.bias.as_ref().map_or(z.clone(), |bias| z + bias.val().unsqueeze()))
        };
        let z = at(BiasPlace::Convolution, self.convolution.forward(x));
        max_pool2d(match self.order {
            Order::NormFirst if self.place == BiasPlace::Norm => relu(at(BiasPlace::Norm, self.normalize(z))),
            Order::NormFirst => at(BiasPlace::Activation, self.normalize_and_rectify(z)),
            Order::ActivationFirst => {
                let rectified = at(BiasPlace::Activation, relu(z));
                at(BiasPlace::Norm, self.normalize(rectified))
            }
        })
    }

    /// The block's normalization alone.
    pub(crate) fn normalize(&self, z: Tensor<4>) -> Tensor<4> {
        match &self.norm {
            None => z,
            Some(norm) => norm.forward(z),
        }
    }

    /// In one pass over memory where that is possible.
    fn normalize_and_rectify(&self, z: Tensor<4>) -> Tensor<4> {
        match &self.norm {
            None => relu(z),
            Some(norm) => norm.forward_relu(z),
        }
    }
}

/// Makes parameters of one type on one device from the seeded generator.
struct Source<'a> {
    generator: Generator,
    device: &'a Device,
    dtype: DType,
}

impl Source<'_> {
    fn uniform<const D: usize>(&self, name: &str, shape: [usize; D], fan_in: usize) -> Param<Tensor<D>> {
        let bound = 1.0 / (fan_in as f64).sqrt();
        let mut stream = self.generator.stream(name);
        let values: Vec<f64> = (0..shape.iter().product()).map(|_| stream.uniform(-bound, bound)).collect();
        Param::from_tensor(Tensor::from_data(TensorData::new(values, shape), (self.device, self.dtype)))
    }

    fn constant<const D: usize>(&self, shape: [usize; D], value: f64) -> Tensor<D> {
        Tensor::full(shape, value, (self.device, self.dtype))
    }
}

#[cfg(test)]
mod tests {
    use burn::module::ModuleVisitor;
    use untied_study::{Bias, ModelConfig, Normalization, Padding};

    use super::*;

    /// Counts the numbers that ask for a gradient, and the convolutions' biases among them.
    #[derive(Default)]
    struct Counter {
        path: Vec<String>,
        total: usize,
        bias: usize,
    }

    impl ModuleVisitor for Counter {
        fn enter_module(&mut self, name: &str, _container: &str) {
            self.path.push(name.to_owned());
        }

        fn exit_module(&mut self, _name: &str, _container: &str) {
            self.path.pop();
        }

        fn visit_float<const D: usize>(&mut self, param: &Param<Tensor<D>>) {
            let count = if param.is_require_grad() { param.dims().iter().product() } else { 0 };
            self.total += count;
            let of_block = self.path.len() > 2 && self.path[0] == "blocks" && self.path.ends_with(&["bias".into()]);
            self.bias += if of_block { count } else { 0 };
        }
    }

    #[test]
    fn the_planned_parameters_are_those_trained() {
        let norms = [
            Normalization::None,
            Normalization::Batch,
            Normalization::BatchPerActivation,
            Normalization::Layer,
            Normalization::Instance,
            Normalization::Group(2),
            Normalization::Rms,
        ];
        let biases = [Bias::None, Bias::Tied, Bias::UntiedAlong(vec![1]), Bias::Untied];
        for (norm, bias) in norms.into_iter().flat_map(|norm| biases.clone().map(|bias| (norm, bias))) {
            let model = ModelConfig { padding: Padding::Valid, bias, norm, ..ModelConfig::new(vec![4, 6]) };
            assert_as_planned(&model);
            assert_as_planned(&ModelConfig { bias_after: BiasPlace::Norm, beta: false, ..model.clone() });
            assert_as_planned(&ModelConfig { bias_after: BiasPlace::Activation, head: Head::Mean, ..model.clone() });
            assert_as_planned(&ModelConfig { order: Order::ActivationFirst, beta: false, ..model });
        }
    }

    fn assert_as_planned(model: &ModelConfig) {
        let plan = Architecture::new(model, [1, 12, 14]).unwrap();
        let device = Device::flex().autodiff();
        let net = Net::new(&plan, 10, 0, &device, DType::F32);
        let mut counter = Counter::default();
        net.visit(&mut counter);
        let planned = plan.parameters(10);
        assert_eq!((planned.total, planned.bias), (counter.total, counter.bias), "{model:?}");
        assert_eq!(net.forward(Tensor::ones([2, 1, 12, 14], &device)).dims(), [2, 10]);
    }
}
