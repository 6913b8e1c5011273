//! Forward and gradient against the definition and against Burn's own pooling, on every backend compiled in.

use burn::tensor::ops::MaxPoolOptions;
use burn::tensor::{DType, Device, module};
use proptest::prelude::*;

use crate::Case;

const DTYPES: [DType; 4] = [DType::F32, DType::F64, DType::F16, DType::BF16];

fn check(case: &Case, name: &str, device: &Device) {
    for dtype in DTYPES.into_iter().filter(|&dtype| name == "flex" || dtype == DType::F32) {
        assert_eq!(case.run(dtype, device), case.expected(), "{name} {dtype:?} {:?}", case.shape);
    }
}

#[test]
fn agrees_with_the_definition() {
    for (name, device) in untied_gradcheck::devices() {
        for shape in [[2, 3, 4, 6], [1, 1, 2, 2], [3, 2, 7, 5], [2, 1, 28, 28], [1, 2, 3, 70], [40, 9, 31, 33]] {
            check(&Case::new(shape), name, &device);
        }
    }
}

#[test]
fn pools_as_burn_does() {
    for (name, device) in untied_gradcheck::devices() {
        for shape in [[2, 3, 4, 6], [3, 2, 7, 5], [2, 1, 28, 28]] {
            let case = Case::new(shape);
            let burn = |x| module::max_pool2d(x, MaxPoolOptions::new([2, 2]).with_stride([2, 2]));
            for dtype in [DType::F32, DType::F64].into_iter().filter(|&dtype| device.supports_dtype(dtype)) {
                assert_eq!(case.run(dtype, &device), case.results(burn, dtype, &device), "{name} {dtype:?} {shape:?}");
            }
        }
    }
}

#[cfg(feature = "flex")]
proptest! {
    #![proptest_config(ProptestConfig { cases: 300, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_shape(shape in [1usize..=3, 1usize..=3, 1usize..=40, 1usize..=40]) {
        check(&Case::new(shape), "flex", &Device::flex());
    }
}
