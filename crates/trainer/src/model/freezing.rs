//! Batch norm that is frozen for the rest of training.

use burn::module::Module;

use super::net::Net;
use super::norm::Norm;
use super::plan::Plan;

impl Net {
    /// Makes constants of batch norm's running statistics, γ and β; `frozen` is the plan of that.
    ///
    /// ```text
    /// y = γ·(x − m)/√(v + ε) + β        ∂J/∂x = γ/√(v + ε)·∂J/∂y
    /// ```
    ///
    /// with the running mean m and variance v: nothing is subtracted from ∂J/∂y any more, and no bias before it is redundant.
    pub(crate) fn freeze_norms(&mut self, frozen: &Plan) {
        for norm in self.norms_mut() {
            if let Norm::Batch(batch) = norm {
                *batch = batch.clone().freeze();
            }
        }
        self.set_plan(frozen);
    }
}

#[cfg(test)]
mod tests {
    use burn::tensor::{DType, Device, Tensor, TensorData};
    use untied_redundancy::network::NodeId;
    use untied_study::{Bias, ModelConfig, Normalization};

    use super::*;
    use crate::export::trained_model::tests::made_up;
    use crate::model::tensors::{self, host};
    use crate::random::Generator;

    const INPUT: [usize; 4] = [3, 1, 12, 14];

    fn drawn<const D: usize>(name: &str, shape: [usize; D], device: &Device) -> Tensor<D> {
        let mut stream = Generator::new(3).stream(name);
        let values: Vec<f64> = (0..shape.iter().product()).map(|_| stream.uniform(-1.0, 1.0)).collect();
        Tensor::from_data(TensorData::new(values, shape), (device, DType::F64))
    }

    /// A net with random tensors, running statistics, γ and β among them; its plan is the frozen one, if `freeze`.
    fn net(norm: Normalization, bias: Bias, freeze: bool) -> (Net, NodeId) {
        let trained = made_up(ModelConfig { norm, bias, ..ModelConfig::new(vec![4, 6]) });
        let mut net = trained.net(&Device::flex().autodiff(), DType::F64);
        let frozen = net.plan().frozen().expect("a batch norm");
        assert_eq!(frozen.biases.iter().map(|bias| bias.redundancy.dimensions()).sum::<usize>(), 0);
        if freeze {
            net.freeze_norms(&frozen);
        }
        let bias = frozen.biases[0].node;
        (net, bias)
    }

    fn loss(net: &Net, x: &Tensor<4>, cotangent: &Tensor<2>) -> Tensor<1> {
        (net.forward(x.clone()) * cotangent.clone()).sum()
    }

    #[test]
    fn it_is_the_map_of_its_running_statistics_in_training_and_out_of_it() {
        for norm in [Normalization::Batch, Normalization::BatchPerActivation] {
            let (net, _) = net(norm, Bias::Tied, true);
            let device = Device::flex().autodiff();
            let (tensors, epsilon) = (tensors::read(&net), net.plan().epsilon);
            let of = |part: &str| &tensors[&format!("block1.norm.{part}")].values;
            let (mut input, mut output) = (vec![], vec![]);
            let _ = net.forward_with(drawn("x", INPUT, &device), &mut |node, z| {
                match net.plan().network.node(node).name.as_str() {
                    "block1.convolution.bias" => input = host(z.clone()),
                    "block1.norm" | "block1.activation" => output = host(z.clone()),
                    _ => {}
                }
                z
            });
            assert_eq!((input.len(), output.len()), (3 * 4 * 12 * 14, 3 * 4 * 12 * 14));
            let values = of("gamma").len();
            for (at, (z, y)) in input.iter().zip(&output).enumerate() {
                let own = if values == 4 { at / (12 * 14) % 4 } else { at % (4 * 12 * 14) };
                let x_hat = (z - of("running_mean")[own]) / (of("running_var")[own] + epsilon).sqrt();
                let expected = (of("gamma")[own] * x_hat + of("beta")[own]).max(0.0);
                assert!((y - expected).abs() < 1e-12, "{norm} at {at}: {y} instead of {expected}");
            }
            let x = drawn("x", INPUT, &device);
            let [trained, evaluated] = [host(net.forward(x.clone())), host(net.valid().forward(x.inner()))];
            assert!(trained.iter().zip(&evaluated).all(|(a, b)| (a - b).abs() < 1e-12), "{norm}");
        }
    }

    /// Along every parameter of the first bias, against finite differences under a random cotangent. What was redundant before
    /// is not any more: the same sums are rounding where the batch's statistics are subtracted.
    #[test]
    fn the_gradient_of_a_bias_before_it_is_that_of_finite_differences() {
        let device = Device::flex().autodiff();
        let (x, cotangent) = (drawn("x", INPUT, &device), drawn("cotangent", [3, 3], &device));
        for bias in [Bias::Tied, Bias::Untied] {
            let (mut net, node) = net(Normalization::Batch, bias.clone(), true);
            let formerly =
                super::tests::net(Normalization::Batch, bias.clone(), false).0.plan().biases[0].redundancy.clone();
            let gradients = loss(&net, &x, &cotangent).backward();
            let gradient = host(net.terms(node)[0].grad(&gradients).expect("the loss depends on the bias"));
            let value = |net: &Net| host(loss(net, &x, &cotangent))[0];
            let terms = net.terms(node).to_vec();
            for index in (0..gradient.len()).step_by(1 + gradient.len() / 40) {
                let mut moved = |step: f64| {
                    let mut values = host(terms[0].val());
                    values[index] += step;
                    let values = Tensor::from_data(TensorData::new(values, terms[0].dims()), (&device, DType::F64));
                    net.set_terms(node, vec![burn::module::Param::from_tensor(values)]);
                    value(&net)
                };
                let slope = (moved(1e-6) - moved(-1e-6)) / 2e-6;
                let got = gradient[index];
                assert!((got - slope).abs() < 1e-6 * (1.0 + slope.abs()), "{bias} {index}: {got} instead of {slope}");
            }
            let redundant: f64 = formerly.project(&gradient).iter().map(|value| value * value).sum::<f64>().sqrt();
            assert!(redundant > 1e-2, "{bias}: {redundant}");
            let (before, node) = super::tests::net(Normalization::Batch, bias.clone(), false);
            let gradients = loss(&before, &x, &cotangent).backward();
            let gradient = host(before.terms(node)[0].grad(&gradients).expect("the loss depends on the bias"));
            let redundant: f64 = formerly.project(&gradient).iter().map(|value| value * value).sum::<f64>().sqrt();
            assert!(redundant < 1e-12, "{bias}: {redundant}");
        }
    }

    #[test]
    fn nothing_of_it_learns_and_no_batch_moves_it() {
        let device = Device::flex().autodiff();
        let (x, cotangent) = (drawn("x", INPUT, &device), drawn("cotangent", [3, 3], &device));
        for (freeze, copied) in [(true, false), (true, true), (false, false)] {
            let (net, _) = net(Normalization::Batch, Bias::Tied, freeze);
            let net = if copied { net.copy() } else { net };
            let before = tensors::read(&net);
            let gradients = loss(&net, &x, &cotangent).backward();
            let is_still = |(name, tensor): (&String, &tensors::HostTensor)| tensor.values == before[name].values;
            assert_eq!(tensors::read(&net).iter().all(is_still), freeze, "copied: {copied}");
            for norm in net.norms() {
                let Norm::Batch(norm) = norm else { panic!("a batch norm") };
                let learns = |param: &Option<burn::module::Param<Tensor<1>>>| {
                    param.as_ref().is_some_and(|param| param.grad(&gradients).is_some())
                };
                assert_eq!([learns(&norm.gamma), learns(&norm.beta)], [!freeze; 2], "copied: {copied}");
            }
        }
    }
}
