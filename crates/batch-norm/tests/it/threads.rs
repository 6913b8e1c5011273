//! Equal bits on any number of threads, in registers of every width, and for a view as for its contiguous copy.
#![cfg(feature = "flex")]

use burn::backend::{Autodiff, Flex};
use burn::tensor::{DType, Device, Tensor, TensorData};
use untied_batch_norm::{BatchNormBackend, batch_norm, batch_norm_relu};
use untied_gradcheck::{Input, assert_equal_on_any_threads, rerun_tests};

const EPSILON: f64 = 1e-5;
const DTYPES: [DType; 3] = [DType::F32, DType::F64, DType::BF16];

fn tensor<const D: usize>(shape: [usize; D], seed: u64, dtype: DType, device: &Device) -> Tensor<D> {
    let values = Input::random("values", shape, seed).values;
    Tensor::<D>::from_data(TensorData::new(values, shape), (device, DType::F64)).cast(dtype)
}

fn bytes<const D: usize>(tensor: Tensor<D>) -> Vec<u8> {
    tensor.into_data().as_bytes().to_vec()
}

/// y, μ, σ², dx, dγ, dβ.
fn everything<const D: usize>(shape: [usize; D], dtype: DType, relu: bool) -> [Vec<u8>; 6] {
    let device = Device::flex().autodiff();
    let leaf = |seed| tensor([shape[1]], seed, DType::F32, &device).detach().require_grad();
    let x = (tensor(shape, 1, dtype, &device) * 3.0 + 0.5).detach().require_grad();
    let (gamma, beta) = (leaf(2), leaf(3));
    let normalize = if relu { batch_norm_relu } else { batch_norm };
    let batch = normalize(x.clone(), gamma.clone(), beta.clone(), EPSILON);
    let gradients = (batch.output.clone() * tensor(shape, 4, dtype, &device)).sum().backward();
    let dx = bytes(x.grad(&gradients).expect("dx"));
    let [dgamma, dbeta] = [gamma, beta].map(|leaf| bytes(leaf.grad(&gradients).expect("a leaf's gradient")));
    [bytes(batch.output), bytes(batch.mean), bytes(batch.var), dx, dgamma, dbeta]
}

fn same_with_any_number_of_threads<const D: usize>(shape: [usize; D]) {
    for dtype in DTYPES {
        for relu in [false, true] {
            assert_equal_on_any_threads((shape, dtype, relu), || everything(shape, dtype, relu));
        }
    }
}

#[test]
fn thread_counts_give_the_same_bits() {
    same_with_any_number_of_threads([64, 16, 28, 28]);
    same_with_any_number_of_threads([3, 5, 7, 9]);
    same_with_any_number_of_threads([4096, 3]);
    same_with_any_number_of_threads([8, 1, 64, 64]);
    same_with_any_number_of_threads([2, 300, 3, 3]);
    same_with_any_number_of_threads([1000, 1000]);
    same_with_any_number_of_threads([50_000, 3]);
}

/// A checksum of all results, printed.
#[test]
#[expect(clippy::print_stdout, reason = "the test below reads it")]
fn checksum_of_all_types() {
    for dtype in [DType::F32, DType::F64, DType::F16, DType::BF16] {
        for relu in [false, true] {
            let results =
                [everything([5, 7, 9, 11], dtype, relu), everything([300, 40, 3], dtype, relu)].concat().concat();
            let sum = results.iter().fold(0u64, |sum, &byte| sum.wrapping_mul(0x0100_0000_01b3) ^ u64::from(byte));
            println!("checksum {sum:016x}");
        }
    }
}

#[test]
fn registers_of_any_width_give_the_same_bits() {
    let printed = rerun_tests("checksum_of_all_types", untied_kernels::cpu::CAP, &["scalar", "avx2", "avx512"]);
    let sums = |text: &String| text.lines().filter(|line| line.starts_with("checksum")).collect::<Vec<_>>().join(" ");
    let sums = printed.iter().map(sums).collect::<Vec<_>>();
    assert_eq!(sums[0].matches("checksum").count(), 8);
    assert!(sums.iter().all(|of_width| *of_width == sums[0]), "{sums:?}");
}

/// y, the statistics, dx, dγ, dβ from the operations of the backend, which get x and dy as they lie in memory.
fn operations<const D: usize>(x: Tensor<D>, dy: Tensor<D>, relu: bool) -> [Vec<u8>; 5] {
    fn primitive<const D: usize>(tensor: Tensor<D>) -> burn::backend::tensor::FloatTensor<Flex> {
        tensor.try_into_primitive::<Flex>().expect("a tensor of Flex")
    }
    let dtype = untied_batch_norm::statistics_dtype(x.dtype());
    let channels = x.dims()[1];
    let row = |seed| primitive(tensor([channels], seed, dtype, &Device::flex()));
    let (gamma, beta, x, dy) = (row(2), row(3), primitive(x), primitive(dy));
    let (y, statistics) = Flex::untied_batch_norm(x.clone(), gamma.clone(), beta.clone(), EPSILON, relu);
    let (dx, dgamma, dbeta) = Flex::untied_batch_norm_backward(x, gamma, beta, statistics.clone(), dy, relu);
    [y, statistics, dx, dgamma, dbeta].map(|result| result.into_data().as_bytes().to_vec())
}

fn same_as_contiguous<const D: usize>(shape: [usize; D], view: impl Fn(Tensor<D>) -> Tensor<D>) {
    let device = Device::flex();
    for dtype in DTYPES {
        let [x, dy] = [1, 4].map(|seed| view(tensor(shape, seed, dtype, &device)));
        let [x_copy, dy_copy] = [&x, &dy].map(|view| Tensor::from_data(view.clone().into_data(), (&device, dtype)));
        for relu in [false, true] {
            let expected = operations(x_copy.clone(), dy_copy.clone(), relu);
            for (what, x, dy) in [("x", &x, &dy_copy), ("dy", &x_copy, &dy), ("x and dy", &x, &dy)] {
                let same = operations(x.clone(), dy.clone(), relu) == expected;
                assert!(same, "a view of {shape:?} {dtype:?} as {what}, relu {relu}");
            }
        }
    }
}

#[test]
fn views_give_the_bits_of_their_copies() {
    same_as_contiguous([16, 8, 14, 10], |x| x.swap_dims(0, 1));
    same_as_contiguous([16, 8, 14, 10], |x| x.swap_dims(1, 3));
    same_as_contiguous([16, 8, 14, 10], |x| x.swap_dims(2, 3));
    same_as_contiguous([16, 8, 14, 10], |x| x.narrow(0, 3, 7));
    same_as_contiguous([16, 8, 14, 10], |x| x.narrow(1, 1, 5));
    same_as_contiguous([16, 8, 14, 10], |x| x.narrow(3, 2, 6));
    same_as_contiguous([40, 300], |x| x.swap_dims(0, 1));
    same_as_contiguous([40, 300], |x| x.narrow(1, 7, 100));
    same_as_contiguous([4, 3, 5, 2, 6], |x| x.swap_dims(1, 4).narrow(2, 1, 3));
}

#[test]
fn views_give_the_bits_of_their_copies_under_autodiff() {
    let device = Device::flex().autodiff();
    let dx = |x: Tensor<4>| {
        let x = x.detach().require_grad();
        assert!(x.clone().try_into_primitive::<Autodiff<Flex>>().is_ok());
        let (gamma, beta) = (Tensor::ones([x.dims()[1]], &device), Tensor::zeros([x.dims()[1]], &device));
        let y = batch_norm_relu(x.clone(), gamma, beta, EPSILON).output;
        let dy = tensor(x.dims(), 4, DType::F32, &device);
        bytes(x.grad(&(y * dy).sum().backward()).expect("dx"))
    };
    let view = tensor([6, 8, 5, 7], 1, DType::F32, &device).swap_dims(1, 2);
    let copy = Tensor::from_data(view.clone().into_data(), &device);
    assert_eq!(dx(view), dx(copy));
}
