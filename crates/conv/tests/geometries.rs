//! Random geometries of every rank against the definition, forward and every gradient, on every backend compiled in.

mod devices;
mod loops;

use burn::tensor::DType;
use loops::Case;
use proptest::prelude::*;

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

proptest! {
    #![proptest_config(ProptestConfig { cases: 2000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn agree_with_the_definition(case in any_case(), seed in 0u64..1 << 32) {
        let inputs = case.inputs(seed);
        for (name, device) in devices::all() {
            let single = case.run(&inputs, &device, DType::F32);
            single.assert_rounded(&case, &inputs, 2f64.powi(-24), &format!("{name} f32"));
            if name != "wgpu" {
                let double = case.run(&inputs, &device, DType::F64);
                double.assert_rounded(&case, &inputs, 2f64.powi(-53), &format!("{name} f64"));
            }
        }
    }
}
