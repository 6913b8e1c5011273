//! Random geometries of every rank against the definition, forward and every gradient, on every backend compiled in.

use burn::tensor::DType;
use proptest::prelude::*;

use crate::loops::Case;

/// Kernel, stride, dilation, padding and the room that the padded input leaves to the kernel, along one axis.
type Axis = (usize, usize, usize, [usize; 2], usize);

fn any_axis() -> impl Strategy<Value = Axis> {
    (1usize..=4, 1usize..=4, 1usize..=3, [0usize..=3, 0usize..=3], 0usize..=6)
}

/// What the bias shares: nothing to share, or one flag per axis.
fn any_bias() -> impl Strategy<Value = Option<[bool; 3]>> {
    prop_oneof![Just(None), any::<[bool; 3]>().prop_map(Some)]
}

/// Images, groups, channels per group in and out.
fn any_channels() -> impl Strategy<Value = [usize; 4]> {
    [1usize..=4, 1usize..=3, 1usize..=4, 1usize..=5]
}

fn any_case() -> impl Strategy<Value = Case> {
    (prop::collection::vec(any_axis(), 1..=3), any_bias(), any_channels()).prop_map(
        |(axes, bias, [n, groups, channels_in, channels_out])| {
            let input = |&(kernel, _, dilation, [before, after], room): &Axis| {
                (dilation * (kernel - 1) + 1 + room).saturating_sub(before + after).max(1)
            };
            let mut case = Case {
                x: [n, groups * channels_in].into_iter().chain(axes.iter().map(input)).collect(),
                weight: [groups * channels_out, channels_in]
                    .into_iter()
                    .chain(axes.iter().map(|axis| axis.0))
                    .collect(),
                bias: None,
                stride: axes.iter().map(|axis| axis.1).collect(),
                dilation: axes.iter().map(|axis| axis.2).collect(),
                padding: axes.iter().map(|axis| axis.3).collect(),
                groups,
            };
            case.bias = bias.map(|shared| {
                let output = case.output();
                let own = (2..output.len()).map(|axis| if shared[axis - 2] { 1 } else { output[axis] });
                [output[1]].into_iter().chain(own).collect()
            });
            case
        },
    )
}

/// Sizes that fill registers and caches, and leave a rest: as in nets.
fn any_large_case() -> impl Strategy<Value = Case> {
    let axis = (1usize..=3, 1usize..=2, 5usize..=19, any::<bool>());
    let channels = prop_oneof![
        (Just(1usize), 1usize..=40, 1usize..=40),
        // Depthwise, with one or two filters per channel.
        (2usize..=40, Just(1usize), 1usize..=2),
    ];
    let axes = prop::collection::vec(axis, 1..=2);
    (axes, 1usize..=9, channels, any::<bool>()).prop_map(|(axes, n, (groups, channels_in, channels_out), untied)| {
        let padding = |same: bool, kernel: usize| if same { [(kernel - 1) / 2, kernel / 2] } else { [0; 2] };
        let mut case = Case {
            x: [n, groups * channels_in].into_iter().chain(axes.iter().map(|axis| axis.2)).collect(),
            weight: [groups * channels_out, channels_in].into_iter().chain(axes.iter().map(|axis| axis.0)).collect(),
            bias: None,
            stride: axes.iter().map(|axis| axis.1).collect(),
            dilation: vec![1; axes.len()],
            padding: axes.iter().map(|axis| padding(axis.3, axis.0)).collect(),
            groups,
        };
        let output = case.output();
        let own = output[2..].iter().map(|&size| if untied { size } else { 1 });
        case.bias = Some([output[1]].into_iter().chain(own).collect());
        case
    })
}

fn check(case: &Case, seed: u64) {
    let inputs = case.inputs(seed);
    let gpus = untied_gradcheck::gpus();
    for (name, device) in untied_gradcheck::devices() {
        let on_gpu = gpus.iter().any(|(gpu, _)| *gpu == name);
        // A GPU compiles its kernels anew for many of the shapes.
        if on_gpu && !seed.is_multiple_of(16) {
            continue;
        }
        let types = [(DType::F32, 2f64.powi(-24)), (DType::F64, 2f64.powi(-53))];
        for (dtype, u) in types.into_iter().take(if on_gpu { 1 } else { 2 }) {
            let difference = case.run(&inputs, &device, dtype).difference(case, &inputs, u);
            assert_eq!(difference, None, "{name} {dtype:?} {case:?}");
        }
    }
}

#[test]
fn a_stride_beyond_every_input() {
    let case = Case {
        x: vec![2, 3, 5, 4],
        weight: vec![2, 3, 2, 3],
        bias: Some(vec![2, 1, 1]),
        stride: vec![usize::MAX, usize::MAX - 1],
        padding: vec![[1, 0], [0, 2]],
        dilation: vec![1, 2],
        groups: 1,
    };
    let inputs = case.inputs(3);
    for (_, device) in untied_gradcheck::devices().into_iter().filter(|(name, _)| *name == "flex") {
        assert_eq!(case.run(&inputs, &device, DType::F32).difference(&case, &inputs, 2f64.powi(-24)), None);
    }
}

/// Planes whose elements take the same places of a cache, weights larger than one, and rows of more than a register that
/// come together from two products; and so many products that all tasks have images, or too few for them.
#[test]
fn what_caches_and_registers_do_not_hold() {
    for (x, weight, stride, groups) in [
        ([3, 12, 32, 32], [20, 12, 1, 1], 1, 1),
        ([5, 128, 4, 4], [64, 128, 3, 3], 1, 1),
        ([2, 5, 33, 40], [5, 1, 3, 3], 2, 5),
        ([2, 3, 16, 35], [3, 1, 3, 3], 2, 3),
        ([9, 12, 20, 21], [24, 12, 3, 3], 2, 1),
        ([1, 40, 33, 31], [48, 40, 3, 3], 2, 1),
    ] {
        let padding = [[weight[2] / 2; 2]; 2].to_vec();
        let mut case = Case {
            x: x.to_vec(),
            weight: weight.to_vec(),
            bias: None,
            stride: vec![stride; 2],
            dilation: vec![1; 2],
            padding,
            groups,
        };
        case.bias = Some(case.output()[1..].to_vec());
        check(&case, 1);
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn small_ones_of_every_kind(case in any_case(), seed in 0u64..1 << 32) {
        check(&case, seed);
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 100, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn large_ones(case in any_large_case(), seed in 0u64..1 << 32) {
        check(&case, seed);
    }
}
