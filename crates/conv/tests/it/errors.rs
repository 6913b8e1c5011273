//! What does not fit together is refused by name, before any backend sees it.

use std::panic::{AssertUnwindSafe, catch_unwind};

use burn::config::Config;
use burn::tensor::ops::ConvOptions;
use burn::tensor::{DType, Device, Tensor};
use untied_conv::{
    Bias, Conv1dConfig, Conv2dConfig, Conv3dConfig, ConvError, Interpolation, Side, conv1d, conv2d, conv3d,
};

fn zeros<const D: usize>(shape: [usize; D]) -> Tensor<D> {
    Tensor::zeros(shape, (&Device::default(), DType::F32))
}

/// The text of the panic.
fn panics<T>(run: impl FnOnce() -> T) -> String {
    let Err(payload) = catch_unwind(AssertUnwindSafe(run)) else { panic!("it was taken") };
    *payload.downcast::<String>().expect("a text")
}

fn image(x: [usize; 4], weight: [usize; 4], bias: Option<[usize; 3]>, groups: usize) -> String {
    let options = ConvOptions::new([1, 1], [0, 0], [1, 1], groups);
    panics(|| conv2d(zeros(x), zeros(weight), bias.map(zeros), options))
}

#[test]
fn tensors_that_do_not_fit() {
    let x = [2, 4, 5, 6];
    assert_eq!(
        image(x, [3, 3, 2, 2], None, 1),
        "convolution: expected a weight [channels_out, 4, kernel...] for 4 channels, got [3, 3, 2, 2]"
    );
    assert_eq!(
        image(x, [3, 4, 2, 2], None, 2),
        "convolution: expected channels that 2 groups divide, got 4 in and 3 out"
    );
    assert_eq!(
        image(x, [3, 4, 6, 2], None, 1),
        "convolution: expected an input of at least 6 along axis 0, padding included, got 5"
    );
    assert_eq!(image(x, [3, 4, 2, 2], Some([3, 4, 4]), 1), "convolution: expected a bias [3, 4|1, 5|1], got [3, 4, 4]");
    assert_eq!(image(x, [3, 4, 2, 2], Some([4, 1, 1]), 1), "convolution: expected a bias [3, 4|1, 5|1], got [4, 1, 1]");
    assert_eq!(
        image([2, 0, 5, 6], [3, 0, 2, 2], None, 1),
        "convolution: expected a positive number of channels, got [0, 3]"
    );
    assert_eq!(image([2, 4, 0, 6], [3, 4, 2, 2], None, 1), "convolution: expected a positive input size, got [0, 6]");
}

#[test]
fn other_ranks_are_refused_alike() {
    let sequence = ConvOptions::new([1], [0], [1], 1);
    assert_eq!(
        panics(|| conv1d(zeros([1, 2, 5]), zeros([3, 2, 2]), Some(zeros([3, 3])), sequence)),
        "convolution: expected a bias [3, 4|1], got [3, 3]"
    );
    let volume = ConvOptions::new([1; 3], [0; 3], [1; 3], 1);
    assert_eq!(
        panics(|| conv3d(zeros([1, 2, 5, 5, 3]), zeros([3, 2, 2, 2, 4]), None, volume)),
        "convolution: expected an input of at least 4 along axis 2, padding included, got 3"
    );
}

#[test]
fn sizes_beyond_memory_are_refused() {
    let sequence = |padding, dilation| {
        let options = ConvOptions::new_with_padding([1], [padding], [dilation], 1);
        panics(|| conv1d(zeros([1, 1, 100]), zeros([1, 1, 2]), None, options))
    };
    assert_eq!(
        sequence((0, 0), usize::MAX),
        format!("convolution: expected a dilated kernel of sizes that memory can hold, got [{}]", usize::MAX)
    );
    assert_eq!(
        sequence((usize::MAX - 8, 8), 1),
        format!("convolution: expected a padded input of sizes that memory can hold, got [{}]", usize::MAX)
    );
    let wide = ConvOptions::new([1, 1], [1 << 28, 1 << 28], [1, 1], 1);
    assert_eq!(
        panics(|| conv2d(zeros([9, 2, 1, 1]), zeros([3, 2, 1, 1]), None, wide)),
        "convolution: expected a padded input of sizes that memory can hold, got [9, 2, 536870913, 536870913]"
    );
    let config = |input| Conv2dConfig::new([1, 2], [1, 1]).with_bias(Bias::Untied).with_input_size(Some(input));
    let error = config([1 << 29, 1 << 30]).bias_shape().unwrap_err();
    assert_eq!(error, ConvError::TooLarge { what: "a bias", got: vec![2, 1 << 29, 1 << 30] });
    let error = Conv2dConfig::new([1 << 20, 1], [1 << 20, 1 << 20]).bias_shape().unwrap_err();
    assert_eq!(error, ConvError::TooLarge { what: "a weight", got: vec![1 << 20, 1, 1 << 20, 1 << 20] });
}

#[cfg(feature = "flex")]
mod kernels {
    use burn::backend::Flex;
    use burn::backend::flex::FlexTensor;
    use burn::tensor::ops::ConvOptions;
    use burn::tensor::{Device, Tensor};
    use untied_conv::{ConvBackend, ConvSpec};

    fn tensor<const D: usize>(shape: [usize; D]) -> FlexTensor {
        Tensor::<D>::zeros(shape, &Device::flex()).try_into_primitive::<Flex>().expect("a tensor of Flex")
    }

    /// Of x [2, 4, 5, 6], weight [3, 4, 2, 2] and y [2, 3, 4, 5].
    fn spec() -> ConvSpec {
        let options = ConvOptions::new([1, 1], [0, 0], [1, 1], 1);
        ConvSpec::new(&[2, 4, 5, 6], &[3, 4, 2, 2], &options).expect("a convolution")
    }

    #[test]
    #[should_panic(expected = "convolution: expected a weight [3, 4, 2, 2], got [3, 3, 2, 2]")]
    fn refuse_a_weight_of_other_channels() {
        let _ = Flex::untied_conv(tensor([2, 4, 5, 6]), tensor([3, 3, 2, 2]), spec());
    }

    #[test]
    #[should_panic(expected = "convolution: expected a weight [3, 4, 2, 2], got [3, 4, 2]")]
    fn refuse_a_weight_of_another_rank() {
        let _ = Flex::untied_conv(tensor([2, 4, 5, 6]), tensor([3, 4, 2]), spec());
    }

    #[test]
    #[should_panic(expected = "convolution: expected x [2, 4, 5, 6], got [3, 4, 5, 6]")]
    fn refuse_other_images() {
        let _ = Flex::untied_conv(tensor([3, 4, 5, 6]), tensor([3, 4, 2, 2]), spec());
    }

    #[test]
    #[should_panic(expected = "convolution: expected a bias [3, 4|1, 5|1], got [3, 5, 5]")]
    fn refuse_a_bias_of_another_size() {
        let _ = Flex::untied_conv_bias(tensor([2, 4, 5, 6]), tensor([3, 4, 2, 2]), tensor([3, 5, 5]), spec());
    }

    #[test]
    #[should_panic(expected = "convolution: expected dy [2, 3, 4, 5], got [3, 3, 4, 5]")]
    fn refuse_gradients_of_other_images() {
        let _ = Flex::untied_conv_x_backward(tensor([3, 4, 2, 2]), tensor([3, 3, 4, 5]), spec());
    }

    #[test]
    #[should_panic(expected = "convolution: expected dy [2, 3, 4, 5], got [2, 3, 5, 6]")]
    fn refuse_gradients_of_another_size() {
        let _ = Flex::untied_conv_weight_backward(tensor([2, 4, 5, 6]), tensor([2, 3, 5, 6]), spec());
    }
}

#[test]
fn parameters_of_another_type_are_refused() {
    let double = |shape: [usize; 4]| zeros(shape).cast(DType::F64);
    let options = || ConvOptions::new([1, 1], [0, 0], [1, 1], 1);
    assert_eq!(
        panics(|| conv2d(double([1, 1, 3, 3]), zeros([1, 1, 2, 2]), None, options())),
        "convolution: expected a weight of the input's type F64, got F32"
    );
    assert_eq!(
        panics(|| conv2d(double([1, 1, 3, 3]), double([1, 1, 2, 2]), Some(zeros([1, 1, 1])), options())),
        "convolution: expected a bias of the input's type F64, got F32"
    );
}

#[test]
fn a_panic_is_told_at_the_line_that_calls() {
    let lines = std::sync::Arc::new(std::sync::Mutex::new(vec![]));
    let (told, here) = (lines.clone(), std::thread::current().id());
    let former = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |info| {
        if std::thread::current().id() == here {
            told.lock().unwrap().push(info.location().expect("a location").file().to_string());
        } else {
            former(info);
        }
    }));
    let layer = Conv2dConfig::new([1, 2], [3, 3]).init(&Device::default());
    panics(|| layer.forward(zeros([2, 3, 6, 7])));
    panics(|| Conv2dConfig::new([1, 2], [3, 3]).with_bias(Bias::Untied).init(&Device::default()));
    image([2, 4, 5, 6], [3, 3, 2, 2], None, 1);
    let _ = std::panic::take_hook();
    assert_eq!(*lines.lock().unwrap(), [file!(); 3]);
}

#[cfg(all(feature = "flex", feature = "ndarray"))]
#[test]
#[expect(deprecated, reason = "offered for comparison, as long as Burn has it")]
fn a_parameter_of_another_device_is_told_with_both() {
    let layer = Conv2dConfig::new([1, 2], [3, 3]).init(&Device::flex());
    let x = Tensor::zeros([1, 1, 3, 3], (&Device::ndarray(), DType::F32));
    let told = panics(|| layer.forward(x));
    for part in ["expected a weight on the input's device", "NdArray", "got one on", "Flex", "`to_device`"] {
        assert!(told.contains(part), "{told}");
    }
}

#[test]
fn impossible_configurations() {
    let config = |bias| Conv2dConfig::new([1, 2], [3, 3]).with_bias(bias);
    let message = |config: Conv2dConfig| config.try_init(&Device::default()).unwrap_err().to_string();
    let no_size = "an untied bias needs the input size: call with_input_size(Some([height, width]))";
    assert!(message(config(Bias::Untied)).contains(no_size));
    assert!(message(config(Bias::UntiedAlong(vec![0]))).contains(no_size));
    for axes in [vec![2], vec![], vec![0, 0]] {
        let error = config(Bias::UntiedAlong(axes.clone())).bias_shape().unwrap_err();
        assert_eq!(error, ConvError::Axes { axes, rank: 2 });
    }
    let too_small = config(Bias::Untied).with_input_size(Some([4, 2]));
    assert!(message(too_small).contains("an input of at least 3 along axis 1, padding included, got 2"));
    assert!(message(config(Bias::Tied).with_stride([1, 0])).contains("a positive stride, got [1, 0]"));
    assert!(message(config(Bias::Tied).with_dilation([0, 1])).contains("a positive dilation, got [0, 1]"));
    assert!(message(config(Bias::Tied).with_groups(3)).contains("channels that 3 groups divide, got 1 in and 2 out"));
    assert!(message(config(Bias::Tied).with_groups(0)).contains("a positive number of groups"));
    assert!(message(config(Bias::Tied).with_input_size(Some([0, 4]))).contains("a positive input size, got [0, 4]"));
    assert!(message(Conv2dConfig::new([0, 2], [3, 3])).contains("a positive number of channels, got [0, 2]"));
    assert!(message(Conv2dConfig::new([1, 2], [0, 3])).contains("a positive kernel size, got [0, 3]"));
}

#[test]
fn a_missing_size_is_asked_for_in_the_words_of_the_rank() {
    let sequence = Conv1dConfig::new([1, 1], [1]).with_bias(Bias::Untied).bias_shape().unwrap_err();
    assert!(sequence.to_string().contains("with_input_size(Some([length]))"));
    let volume = Conv3dConfig::new([1, 1], [1, 1, 1]).with_bias(Bias::Untied).bias_shape().unwrap_err();
    assert!(volume.to_string().contains("with_input_size(Some([depth, height, width]))"));
}

#[test]
fn init_panics_with_the_text_of_the_error() {
    let config = Conv1dConfig::new([1, 2], [3]).with_bias(Bias::Untied);
    let error = config.try_init(&Device::default()).unwrap_err();
    assert_eq!(panics(|| config.init(&Device::default())), error.to_string());
}

#[test]
fn inputs_that_the_layer_was_not_built_for() {
    let device = Device::default();
    let untied = Conv2dConfig::new([1, 2], [3, 3]).with_bias(Bias::Untied).with_input_size(Some([6, 6])).init(&device);
    assert_eq!(
        panics(|| untied.forward(zeros([2, 1, 6, 7]))),
        "convolution: expected an input [n, 1, 6, 6], got [2, 1, 6, 7]"
    );
    let volume = Conv3dConfig::new([2, 2], [3, 1, 1]).init(&device);
    assert_eq!(
        panics(|| volume.forward(zeros([2, 3, 6, 7, 8]))),
        "convolution: expected an input [n, 2, d, h, w], got [2, 3, 6, 7, 8]"
    );
    let sequence = Conv1dConfig::new([2, 2], [3]).with_padding(Side::Explicit(1, 0)).init(&device);
    assert_eq!(
        panics(|| sequence.forward(zeros([2, 2, 1]))),
        "convolution: expected an input of at least 3 along axis 0, padding included, got 2"
    );
}

#[test]
fn conversions_for_an_impossible_size() {
    let layer = || Conv2dConfig::new([1, 2], [3, 3]).with_input_size(Some([6, 6])).init(&Device::default());
    let message = |error: ConvError| error.to_string();
    assert_eq!(
        message(layer().untied([5, 6]).unwrap_err()),
        "convolution: expected an input [n, 1, 6, 6], got [1, 1, 5, 6]"
    );
    assert_eq!(
        layer().with_bias_mode(Bias::UntiedAlong(vec![3]), [6, 6]).unwrap_err(),
        ConvError::Axes { axes: vec![3], rank: 2 }
    );
    let large = Conv2dConfig::new([1, 4], [3, 3]).init(&Device::default()).untied([1 << 29, 1 << 30]).unwrap_err();
    assert_eq!(large, ConvError::TooLarge { what: "a bias", got: vec![4, (1 << 29) - 2, (1 << 30) - 2] });
    let too_small = layer().resized([2, 9], Interpolation::Linear).unwrap_err();
    assert_eq!(too_small, ConvError::KernelTooLarge { axis: 0, kernel: 3, input: 2 });
}

#[test]
fn files_that_are_no_configuration() {
    let load = |text: &str| Conv2dConfig::load_binary(text.as_bytes()).unwrap_err().to_string();
    let good = Conv2dConfig::new([1, 2], [3, 3]).to_string();
    assert!(load(&good.replace("stride", "strid")).contains("unknown field `strid`"));
    let one_axis = Conv1dConfig::new([1, 2], [3]).to_string();
    assert!(load(&one_axis).contains("one per spatial axis, 2"), "{}", load(&one_axis));
}
