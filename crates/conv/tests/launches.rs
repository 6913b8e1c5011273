//! What a bias costs on a GPU: one launch that adds it, none for a tied one, which Burn's convolution adds itself, and
//! one launch for its gradient. In a program of its own, since all threads' launches are counted.
#![cfg(any(feature = "wgpu", feature = "cuda"))]

use burn::backend::Dispatch;
use burn::tensor::ops::ConvOptions;
use burn::tensor::{Distribution, Shape, Tensor};
use untied_conv::{ConvBackend, ConvSpec};
use untied_gradcheck::{gpus, launches};

#[test]
fn a_bias_is_added_by_one_launch_and_its_gradient_is_another() {
    for (name, device) in gpus() {
        let random = |count: usize| Tensor::<1>::random([count], Distribution::Normal(0.0, 1.0), &device);
        let [x, weight, dy] = [[4, 3, 10, 9], [8, 3, 3, 3], [4, 8, 8, 7]]
            .map(|shape: [usize; 4]| random(shape.iter().product()).reshape(shape).into_dispatch());
        let options = ConvOptions::new([1, 1], [0, 0], [1, 1], 1);
        let spec = ConvSpec::new(&[4, 3, 10, 9], &[8, 3, 3, 3], &options).expect("a convolution");
        let none = launches(&device, || Dispatch::untied_conv(x.clone(), weight.clone(), spec));
        assert!(none > 0);
        for (spatial, added) in [([1, 1], 0), ([8, 1], 1), ([1, 7], 1), ([8, 7], 1)] {
            let shape = [8, spatial[0], spatial[1]];
            let bias = random(shape.iter().product()).reshape(shape).into_dispatch();
            let forward =
                launches(&device, || Dispatch::untied_conv_bias(x.clone(), weight.clone(), bias.clone(), spec));
            assert_eq!(forward, none + added, "{name} {shape:?} forward");
            let backward = launches(&device, || Dispatch::untied_conv_bias_backward(dy.clone(), Shape::new(shape)));
            assert_eq!(backward, 1, "{name} {shape:?} backward");
        }
    }
}
