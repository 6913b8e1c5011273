//! Equal bits on any number of threads, and right ones in registers of every width.
#![cfg(feature = "flex")]

use burn::tensor::{DType, Device};
use untied_gradcheck::assert_equal_on_any_threads;

use crate::Case;

#[test]
fn thread_counts_give_the_same_bits() {
    for shape in [[64, 16, 28, 28], [3, 5, 7, 9], [1, 1, 300, 301], [200, 30, 5, 4]] {
        let case = Case::new(shape);
        for dtype in [DType::F32, DType::F64, DType::BF16] {
            assert_equal_on_any_threads((shape, dtype), || case.run(dtype, &Device::flex()));
        }
    }
}

/// Whatever is compared with the definition, bit by bit.
#[test]
fn narrower_registers_agree_too() {
    for filter in ["definition", "edges"] {
        let _ = untied_gradcheck::rerun_tests(filter, untied_kernels::cpu::CAP, &["scalar", "avx2"]);
    }
}
