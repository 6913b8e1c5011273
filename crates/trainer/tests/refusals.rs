//! Configs that fit the schema but neither the data nor this build.

#![expect(clippy::print_stdout, reason = "messages, shown where a test fails")]

use untied_study::{Device, Normalization, Study};
use untied_trainer::{check, compiled_devices, explain, train};

const BASE: &str = r#"
name = "refused"
question = "?"
[data]
source = "digits"
[model]
channels = [4, 4]
[train]
epochs = 1
batch_size = 32
optimizer = { sgd = { learning_rate = 0.1 } }
[vary]
seeds = 1
"#;

fn study(overrides: &[&str]) -> Study {
    let overrides: Vec<String> = overrides.iter().map(ToString::to_string).collect();
    Study::parse(BASE, std::path::Path::new("refused.toml"), &overrides).expect("a config of the schema")
}

#[test]
fn each_has_one_clear_message_from_check_explain_and_train() {
    for (overrides, expected) in [
        (
            &["model.kernel=9", "model.padding=valid"][..],
            "model.kernel: expected at most 8x8, the input of block 1 without padding, got 9",
        ),
        (
            &["model.kernel=3", "model.padding=valid", "model.channels=[4, 4, 4]"],
            "model.channels: block 2 of 3 leaves 1x1, too small",
        ),
        (
            &["model.kernel=4", "model.padding=valid"],
            "model.kernel: expected at most 2x2, the input of block 2 without padding, got 4",
        ),
        (&["model.channels=[1, 1, 1, 1]", "model.kernel=1"], "model.channels: block 4 of 4 leaves 1x1, too small"),
        (&["model.kernel=8", "model.padding=valid"], "model.channels: block 1 of 2 leaves 1x1, too small"),
        (
            &["train.batch_size=1438"],
            "train.batch_size: expected at most 1437, the images that are there to train on, got 1438",
        ),
        (
            &["train.batch_size=64", "data.validation=0.5", "data.limit={train=100}"],
            "train.batch_size: expected at most 50, the images that are there to train on (data.limit takes 100 at most, \
             data.validation = 0.5 holds out 50), got 64",
        ),
        (
            &["model={net=\"lenet5\"}"],
            "model.net = lenet5: convolution2: expected a window of at most 4x4, the padded input, found 5x5",
        ),
        (
            &["model={net=\"resnet8\",shortcut=\"identity\"}"],
            "model.net = resnet8: stage2.block1: expected inputs that fit [32, 4, 4], found [16, 8, 8]",
        ),
        (
            &["model={net=\"vgg8\",norm={group=3}}"],
            "model.net = vgg8: stage1.convolution1.norm: expected a number of groups that divides 64 channels, found 3",
        ),
        (
            &["model={layers=[{layer=\"global_max_pool\"},{layer=\"convolution\",channels=2,padding=\"valid\"}]}"],
            "model.layers.1: convolution1: expected a window of at most 1x1, the padded input, found 3x3",
        ),
        (
            &["model={layers=[{layer=\"residual\",layers=[{layer=\"convolution\",channels=3,groups=2}]}]}"],
            "model.layers.0.layers.0: residual0.convolution0: expected channels that 2 groups divide, found 1 in and 3 out",
        ),
        (
            &["model={layers=[{layer=\"linear\",features=2}]}"],
            "model.layers.0: linear0: expected a vector, found a feature map [1, 8, 8]; flatten it or take its mean",
        ),
        (
            &["model={layers=[{layer=\"norm\",name=\"a\"},{layer=\"norm\",name=\"a\"}]}"],
            "model.layers.1: a: expected a name of its own, found one that is taken",
        ),
        (
            &["model={layers=[{layer=\"max_pool\",padding=\"same\"}]}"],
            "`model.layers.0.padding`: expected valid, half or explicit of pooling, found same",
        ),
        (
            &["model={layers=[{layer=\"convolution\",channels=65536},{layer=\"convolution\",channels=65536}]}"],
            "model: expected at most 1073741824 parameters, found ",
        ),
    ] {
        let config = &study(overrides).cells[0].config;
        let message = check(config).unwrap_err().to_string();
        assert!(message.starts_with(expected), "{message}");
        assert_eq!(message, explain(config).unwrap_err().to_string());
        assert_eq!(message, train(config, &mut |_| {}).unwrap_err().to_string());
    }
}

/// What `same` padding adds counts as input.
#[test]
fn a_kernel_larger_than_what_it_pads_is_no_mistake() {
    for overrides in [&["model.channels=[16, 32, 64]"][..], &["model.kernel=9"]] {
        check(&study(overrides).cells[0].config).expect("an 8x8 image, padded");
    }
}

/// Of configs made without a file too.
#[test]
fn norms_without_whole_groups_or_two_values_are_refused() {
    for (norm, batch_size, expected) in [
        (Normalization::Group(3), 32, "`model.norm.group`: expected a divisor of the 4 channels of block 1, found 3"),
        (Normalization::Group(0), 32, "`model.norm.group`: expected 1 or more groups, found 0"),
        (Normalization::BatchPerActivation, 1, "`train.batch_size`: expected 2 or more images, for the statistics of"),
    ] {
        let mut config = study(&[]).cells[0].config.clone();
        config.model.norm = norm;
        config.train.batch_size = batch_size;
        let message = check(&config).unwrap_err().to_string();
        assert!(message.starts_with(expected), "{message}");
        assert_eq!(message, explain(&config).unwrap_err().to_string());
        assert_eq!(message, train(&config, &mut |_| {}).unwrap_err().to_string());
    }
}

#[test]
fn a_schedule_that_grows_is_refused() {
    let config = &study(&["train.schedule={linear={final_learning_rate=0.5}}"]).cells[0].config;
    let message = check(config).unwrap_err().to_string();
    println!("{message}");
    assert!(message.starts_with("train.schedule: "), "{message}");
}

#[test]
fn a_device_that_was_not_compiled_in_names_its_feature() {
    let Some(device) = [Device::Cuda, Device::Wgpu].into_iter().find(|device| !compiled_devices().contains(device))
    else {
        return;
    };
    let message = check(&study(&[&format!("train.device={device}")]).cells[0].config).unwrap_err().to_string();
    assert!(message.contains(&format!("`{device}` is not compiled in")), "{message}");
    assert!(message.contains(&format!("--features {device}")), "{message}");
}
