//! Shift flow of the networks that people build: what is redundant, by what, and which biases are one.

use untied_redundancy::network::{
    Activation, Convolution, Network, NetworkError, NodeId, Operation, Padding, Pool, Pooling,
};
use untied_redundancy::shift_flow::ShiftFlow;
use untied_redundancy::shift_flow::exact::{ExactFlow, Values};
use untied_redundancy::{Bias, Mode, Normalization};

use crate::noise;

const BATCH: Operation = Operation::Normalization { normalization: Normalization::Batch, beta: true };
const RELU: Operation = Operation::Activation(Activation::Relu);

fn convolution(channels: usize, kernel: usize, padding: Padding) -> Operation {
    Operation::Convolution(Convolution { padding, ..Convolution::new(channels, [kernel; 2]) })
}

fn max_pool() -> Operation {
    Operation::Pooling(Pooling::new(Pool::Max, [2, 2]))
}

/// A convolution `name` with a tied bias `name_bias` behind the last node.
fn biased(network: &mut Network, name: &str, convolution: Operation) -> Result<NodeId, NetworkError> {
    network.then(name, convolution)?;
    network.then(format!("{name}_bias"), Operation::Bias(Bias::Tied))
}

fn mean_head(network: &mut Network) -> Result<(), NetworkError> {
    network.then("mean", Operation::Mean)?;
    network.then("head", Operation::Linear { features: 5 })?;
    network.then("head_bias", Operation::Bias(Bias::Tied))?;
    network.then("loss", Operation::Loss)?;
    Ok(())
}

/// Of each bias its name, the structural and the exact dimension of what is redundant, and why.
fn told(network: &Network, mode: Mode) -> Vec<(String, usize, String)> {
    let flow = ShiftFlow::new(network, mode);
    let values = values(network);
    let exact = ExactFlow::new(network, mode, &values).expect("all values are there");
    let tell = |site: untied_redundancy::shift_flow::Site| {
        assert_eq!(exact.kernel(&[site.node]).len(), site.redundancy.dimensions(), "{}", site.name);
        (site.name, site.redundancy.dimensions(), site.path.to_string())
    };
    flow.sites().into_iter().map(tell).collect()
}

fn values(network: &Network) -> Values {
    let mut values = Values::new(1e-5);
    for (id, _) in network.nodes() {
        for tensor in network.tensors(id) {
            let drawn = noise(tensor.shape.iter().product(), id.index() + 1);
            let positive = tensor.name == "running_var";
            values.insert(id, tensor.name, drawn.iter().map(|x| if positive { x.abs() + 0.5 } else { *x }).collect());
        }
    }
    values
}

/// The sentences of all meetings, whose dimensions are those of the exact joint kernel beyond the single ones.
fn met(network: &Network, mode: Mode) -> Vec<String> {
    let (flow, values) = (ShiftFlow::new(network, mode), values(network));
    let exact = ExactFlow::new(network, mode, &values).expect("all values are there");
    let nodes: Vec<NodeId> = flow.sites().iter().map(|site| site.node).collect();
    let single: usize = nodes.iter().map(|&node| exact.kernel(&[node]).len()).sum();
    let meetings = flow.meetings();
    let told: usize = meetings.iter().map(|meeting| meeting.dimensions).sum();
    assert_eq!(told, exact.kernel(&nodes).len() - single);
    meetings.iter().map(ToString::to_string).collect()
}

fn lines(told: &[(String, usize, String)]) -> Vec<String> {
    told.iter().map(|(name, dimensions, path)| format!("{name}: {dimensions}, {path}")).collect()
}

/// Norm, ReLU, convolution, twice, added to what came; with other channels through a 1×1 convolution of the first ReLU.
fn pre_activation(network: &mut Network, block: usize, channels: usize) -> Result<(), NetworkError> {
    let start = network.last();
    let name = |part: &str| format!("block{block}_{part}");
    network.then(name("norm1"), BATCH)?;
    let activated = network.then(name("relu1"), RELU)?;
    biased(network, &name("conv1"), convolution(channels, 3, Padding::Same))?;
    network.then(name("norm2"), BATCH)?;
    network.then(name("relu2"), RELU)?;
    let branch = biased(network, &name("conv2"), convolution(channels, 3, Padding::Same))?;
    let shortcut = if network.node(start).output[0] == channels {
        start
    } else {
        network.add(name("shortcut"), convolution(channels, 1, Padding::Valid), &[activated])?;
        network.then(name("shortcut_bias"), Operation::Bias(Bias::Tied))?
    };
    network.add(name("add"), Operation::Addition, &[shortcut, branch])?;
    Ok(())
}

#[test]
fn all_convolution_biases_of_a_pre_activation_resnet_are_redundant() -> Result<(), NetworkError> {
    let mut network = Network::new([3, 6, 6])?;
    biased(&mut network, "stem", convolution(4, 3, Padding::Same))?;
    pre_activation(&mut network, 1, 4)?;
    pre_activation(&mut network, 2, 6)?;
    network.then("norm", BATCH)?;
    network.then("relu", RELU)?;
    mean_head(&mut network)?;
    let told = told(&network, Mode::Training);
    let convolutions: Vec<_> = told.iter().filter(|(name, ..)| name.contains("_bias") && name != "head_bias").collect();
    assert_eq!(convolutions.len(), 6);
    for (name, dimensions, path) in &convolutions {
        let channels = network.node(network.find(name).expect(name)).output[0];
        assert_eq!((*dimensions, path.contains("at work")), (channels, false), "{name}: {path}");
    }
    // The addition carries the stem's bias to the first norms of both blocks.
    assert_eq!(convolutions[0].2, "removed by block1_norm1 and block2_norm1, through block1_add");
    assert_eq!(convolutions[5].2, "removed by norm, through block2_add");
    assert!(told.iter().filter(|(name, ..)| name.starts_with('β')).all(|(_, dimensions, _)| *dimensions == 0));
    assert_eq!(met(&network, Mode::Training), Vec::<String>::new());
    Ok(())
}

/// Convolution, norm, ReLU, convolution, norm, added to what came through a 1×1 convolution, ReLU.
fn resnet_v1() -> Result<Network, NetworkError> {
    let mut network = Network::new([3, 5, 5])?;
    let input = network.input();
    biased(&mut network, "conv1", convolution(4, 3, Padding::Same))?;
    network.then("norm1", BATCH)?;
    network.then("relu1", RELU)?;
    biased(&mut network, "conv2", convolution(4, 3, Padding::Same))?;
    let branch = network.then("norm2", BATCH)?;
    network.add("shortcut", convolution(4, 1, Padding::Valid), &[input])?;
    let shortcut = network.then("shortcut_bias", Operation::Bias(Bias::Tied))?;
    network.add("add", Operation::Addition, &[branch, shortcut])?;
    network.then("relu2", RELU)?;
    mean_head(&mut network)?;
    Ok(network)
}

#[test]
fn a_shortcut_without_a_norm_is_the_same_as_the_last_beta_of_its_branch() -> Result<(), NetworkError> {
    let network = resnet_v1()?;
    let expected = [
        "conv1_bias: 4, removed by norm1",
        "β of norm1: 0, at work in relu1",
        "conv2_bias: 4, removed by norm2",
        "β of norm2: 0, at work in relu2",
        "shortcut_bias: 0, at work in relu2",
        "head_bias: 1, removed by loss; the rest is at work in loss",
    ];
    assert_eq!(lines(&told(&network, Mode::Training)), expected);
    let one = "β of norm2 and shortcut_bias are one: 4 dimensions can go from one to the other, at add";
    assert_eq!(met(&network, Mode::Training), [one]);
    // In evaluation, a bias does what the β of the norm behind it does.
    let evaluated = met(&network, Mode::Evaluation);
    assert_eq!(evaluated[0], "conv1_bias and β of norm1 are one: 4 dimensions can go from one to the other, at norm1");
    assert_eq!(evaluated.len(), 3, "{evaluated:?}");
    // Frozen, a norm removes nothing, and its β is no parameter that could do the same.
    let frozen = [
        "conv1_bias: 0, at work in relu1",
        "conv2_bias: 0, at work in relu2",
        "shortcut_bias: 0, at work in relu2",
        "head_bias: 1, removed by loss; the rest is at work in loss",
    ];
    assert_eq!(lines(&told(&network, Mode::FrozenNorm)), frozen);
    let one = "conv2_bias and shortcut_bias are one: 4 dimensions can go from one to the other, at add";
    assert_eq!(met(&network, Mode::FrozenNorm), [one]);
    Ok(())
}

#[test]
fn one_value_per_channel_survives_both_pools_and_an_unpadded_convolution() -> Result<(), NetworkError> {
    let through = |padding, bias| -> Result<Vec<String>, NetworkError> {
        let mut network = Network::new([2, 14, 14])?;
        network.then("conv1", convolution(3, 3, Padding::Same))?;
        network.then("bias1", Operation::Bias(bias))?;
        network.then("max_pool1", max_pool())?;
        network
            .then("average_pool1", Operation::Pooling(Pooling::new(Pool::Average { count_padding: true }, [2, 2])))?;
        network.then("conv2", convolution(3, 3, padding))?;
        network.then("norm2", Operation::Normalization { normalization: Normalization::Batch, beta: false })?;
        network.then("relu2", RELU)?;
        Ok(lines(&told(&network, Mode::Training)))
    };
    let removed = "removed by norm2, through max_pool1, average_pool1 and conv2";
    assert_eq!(through(Padding::Valid, Bias::Tied)?, [format!("bias1: 3, {removed}")]);
    let rest = format!("bias1: 3, {removed}; the rest is at work in max_pool1");
    assert_eq!(through(Padding::Valid, Bias::UntiedAlong(vec![0]))?, [rest]);
    assert_eq!(through(Padding::Same, Bias::Tied)?, ["bias1: 0, at work in norm2"]);
    Ok(())
}

#[test]
fn the_loss_removes_what_is_equal_for_all_classes() -> Result<(), NetworkError> {
    let mut network = Network::new([2, 3, 3])?;
    network.then("flatten", Operation::Flatten)?;
    network.then("head", Operation::Linear { features: 5 })?;
    network.then("head_bias", Operation::Bias(Bias::Tied))?;
    network.then("loss", Operation::Loss)?;
    for mode in [Mode::Training, Mode::FrozenNorm, Mode::Evaluation] {
        assert_eq!(lines(&told(&network, mode)), ["head_bias: 1, removed by loss; the rest is at work in loss"]);
    }
    Ok(())
}

/// What the program told before networks were planned, of its plain nets: the norm right behind a bias removes a part of
/// it, and so does the next block's of a bias behind the ReLU, where no padding is between.
#[test]
fn plain_nets_are_as_they_were() -> Result<(), NetworkError> {
    let norms = [
        Normalization::None,
        Normalization::Batch,
        Normalization::BatchPerActivation,
        Normalization::Layer,
        Normalization::Instance,
        Normalization::Group(2),
        Normalization::Rms,
        Normalization::FilterResponse,
    ];
    let biases = [Bias::Tied, Bias::UntiedAlong(vec![0]), Bias::UntiedAlong(vec![1]), Bias::Untied];
    let mut count = 0;
    for (norm, bias) in norms.into_iter().flat_map(|norm| biases.clone().map(|bias| (norm, bias))) {
        for (case, padding) in (0..6).flat_map(|case| [Padding::Same, Padding::Valid].map(|padding| (case, padding))) {
            let (norm_first, place) = (case < 3, case % 3);
            let mut network = Network::new([1, 14, 12])?;
            let mut at = vec![];
            for block in 1..=2 {
                plain_block(&mut network, block, norm_first, place, padding, norm, &bias)?;
                at.push(network.find(&format!("bias{block}")).expect("each block has a bias"));
                network.then(format!("pool{block}"), max_pool())?;
            }
            network.then("flatten", Operation::Flatten)?;
            network.then("head", Operation::Linear { features: 3 })?;
            network.then("loss", Operation::Loss)?;
            let flow = ShiftFlow::new(&network, Mode::Training);
            for (index, &node) in at.iter().enumerate() {
                let own = (norm_first && place == 0) || (!norm_first && place == 2);
                // The norms of which the weights decide were refused there.
                let whole_channels = matches!(norm, Normalization::Batch | Normalization::Instance);
                let next = norm_first && place == 2 && padding == Padding::Valid && index == 0 && whole_channels;
                let by = if own || next { norm } else { Normalization::None };
                if norm_first && place == 2 && norm == Normalization::BatchPerActivation {
                    continue;
                }
                let site = flow.site(node).expect("a bias");
                let expected = crate::behind(by, Mode::Training, &site.terms);
                assert_eq!(site.redundancy, expected, "{norm}, {bias}, case {case}, {padding:?}: {}", site.path);
                count += 1;
            }
        }
    }
    assert!(count > 600, "{count}");
    Ok(())
}

/// Convolution, norm and ReLU, or convolution, ReLU and norm, with the bias behind the convolution, the norm or the ReLU.
fn plain_block(
    network: &mut Network,
    block: usize,
    norm_first: bool,
    place: usize,
    padding: Padding,
    normalization: Normalization,
    bias: &Bias,
) -> Result<(), NetworkError> {
    let norm = (1, "norm", Operation::Normalization { normalization, beta: true });
    let relu = (2, "relu", RELU);
    let conv = (0, "conv", convolution(4, 3, padding));
    for (index, name, operation) in if norm_first { [conv, norm, relu] } else { [conv, relu, norm] } {
        network.then(format!("{name}{block}"), operation)?;
        if index == place {
            network.then(format!("bias{block}"), Operation::Bias(bias.clone()))?;
        }
    }
    Ok(())
}

#[test]
fn biases_with_only_linear_maps_between_them_are_one() -> Result<(), NetworkError> {
    let between = |operations: &[Operation], first: Bias, second: Bias| -> Result<Vec<String>, NetworkError> {
        let mut network = Network::new([6, 6, 6])?;
        network.then("first", Operation::Bias(first))?;
        for (index, operation) in operations.iter().enumerate() {
            network.then(format!("between{index}"), operation.clone())?;
        }
        network.then("second", Operation::Bias(second))?;
        network.then("relu", RELU)?;
        Ok(met(&network, Mode::Training))
    };
    let sentence = |verb: &str, dimensions: usize| {
        vec![format!("first and second {verb}: {dimensions} dimensions can go from one to the other, at second")]
    };
    let unpadded = |channels| convolution(channels, 3, Padding::Valid);
    assert_eq!(between(&[unpadded(6)], Bias::Tied, Bias::Tied)?, sentence("are one", 6));
    assert_eq!(between(&[unpadded(8)], Bias::Tied, Bias::Tied)?, sentence("overlap", 6));
    assert_eq!(between(&[unpadded(4), max_pool()], Bias::Tied, Bias::Tied)?, sentence("are one", 4));
    assert_eq!(between(&[], Bias::Untied, Bias::Tied)?, sentence("overlap", 6));
    assert_eq!(between(&[], Bias::Untied, Bias::Untied)?, sentence("are one", 216));
    // Padding makes it differ at the border, which one value per channel cannot take over; one per location can.
    let padded = convolution(6, 3, Padding::Same);
    assert_eq!(between(std::slice::from_ref(&padded), Bias::Tied, Bias::Tied)?, Vec::<String>::new());
    assert_eq!(between(&[padded], Bias::Tied, Bias::Untied)?, sentence("overlap", 6));
    assert_eq!(between(&[RELU], Bias::Tied, Bias::Tied)?, Vec::<String>::new());
    Ok(())
}

#[test]
fn biases_summed_before_one_norm_share_what_it_leaves() -> Result<(), NetworkError> {
    let before = |normalization, bias: Bias| -> Result<Vec<String>, NetworkError> {
        let mut network = Network::new([4, 3, 3])?;
        let input = network.input();
        let [one, other] = ["one", "other"];
        network.then("conv_one", convolution(4, 3, Padding::Same))?;
        let left = network.then(one, Operation::Bias(bias.clone()))?;
        network.add("conv_other", convolution(4, 1, Padding::Same), &[input])?;
        let right = network.then(other, Operation::Bias(bias))?;
        network.add("add", Operation::Addition, &[left, right])?;
        network.then("norm", Operation::Normalization { normalization, beta: false })?;
        network.then("relu", RELU)?;
        Ok(met(&network, Mode::Training))
    };
    let one = |dimensions| {
        vec![format!("one and other are one: {dimensions} dimensions can go from one to the other, at add")]
    };
    assert_eq!(before(Normalization::Batch, Bias::Tied)?, Vec::<String>::new());
    assert_eq!(before(Normalization::Batch, Bias::Untied)?, one(4 * 9 - 4));
    assert_eq!(before(Normalization::Rms, Bias::Tied)?, one(4));
    assert_eq!(before(Normalization::Layer, Bias::Tied)?, one(3));
    Ok(())
}

#[test]
fn values_that_do_not_fit_are_refused() -> Result<(), NetworkError> {
    let network = resnet_v1()?;
    let mut values = values(&network);
    let norm = network.find("norm2").expect("a norm");
    values.insert(norm, "running_var", vec![1.0; 3]);
    assert!(ExactFlow::new(&network, Mode::Training, &values).is_ok());
    let error = ExactFlow::new(&network, Mode::Evaluation, &values).expect_err("3 of 4 values");
    assert_eq!(error.to_string(), "norm2: expected a running_var of shape [4], found 3 values");
    Ok(())
}
