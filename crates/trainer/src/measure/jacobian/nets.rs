//! The ranks of every net.

use burn::tensor::TensorData;
use untied_study::{Bias, LayerConfig, LayerKind, ModelConfig, Net as Name, Normalization, Padding, Shortcut};

use super::*;
use crate::model::plan::Plan;
use crate::random::Generator;

/// The ranks of a net with random biases on random images of 1×12×12, and the biases that they are of.
fn ranks_of(model: &ModelConfig) -> (Plan, Vec<JacobianRank>) {
    told_ranks_of(model, SIGN, &mut |_| {})
}

fn told_ranks_of(model: &ModelConfig, every: Duration, tell: &mut dyn FnMut(&str)) -> (Plan, Vec<JacobianRank>) {
    let plan = Plan::new(model, [1, 12, 12], 3).unwrap_or_else(|error| panic!("{model:?}: {error}"));
    let device = Device::flex().autodiff();
    let net = Net::new(&plan, 3, &device, DType::F64);
    let mut stream = Generator::new(4).stream("images");
    let pixels: Vec<f64> = (0..6 * 144).map(|_| stream.normal()).collect();
    let x = Tensor::from_data(TensorData::new(pixels, [6, 1, 12, 12]), (&device, DType::F64));
    (plan, ranks_on(&net, x, every, tell))
}

/// A backward pass of a large net takes long, and there are as many as outputs.
#[test]
fn every_output_may_be_heard_of() {
    let model = ModelConfig { norm: Normalization::Batch, bias: Bias::Tied, ..small(Name::Plain, &[2]) };
    let (mut often, mut seldom) = (Vec::new(), Vec::new());
    told_ranks_of(&model, Duration::ZERO, &mut |progress| often.push(progress.to_owned()));
    told_ranks_of(&model, Duration::from_hours(1), &mut |progress| seldom.push(progress.to_owned()));
    assert_eq!(seldom, ["block1"]);
    let outputs = 6 * 2 * 12 * 12;
    let last = format!("block1: output {} of {outputs}", outputs - 1);
    assert_eq!((often.len(), often.last()), (outputs + 1, Some(&last)));
}

fn assert_predicted(model: &ModelConfig) -> usize {
    let (plan, ranks) = ranks_of(model);
    for rank in &ranks {
        let measured = rank.bias_parameters - rank.rank;
        assert_eq!(measured, rank.predicted_redundant, "{} {} {}: {rank:?}", model.net, model.bias, model.norm);
    }
    // Elsewhere, nothing but what terms have in common can be redundant.
    for bias in plan.biases.iter().filter(|bias| ranks.iter().all(|rank| rank.layer != bias.layer)) {
        let gauge = if bias.terms.terms().len() == 3 { 2 } else { 0 };
        assert_eq!(bias.redundancy.dimensions(), gauge, "{} {} {}: {}", model.net, model.bias, model.norm, bias.layer);
    }
    ranks.iter().filter(|rank| rank.predicted_redundant > 0).count()
}

fn small(net: Name, channels: &[usize]) -> ModelConfig {
    ModelConfig { channels: channels.to_vec(), ..ModelConfig::of_net(net) }
}

#[test]
fn redundant_dimensions_of_every_net_are_those_measured() {
    let nets = [
        small(Name::Plain, &[2, 4]),
        small(Name::Lenet1989, &[2, 4]),
        small(Name::Lenet5, &[2, 4]),
        small(Name::Vgg8, &[2, 2, 4]),
        small(Name::Resnet8, &[2, 2, 4]),
        ModelConfig { shortcut: Shortcut::Convolution, ..small(Name::Resnet8, &[2, 2, 4]) },
        small(Name::MobilenetSmall, &[2, 2, 4, 4]),
    ];
    let norms = [
        Normalization::None,
        Normalization::Batch,
        Normalization::BatchPerActivation,
        Normalization::Layer,
        Normalization::Group(2),
        Normalization::Instance,
        Normalization::Rms,
        Normalization::FilterResponse,
    ];
    for net in nets {
        for norm in norms {
            assert_predicted(&ModelConfig { norm, bias: Bias::Tied, ..net.clone() });
        }
        for norm in [Normalization::Batch, Normalization::Group(2)] {
            for bias in [Bias::UntiedAlong(vec![0]), Bias::Factorised] {
                assert_predicted(&ModelConfig { norm, bias, ..net.clone() });
            }
        }
        let untied = ModelConfig { norm: Normalization::Batch, bias: Bias::Untied, ..net };
        assert!(assert_predicted(&untied) > 1, "{}", untied.net);
    }
}

/// Convolutions without a norm behind them, which additions carry to the norms of later blocks.
#[test]
fn every_bias_of_a_preactivated_residual_net_is_redundant() {
    for shortcut in [Shortcut::ZeroPadded, Shortcut::Convolution] {
        let net = ModelConfig { shortcut, ..small(Name::Resnet20Preact, &[2, 2, 3]) };
        for bias in [Bias::Tied, Bias::UntiedAlong(vec![1])] {
            let model = ModelConfig { norm: Normalization::Batch, bias: bias.clone(), ..net.clone() };
            let biases = if shortcut == Shortcut::Convolution { 21 } else { 19 };
            assert_eq!(assert_predicted(&model), biases, "{bias}");
        }
    }
    let resnet = ModelConfig { norm: Normalization::Batch, ..small(Name::Resnet20, &[2, 2, 3]) };
    assert_eq!(assert_predicted(&resnet), 19);
}

#[test]
fn redundant_dimensions_of_lists_are_those_measured() {
    let layer = LayerConfig::new;
    let convolution = |channels: usize| LayerConfig { channels: Some(channels), ..layer(LayerKind::Convolution) };
    let residual = |layers: Vec<LayerConfig>| LayerConfig { layers: Some(layers), ..layer(LayerKind::Residual) };
    let lists = [
        // A tied bias passes circular padding, both poolings and a residual layer on its way to a norm.
        vec![
            LayerConfig { padding: Some(Padding::Circular), ..convolution(4) },
            layer(LayerKind::MaxPool),
            residual(vec![LayerConfig { padding: Some(Padding::Replicate), ..convolution(4) }]),
            LayerConfig { stride: Some(1.into()), ..layer(LayerKind::AveragePool) },
            LayerConfig { padding: Some(Padding::Valid), dilation: Some(2.into()), ..convolution(6) },
            layer(LayerKind::Norm),
            layer(LayerKind::Activation),
        ],
        // Zeros at the border make it differ there.
        vec![convolution(4), convolution(4), layer(LayerKind::Norm), layer(LayerKind::Activation)],
        // A residual layer around the images themselves.
        vec![residual(vec![convolution(1)]), convolution(2), layer(LayerKind::Norm), layer(LayerKind::GlobalMaxPool)],
    ];
    for (layers, redundant) in lists.into_iter().zip([3, 1, 1]) {
        let model = ModelConfig { layers, norm: Normalization::Batch, ..ModelConfig::new(vec![]) };
        assert_eq!(assert_predicted(&model), redundant, "{:?}", model.layers);
        for norm in [Normalization::Instance, Normalization::Layer, Normalization::Group(2), Normalization::Rms] {
            assert_predicted(&ModelConfig { norm, ..model.clone() });
        }
    }
}
