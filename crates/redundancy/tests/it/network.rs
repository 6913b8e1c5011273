//! Shape inference, its errors, and the tensors of a network.

use untied_redundancy::network::{
    Activation, Convolution, Network, NetworkError, NodeId, Operation, Padding, Parametrization, Pool, Pooling,
    Problem, Shape,
};
use untied_redundancy::{Bias, Normalization, RedundancyError};

fn same(channels: usize, kernel: usize) -> Operation {
    Operation::Convolution(Convolution { padding: Padding::Same, ..Convolution::new(channels, [kernel; 2]) })
}

fn norm(normalization: Normalization) -> Operation {
    Operation::Normalization { normalization, beta: true }
}

/// One block and a linear head.
fn small() -> Result<Network, NetworkError> {
    let mut network = Network::new([1, 28, 28])?;
    network.then("convolution", same(16, 3))?;
    network.then("bias", Operation::Bias(Bias::UntiedAlong(vec![1])))?;
    network.then("norm", norm(Normalization::Batch))?;
    network.then("relu", Operation::Activation(Activation::Relu))?;
    network.then("pool", Operation::Pooling(Pooling::new(Pool::Max, [2, 2])))?;
    network.then("flatten", Operation::Flatten)?;
    network.then("head", Operation::Linear { features: 10 })?;
    network.then("head_bias", Operation::Bias(Bias::Tied))?;
    network.then("loss", Operation::Loss)?;
    Ok(network)
}

#[test]
fn shapes_are_inferred() -> Result<(), NetworkError> {
    let network = small()?;
    let shapes: Vec<Shape> = network.nodes().map(|(_, node)| node.output).collect();
    let (map, pooled, vector, scores) = ([16, 28, 28], [16, 14, 14], [16 * 14 * 14, 1, 1], [10, 1, 1]);
    assert_eq!(shapes, [[1, 28, 28], map, map, map, map, pooled, vector, scores, scores, [1; 3]]);
    assert_eq!(network.find("pool").map(NodeId::index), Some(5));
    let consumers: Vec<_> = network.consumers(network.input()).map(|(id, position)| (id.index(), position)).collect();
    assert_eq!(consumers, [(1, 0)]);
    Ok(())
}

#[test]
fn branches_are_added_and_concatenated() -> Result<(), NetworkError> {
    let mut network = Network::new([4, 6, 6])?;
    let branch = network.then("convolution", same(4, 3))?;
    let sum = network.add("sum", Operation::Addition, &[network.input(), branch])?;
    let both = network.add("both", Operation::Concatenation, &[sum, branch])?;
    assert_eq!(network.node(sum).output, [4, 6, 6]);
    assert_eq!(network.node(both).output, [8, 6, 6]);
    network.then("mean", Operation::Mean)?;
    assert_eq!(network.node(network.last()).output, [8, 1, 1]);
    Ok(())
}

#[test]
fn windows_shrink_maps() -> Result<(), NetworkError> {
    let convolution = |stride, dilation, padding| {
        Operation::Convolution(Convolution { stride, dilation, padding, ..Convolution::new(3, [3, 2]) })
    };
    let cases = [
        (convolution([1, 1], [1, 1], Padding::Valid), [3, 5, 8]),
        (convolution([2, 3], [1, 1], Padding::Valid), [3, 3, 3]),
        (convolution([2, 3], [1, 1], Padding::Same), [3, 4, 3]),
        (convolution([1, 1], [3, 4], Padding::Valid), [3, 1, 5]),
        (convolution([1, 1], [1, 1], Padding::Explicit([[1, 2], [3, 0]])), [3, 8, 11]),
        (Operation::Pooling(Pooling::new(Pool::Max, [2, 2])), [2, 3, 4]),
        (Operation::Pooling(Pooling { stride: [1, 1], ..Pooling::new(Pool::Max, [3, 3]) }), [2, 5, 7]),
    ];
    for (operation, expected) in cases {
        let mut network = Network::new([2, 7, 9])?;
        let last = network.then("windows", operation.clone())?;
        assert_eq!(network.node(last).output, expected, "{operation:?}");
    }
    Ok(())
}

fn problem(input: Shape, operation: Operation) -> Problem {
    let mut network = Network::new(input).expect("a possible input");
    let error = network.then("node", operation).expect_err("the operation does not fit");
    assert_eq!(error.node, "node");
    assert_eq!(error.to_string(), format!("node: {}", error.problem));
    error.problem
}

#[test]
fn what_does_not_fit_is_refused() {
    let convolution = |channels, kernel| Convolution::new(channels, kernel);
    let cases = [
        (
            Operation::Convolution(convolution(2, [3, 9])),
            "expected a window of at most 8x8, the padded input, found 3x9",
        ),
        (Operation::Convolution(convolution(0, [1, 1])), "expected a positive number of channels, found 0"),
        (Operation::Convolution(convolution(2, [0, 1])), "expected a positive kernel size, found 0"),
        (
            Operation::Convolution(Convolution { stride: [0, 1], ..convolution(2, [1, 1]) }),
            "expected a positive stride, found 0",
        ),
        (
            Operation::Convolution(Convolution { dilation: [1, 0], padding: Padding::Same, ..convolution(2, [2, 2]) }),
            "expected a positive dilation, found 0",
        ),
        (
            Operation::Convolution(Convolution { groups: 4, ..convolution(6, [1, 1]) }),
            "expected channels that 4 groups divide, found 4 in and 6 out",
        ),
        (
            Operation::Convolution(Convolution {
                groups: 4,
                weight: Parametrization::Standardized,
                ..convolution(4, [1, 1])
            }),
            "expected filters of 2 weights or more, which `standardized` needs, found 1",
        ),
        (Operation::Convolution(convolution(1 << 37, [2, 2])), "expected tensors of at most 2^40 elements"),
        (
            Operation::Pooling(Pooling::new(Pool::Max, [9, 9])),
            "expected a window of at most 8x8, the padded input, found 9x9",
        ),
        (
            Operation::Pooling(Pooling { padding: [[0, 0], [2, 0]], ..Pooling::new(Pool::Max, [2, 2]) }),
            "expected padding below the 2x2 of the kernel, found [[0, 0], [2, 0]]",
        ),
        (Operation::Addition, "expected 2 inputs or more, found 1"),
        (Operation::Input, "expected 0 inputs or more, found 1"),
        (
            Operation::Linear { features: 3 },
            "expected a vector, found a feature map [4, 8, 8]; flatten it or take its mean",
        ),
        (Operation::Loss, "expected a vector, found a feature map [4, 8, 8]; flatten it or take its mean"),
        (norm(Normalization::Group(3)), "expected a number of groups that divides 4 channels, found 3"),
    ];
    for (operation, message) in cases {
        assert_eq!(problem([4, 8, 8], operation).to_string(), message);
    }
    let axes = Operation::Bias(Bias::UntiedAlong(vec![2]));
    let expected = RedundancyError::Axes { axes: vec![2], rank: 2 };
    assert_eq!(problem([4, 8, 8], axes), Problem::Redundancy(expected));
}

#[test]
fn sizes_beyond_counting_are_errors_not_panics() {
    let huge = usize::MAX;
    for (kernel, stride, dilation, padding) in [
        ([huge, 1], [1, 1], [1, 1], Padding::Same),
        ([2, 2], [1, 1], [huge, 1], Padding::Same),
        ([1, 1], [huge, 1], [1, 1], Padding::Explicit([[huge, huge], [0, 0]])),
        ([1, 1], [1, 1], [1, 1], Padding::Explicit([[huge, 0], [0, 0]])),
    ] {
        let convolution = Convolution { stride, dilation, padding, ..Convolution::new(1, kernel) };
        let mut network = Network::new([1, 8, 8]).expect("a possible input");
        if let Err(error) = network.then("node", Operation::Convolution(convolution)) {
            assert!(matches!(error.problem, Problem::TooLarge | Problem::Kernel { .. }), "{error}");
        }
    }
    for input in [[0, 1, 1], [1, 0, 1], [huge, huge, 1], [1 << 20, 1 << 20, 2]] {
        let error = Network::new(input).expect_err("an impossible input");
        assert!(matches!(error.problem, Problem::TooLarge | Problem::Zero { .. }), "{error}");
    }
}

#[test]
fn nodes_are_those_of_one_network() -> Result<(), NetworkError> {
    let mut network = small()?;
    let last = network.last();
    let error = network.add("norm", Operation::Dropout, &[last]).expect_err("a taken name");
    assert_eq!(error.problem, Problem::RepeatedName);
    let mut other = Network::new([1, 2, 2])?;
    assert_eq!(other.add("x", Operation::Dropout, &[last]).expect_err("foreign").problem, Problem::UnknownInput);
    let narrow = other.then("pool", Operation::Pooling(Pooling::new(Pool::Max, [2, 1])))?;
    for operation in [Operation::Addition, Operation::Concatenation] {
        let error = other.add("both", operation, &[other.input(), narrow]).expect_err("other sizes");
        assert_eq!(error.problem, Problem::Shapes { expected: [1, 2, 2], found: [1, 1, 2] });
    }
    Ok(())
}

#[test]
fn tensors_are_those_of_the_layers() -> Result<(), NetworkError> {
    let network = small()?;
    let of = |name: &str| {
        let tensors = network.tensors(network.find(name).expect(name));
        tensors.into_iter().map(|tensor| (tensor.name, tensor.shape, tensor.trained)).collect::<Vec<_>>()
    };
    assert_eq!(of("convolution"), [("weight", vec![16, 1, 3, 3], true)]);
    assert_eq!(of("bias"), [("bias", vec![16, 1, 28], true)]);
    let norm = [("gamma", true), ("beta", true), ("running_mean", false), ("running_var", false)];
    assert_eq!(of("norm"), norm.map(|(name, trained)| (name, vec![16], trained)));
    assert_eq!(of("head"), [("weight", vec![16 * 14 * 14, 10], true)]);
    assert_eq!(of("head_bias"), [("bias", vec![10, 1, 1], true)]);
    assert_eq!(of("pool"), []);
    let total: usize = network.nodes().map(|(id, _)| network.parameters(id)).sum();
    assert_eq!(total, 16 * 9 + 16 * 28 + 2 * 16 + 16 * 14 * 14 * 10 + 10);
    Ok(())
}

#[test]
fn norms_keep_what_their_descriptions_say() -> Result<(), NetworkError> {
    let cases = [
        (Normalization::None, true, 0),
        (Normalization::Batch, false, 4),
        (Normalization::BatchPerActivation, true, 2 * 24),
        (Normalization::Group(2), true, 8),
        (Normalization::Rms, true, 4),
        (Normalization::FilterResponse, true, 8),
        (Normalization::FilterResponse, false, 4),
    ];
    for (normalization, beta, expected) in cases {
        let mut network = Network::new([4, 2, 3])?;
        let id = network.then("norm", Operation::Normalization { normalization, beta })?;
        assert_eq!(network.parameters(id), expected, "{normalization}");
    }
    Ok(())
}
