//! The layer against the definition of a convolution, written as loops, on every backend compiled in.

#![expect(clippy::print_stdout, reason = "a failing case is told by the last line")]

use burn::module::Param;
use burn::nn::PaddingConfig2d;
use burn::tensor::{Tensor, TensorData, Tolerance};
use untied_conv::{Bias, Conv2dConfig};
use untied_gradcheck::Input;

mod devices;

/// y of the definition in the layer's documentation; `padding` is that at the top and on the left.
fn definition(config: &Conv2dConfig, padding: [usize; 2], x: &Input, weight: &Input, bias: Option<&Input>) -> Vec<f32> {
    let [n, channels, height, width] = x.shape[..] else { unreachable!("images") };
    let [channels_out, per_group, kernel_height, kernel_width] = weight.shape[..] else { unreachable!("filters") };
    let [out_height, out_width] = config.geometry().output_size([height, width]).expect("a possible case");
    let (stride, dilation) = (config.stride, config.dilation);
    let pixel = |image: usize, channel: usize, i: isize, j: isize| {
        let inside = (0..height as isize).contains(&i) && (0..width as isize).contains(&j);
        if inside { x.values[((image * channels + channel) * height + i as usize) * width + j as usize] } else { 0.0 }
    };
    let mut y = Vec::new();
    for (image, filter, i, j) in indices([n, channels_out, out_height, out_width]) {
        let first = filter / (channels_out / config.groups) * per_group;
        let mut sum = bias.map_or(0.0, |bias| {
            let [_, rows, columns] = bias.shape[..] else { unreachable!("[c, h, w]") };
            bias.values[(filter * rows + i.min(rows - 1)) * columns + j.min(columns - 1)]
        });
        for (_, c, k, l) in indices([1, per_group, kernel_height, kernel_width]) {
            let row = (i * stride[0] + k * dilation[0]) as isize - padding[0] as isize;
            let column = (j * stride[1] + l * dilation[1]) as isize - padding[1] as isize;
            let w = weight.values[((filter * per_group + c) * kernel_height + k) * kernel_width + l];
            sum += w * pixel(image, first + c, row, column);
        }
        y.push(sum as f32);
    }
    y
}

fn indices([a, b, c, d]: [usize; 4]) -> impl Iterator<Item = (usize, usize, usize, usize)> {
    (0..a * b * c * d).map(move |flat| (flat / (b * c * d), flat / (c * d) % b, flat / d % c, flat % d))
}

#[test]
fn agrees_with_the_definition() {
    let modes = [Bias::None, Bias::Tied, Bias::Untied, Bias::UntiedAlong(vec![0]), Bias::UntiedAlong(vec![1])];
    for (name, device) in devices::all() {
        let tensor = |input: &Input| TensorData::new(input.values.clone(), input.shape.clone()).convert::<f32>();
        for (bias, [top, left, bottom, right], stride, dilation, groups) in modes.iter().flat_map(|bias| {
            [
                (bias, [0; 4], 1, 1, 1),
                (bias, [1; 4], 1, 1, 2),
                (bias, [2, 0, 1, 3], 3, 1, 1),
                (bias, [0, 1, 2, 0], 2, 2, 4),
            ]
        }) {
            let config = Conv2dConfig::new([4, 8], [3, 2])
                .with_padding(PaddingConfig2d::Explicit(top, left, bottom, right))
                .with_stride([stride; 2])
                .with_dilation([dilation; 2])
                .with_groups(groups)
                .with_bias(bias.clone())
                .with_input_size(Some([7, 9]));
            let x = Input::random("x", [3, 4, 7, 9], 1);
            let weight = Input::random("weight", [8, 4 / groups, 3, 2], 2);
            let bias = config.bias_shape().unwrap().map(|shape| Input::random("bias", shape, 3));

            let mut layer = config.init(&device);
            layer.weight = Param::from_tensor(Tensor::from_data(tensor(&weight), &device));
            layer.bias = bias.as_ref().map(|bias| Param::from_tensor(Tensor::from_data(tensor(bias), &device)));
            let got = layer.forward(Tensor::from_data(tensor(&x), &device));

            println!("{name} {config}");
            let expected = TensorData::new(definition(&config, [top, left], &x, &weight, bias.as_ref()), got.shape());
            got.into_data().assert_approx_eq::<f32>(&expected, Tolerance::absolute(1e-5));
        }
    }
}
