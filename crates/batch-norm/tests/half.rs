//! A device whose numbers are bf16 unless asked for: what adds up over batches is kept in more.
#![cfg(feature = "flex")]

use burn::tensor::{Device, FloatDType, Tensor};
use untied_batch_norm::BatchNormConfig;

#[test]
fn the_average_of_all_batches_counts_beyond_256() {
    let mut device = Device::flex();
    device.configure(FloatDType::BF16).expect("nothing was made on it yet");
    let device = device.autodiff();
    let norm = BatchNormConfig::new(1).with_momentum(None).init(&device);
    for mean in [0.0, 3.0].into_iter().flat_map(|mean| std::iter::repeat_n(mean, 300)) {
        let _ = norm.forward(Tensor::<2>::from_floats([[mean - 1.0], [mean + 1.0]], &device));
    }
    let value = |tensor: Tensor<1>| tensor.into_data().try_to_vec::<f32>().expect("f32")[0];
    assert_eq!(value(norm.batches.as_ref().expect("an average").value_sync()), 600.0);
    let (mean, var) = (value(norm.running_mean.value_sync()), value(norm.running_var.value_sync()));
    assert!((mean - 1.5).abs() < 1e-4 && (var - 2.0).abs() < 1e-4, "{mean} {var}");
}
