//! Which directions are found, in models of Burn's own layers.

use burn::module::{Module, Param};
use burn::nn::conv::{Conv2d, Conv2dConfig};
use burn::nn::{
    BatchNorm, BatchNormConfig, GroupNorm, GroupNormConfig, LayerNorm, LayerNormConfig, Linear, LinearConfig,
};
use burn::tensor::activation::{log_softmax, relu, softmax};
use burn::tensor::{DType, Tensor};
use untied_redundancy::Finding;

use crate::{TYPES, audited, counts, device, parameter, tensor, why};

const CHANNELS: usize = 8;

#[derive(Module, Debug)]
struct Normed {
    conv: Conv2d,
    batch: Option<BatchNorm>,
    group: Option<GroupNorm>,
    head: Linear,
}

impl Normed {
    fn new(epsilon: f64, groups: Option<usize>) -> Self {
        let device = device();
        let group = |groups| GroupNormConfig::new(groups, CHANNELS).with_epsilon(epsilon).init(&device);
        let batch = || BatchNormConfig::new(CHANNELS).with_epsilon(epsilon).init(&device);
        Self {
            conv: Conv2dConfig::new([3, CHANNELS], [3, 3]).init(&device),
            batch: groups.is_none().then(batch),
            group: groups.map(group),
            head: LinearConfig::new(CHANNELS, 5).init(&device),
        }
    }

    fn forward(&self, x: Tensor<4>) -> Tensor<2> {
        let mut z = self.conv.forward(x);
        z = self.batch.iter().fold(z, |z, norm| norm.forward(z));
        z = self.group.iter().fold(z, |z, norm| norm.forward(z));
        let features = relu(z).mean_dims(&[2, 3]).flatten(1, 3);
        log_softmax(self.head.forward(features), 1)
    }
}

fn images(dtype: DType) -> Tensor<4> {
    tensor([6, 3, 7, 7], 1, dtype)
}

#[test]
fn a_bias_before_batch_norm_does_nothing_at_all() {
    for dtype in TYPES {
        let found = audited(&Normed::new(1e-5, None), dtype, |net: &Normed| net.forward(images(dtype)));
        assert_eq!(why(&found, "conv.bias"), "shift of each element", "{found}");
        assert_eq!(counts(&found, "conv.bias"), (8, Some(8)), "{found}");
        for at_work in ["batch.gamma", "batch.beta"] {
            assert_eq!((why(&found, at_work).as_str(), counts(&found, at_work)), ("at work", (0, Some(0))), "{found}");
        }
        assert_eq!(counts(&found, "head.bias"), (1, Some(1)), "{found}");
        assert_eq!(why(&found, "head.bias"), "shift of all", "{found}");
        // Equal vectors over the classes: Burn's weight is [inputs, outputs].
        assert_eq!(why(&found, "head.weight"), "shift of each index of axis 0", "{found}");
        assert_eq!(counts(&found, "head.weight"), (8, Some(8)), "{found}");
        assert_eq!(found.redundant(), 8 + 1 + 8, "{found}");
    }
}

#[test]
fn a_bias_before_group_norm_loses_one_dimension_a_group() {
    for (dtype, groups) in TYPES.into_iter().flat_map(|dtype| [1, 2, 4].map(|groups| (dtype, groups))) {
        let net = Normed::new(1e-5, Some(groups));
        let found = audited(&net, dtype, |net: &Normed| net.forward(images(dtype)));
        let said = if groups == 1 { "shift of all".to_owned() } else { format!("shift of each of {groups} groups") };
        assert_eq!(why(&found, "conv.bias"), said, "{found}");
        assert_eq!(counts(&found, "conv.bias"), (groups, Some(groups)), "{found}");
    }
}

#[test]
fn frozen_statistics_remove_nothing() {
    let mut net = Normed::new(1e-5, None);
    net.batch = net.batch.map(BatchNorm::freeze);
    let found = audited(&net, DType::F64, |net: &Normed| net.forward(images(DType::F64)));
    assert_eq!(counts(&found, "conv.bias"), (0, Some(0)), "{found}");
    assert!(found.find("batch.gamma").is_none(), "what is frozen is not audited: {found}");
}

#[test]
fn a_weight_before_a_norm_has_a_scale_for_each_filter() {
    // Next to no ε, and then a usual one, which leaves the scale a little.
    let scale = |epsilon| {
        let found = audited(&Normed::new(epsilon, None), DType::F64, |net: &Normed| net.forward(images(DType::F64)));
        why(&found, "conv.weight")
    };
    assert_eq!(scale(1e-30), "scale of each index of axis 0");
    let said = scale(1e-5);
    assert!(said.starts_with("at work; scale of each index of axis 0: all but "), "{said}");
    assert_eq!(scale(1.0), "at work");
}

#[derive(Module, Debug)]
struct Untied {
    bias: Param<Tensor<3>>,
    norm: BatchNorm,
}

#[test]
fn an_untied_bias_loses_the_mean_of_each_channel_to_batch_norm() {
    let net = Untied { bias: parameter([4, 3, 5], 2), norm: BatchNormConfig::new(4).init(&device()) };
    for dtype in TYPES {
        let found = audited(&net, dtype, |net: &Untied| {
            net.norm.forward(tensor([6, 4, 3, 5], 1, dtype) + net.bias.val().unsqueeze())
        });
        assert_eq!(why(&found, "bias"), "shift of each index of axis 0", "{found}");
        assert_eq!(counts(&found, "bias"), (4, Some(4)), "{found}");
    }
}

#[derive(Module, Debug)]
struct Positions {
    embedding: Param<Tensor<2>>,
    norm: LayerNorm,
}

#[test]
fn position_embeddings_lose_the_mean_of_each_token_to_layer_norm() {
    let net = Positions { embedding: parameter([5, 6], 2), norm: LayerNormConfig::new(6).init(&device()) };
    for dtype in TYPES {
        let found = audited(&net, dtype, |net: &Positions| {
            net.norm.forward(tensor([4, 5, 6], 1, dtype) + net.embedding.val().unsqueeze())
        });
        assert_eq!(why(&found, "embedding"), "shift of each index of axis 0", "{found}");
        assert_eq!(counts(&found, "embedding"), (5, Some(5)), "{found}");
    }
}

#[derive(Module, Debug)]
struct Attention {
    /// Queries, keys and values, one after another.
    weight: Param<Tensor<2>>,
    bias: Param<Tensor<1>>,
}

impl Attention {
    fn forward(&self, x: Tensor<3>) -> Tensor<3> {
        let mixed = x.matmul(self.weight.val().unsqueeze()) + self.bias.val().unsqueeze();
        let [q, k, v]: [Tensor<3>; 3] = mixed.chunk(3, 2).try_into().expect("three parts");
        softmax(q.matmul(k.swap_dims(1, 2)), 2).matmul(v)
    }
}

#[test]
fn the_keys_bias_does_nothing_and_the_others_work() {
    let net = Attention { weight: parameter([4, 12], 2), bias: parameter([12], 3) };
    for dtype in TYPES {
        let found = audited(&net, dtype, |net: &Attention| net.forward(tensor([5, 6, 4], 1, dtype)));
        assert_eq!(why(&found, "bias"), "shift of each element 4–7", "{found}");
        assert_eq!(counts(&found, "bias"), (4, Some(4)), "{found}");
        assert_eq!(counts(&found, "weight"), (0, Some(0)), "{found}");
    }
}

#[derive(Module, Debug)]
struct Dead {
    bias: Param<Tensor<1>>,
    scale: Param<Tensor<1>>,
    unused: Param<Tensor<1>>,
}

#[test]
fn zero_gradients_are_no_evidence() {
    let net = Dead { bias: parameter([4], 2), scale: parameter([4], 3), unused: parameter([4], 4) };
    // Elements 1 and 3 are cut off by the ReLU, for every input and at every point.
    let cut = || Tensor::<1>::from_data([0.0, -100.0, 0.0, -100.0], (&device(), DType::F64));
    let found = audited(&net, DType::F64, |net: &Dead| {
        let x = tensor([16, 4], 1, DType::F64);
        relu(x + net.bias.val().unsqueeze() + cut().unsqueeze()) * net.scale.val().unsqueeze()
    });
    let of = |name: &str| {
        let of = found.find(name).expect(name);
        (of.finding, of.redundant, of.without_evidence)
    };
    assert_eq!(of("bias"), (Finding::AtWork, 0, 2), "{found}");
    assert_eq!(of("scale"), (Finding::AtWork, 0, 2), "{found}");
    assert_eq!(of("unused"), (Finding::NoEvidence, 0, 4), "{found}");
    assert_eq!(why(&found, "unused"), "no evidence: its gradient is exactly 0");
}

/// A bias of which a half meets a norm, and the other half nothing.
#[test]
fn what_was_not_seen_is_not_certified_along_with_what_was() {
    let net = Dead { bias: parameter([4], 2), scale: parameter([4], 3), unused: parameter([4], 4) };
    let norm = BatchNormConfig::new(2).init(&device());
    let found = audited(&net, DType::F32, |net: &Dead| {
        let x = tensor([16, 2, 3], 1, DType::F32);
        norm.forward(x + net.bias.val().slice(0..2).reshape([1, 2, 1])) * net.scale.val().slice(0..2).reshape([1, 2, 1])
    });
    assert_eq!(
        why(&found, "bias"),
        "shift of each element 0–1; no evidence of 2 elements, whose gradient is exactly 0"
    );
    let bias = found.find("bias").expect("audited");
    assert_eq!(
        (bias.redundant, bias.directions.len(), bias.rank.map(|rank| rank.elements)),
        (2, 1, Some(2)),
        "{found}"
    );
}
