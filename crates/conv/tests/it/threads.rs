//! Equal bits on any number of threads, and the definition in registers of every width.
#![cfg(feature = "flex")]

use burn::tensor::{DType, Device};
use untied_gradcheck::{assert_equal_on_any_threads, rerun_tests};

use crate::loops::Case;

fn case(x: &[usize], weight: &[usize], own: bool, groups: usize) -> Case {
    let mut case = Case {
        x: x.to_vec(),
        weight: weight.to_vec(),
        bias: None,
        stride: vec![1; x.len() - 2],
        padding: vec![[1, 1]; x.len() - 2],
        dilation: vec![1; x.len() - 2],
        groups,
    };
    let output = case.output();
    let size = output[2..].iter().map(|&size| if own { size } else { 1 });
    case.bias = Some([output[1]].into_iter().chain(size).collect());
    case
}

/// The same at every other location.
fn strided(mut case: Case) -> Case {
    case.stride.fill(2);
    let output = case.output();
    for (own, size) in case.bias.iter_mut().flat_map(|bias| &mut bias[1..]).zip(&output[2..]) {
        *own = if *own > 1 { *size } else { 1 };
    }
    case
}

#[test]
fn thread_counts_give_the_same_bits() {
    for case in [
        case(&[64, 1, 28, 28], &[16, 1, 3, 3], true, 1),
        case(&[61, 16, 14, 14], &[33, 16, 3, 3], true, 1),
        case(&[5, 32, 7, 7], &[64, 32, 3, 3], false, 1),
        case(&[1, 3, 64, 65], &[32, 3, 3, 3], true, 1),
        // More tasks than images.
        case(&[3, 16, 33, 31], &[24, 16, 3, 3], true, 1),
        // Rows so short that registers go on in the next image, of which there are a period and one.
        case(&[17, 40, 5, 5], &[80, 40, 3, 3], true, 1),
        case(&[7, 24, 20, 20], &[24, 1, 3, 3], false, 24),
        strided(case(&[7, 24, 33, 20], &[24, 1, 3, 3], true, 24)),
        // A single filter, of more tasks than images.
        case(&[2, 16, 70, 70], &[1, 16, 3, 3], true, 1),
        case(&[9, 40, 12, 12], &[48, 40, 1, 1], true, 1),
        // Weights larger than a core's cache.
        case(&[33, 128, 4, 4], &[128, 128, 3, 3], true, 1),
        // Sums of the weight's gradient so large that portions, of more locations than are multiplied at once, come in turn
        // where threads are few.
        case(&[32, 320, 7, 7], &[96, 320, 3, 3], false, 1),
        // On one thread every task has an image or more, on several there are more tasks than images.
        strided(case(&[5, 32, 31, 32], &[48, 32, 3, 3], false, 1)),
        case(&[6, 12, 200], &[18, 6, 5], true, 2),
        case(&[3, 4, 6, 9, 9], &[8, 4, 3, 3, 3], true, 1),
    ] {
        let inputs = case.inputs(5);
        for dtype in [DType::F32, DType::F64] {
            assert_equal_on_any_threads((&case, dtype), || case.run(&inputs, &Device::flex(), dtype));
        }
    }
}

/// The random geometries, the gradients, the threads and the epilogue once more in narrower registers than the machine's widest.
#[test]
fn narrower_registers_agree_too() {
    for tests in ["geometries", "gradients", "thread_counts", "an_epilogue"] {
        let _ = rerun_tests(tests, untied_kernels::cpu::CAP, &["scalar", "avx2"]);
    }
}
