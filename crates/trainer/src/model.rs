//! The CNN: blocks of convolution, normalization, ReLU and max pooling, then a linear head.

use burn::module::{Module, Param};
use burn::nn::Linear;
use burn::tensor::activation::relu;
use burn::tensor::{DType, Device, Tensor, TensorData};
use untied_conv::Conv2d;

use crate::architecture::{Architecture, BlockPlan};
use crate::max_pool::max_pool;
use crate::norm::Norm;
use crate::random::Generator;

/// The model of one cell.
#[derive(Module, Debug)]
pub(crate) struct Net {
    pub(crate) blocks: Vec<Block>,
    head: Linear,
}

/// Convolution, normalization, ReLU and 2×2 max pooling.
#[derive(Module, Debug)]
pub(crate) struct Block {
    pub(crate) convolution: Conv2d,
    norm: Option<Norm>,
}

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
        Self { blocks: plan.blocks.iter().enumerate().map(block).collect(), head }
    }

    /// Class scores `[n, classes]` of images `[n, c, h, w]`.
    pub(crate) fn forward(&self, x: Tensor<4>) -> Tensor<2> {
        self.forward_with(x, |_, z| z)
    }

    /// As [`forward`](Self::forward), with every convolution's output passed through `probe`, which gets the index of
    /// its block.
    pub(crate) fn forward_with(
        &self,
        mut x: Tensor<4>,
        mut probe: impl FnMut(usize, Tensor<4>) -> Tensor<4>,
    ) -> Tensor<2> {
        for (index, block) in self.blocks.iter().enumerate() {
            let z = probe(index, block.convolution.forward(x));
            x = block.after_convolution(z);
        }
        self.head.forward(x.flatten::<2>(1, 3))
    }
}

impl Block {
    fn new(plan: &BlockPlan, name: &str, source: &Source) -> Self {
        let mut convolution = plan.convolution.init(source.device);
        let dims = convolution.weight.dims();
        convolution.weight = source.uniform(&format!("{name}/weight"), dims, dims[1] * dims[2] * dims[3]);
        convolution.bias = plan.bias.as_ref().map(|bias| Param::from_tensor(source.constant(bias.dims, 0.0)));
        let norm = Norm::new(plan.norm, plan.output, source.device, source.dtype);
        Self { convolution, norm }
    }

    fn after_convolution(&self, z: Tensor<4>) -> Tensor<4> {
        let rectified = match &self.norm {
            None => relu(z),
            Some(norm) => norm.forward_relu(z),
        };
        max_pool(rectified)
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
    use untied_study::{BiasKind, ModelConfig, NormKind, Padding};

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
            self.bias += if self.path.ends_with(&["convolution".into(), "bias".into()]) { count } else { 0 };
        }
    }

    #[test]
    fn the_planned_parameters_are_those_trained() {
        let norms = [
            NormKind::None,
            NormKind::Batch,
            NormKind::BatchPerActivation,
            NormKind::Layer,
            NormKind::Instance,
            NormKind::Group(2),
            NormKind::Rms,
        ];
        for norm in norms {
            for bias in [BiasKind::None, BiasKind::Tied, BiasKind::UntiedAlong(vec![1]), BiasKind::Untied] {
                let model = ModelConfig { padding: Padding::Valid, bias, norm, ..ModelConfig::new(vec![4, 6]) };
                let plan = Architecture::new(&model, [1, 12, 14]).unwrap();
                let net = Net::new(&plan, 10, 0, &Device::flex().autodiff(), DType::F32);
                let mut counter = Counter::default();
                net.visit(&mut counter);
                let planned = plan.parameters(10);
                assert_eq!((planned.total, planned.bias), (counter.total, counter.bias), "{model:?}");
            }
        }
    }
}
