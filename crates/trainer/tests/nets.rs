//! Every net trains, goes on to the same bits, is explained, certified, evaluated, stripped, folded, exported, saved and read
//! again.

use std::time::Duration;

use untied_lint::{InputShapes, Model, lint};
use untied_redundancy::CERTIFICATE_FACTOR;
use untied_study::{CellConfig, CellResult, Device, Dtype, Study};
use untied_trainer::{
    Checkpoints, Classifier, ModelError, TestData, Trained, TrainedModel, assess, explain, fold, resume, strip,
};

/// Digits on a canvas of 12×12, which every net fits.
const BASE: &str = r#"
name = "nets"
question = "Does it hold for every net?"
data = { source = "digits", canvas = { size = 12 } }
train = { epochs = 1, batch_size = 288, optimizer = { sgd = { learning_rate = 0.02, momentum = 0.9 } }, save_model = true }
vary = { seeds = 1 }
"#;

/// Steps of an epoch: 1437 images in batches of 288.
const STEPS: usize = 4;

const LAYERS: &str = r#"layers = [
  { layer = "convolution", channels = 4, kernel = [5, 3], padding = "circular", norm = "instance", activation = "gelu" },
  { layer = "dropout", rate = 0.25 },
  { layer = "residual", layers = [
    { layer = "convolution", channels = 4, padding = "replicate", dilation = 2, bias = "factorised" },
    { layer = "norm" },
  ] },
  { layer = "activation", activation = "leaky_relu" },
  { layer = "max_pool", kernel = 3, stride = [2, 1], padding = "half" },
  { layer = "residual", shortcut = "convolution", layers = [
    { layer = "convolution", channels = 6, stride = 2, groups = 2, weight = "standardized" },
    { layer = "norm", norm = "layer", beta = false },
    { layer = "average_pool", kernel = 3, stride = 1, padding = { explicit = [[1, 1], [1, 1]] } },
  ] },
  { layer = "bias", bias = "untied" },
  { layer = "activation", activation = "tanh" },
  { layer = "global_max_pool" },
  { layer = "flatten" },
  { layer = "linear", features = 8, activation = "leaky_relu" },
  { layer = "norm", norm = "batch" },
]
init = "kaiming"
epsilon = 1e-3"#;

/// Each net, small.
const NETS: [&str; 11] = [
    "channels = [4, 4]",
    "channels = [4, 4]\nbias_after = \"norm\"",
    "channels = [4, 4]\nbias_after = \"activation\"\npadding = \"valid\"",
    "net = \"lenet1989\"\nchannels = [4, 4]\ninit = \"lecun1989\"",
    "net = \"lenet5\"\nchannels = [4, 4]",
    "net = \"vgg8\"\nchannels = [2, 4, 4]\ndropout = 0.3",
    "net = \"resnet8\"\nchannels = [4, 4, 6]\nshortcut = \"convolution\"",
    "net = \"resnet20\"\nchannels = [2, 4, 4]\npadding = \"circular\"",
    "net = \"resnet8_preact\"\nchannels = [2, 4, 4]\nhead_bias = false",
    "net = \"resnet20_preact\"\nchannels = [2, 4, 4]",
    "net = \"mobilenet_small\"\nchannels = [4, 4, 6, 8]",
];

fn config(model: &str, train: &[&str]) -> CellConfig {
    let text = format!("{BASE}\n[model]\n{model}\n");
    let set: Vec<String> = train.iter().map(ToString::to_string).collect();
    let study = Study::parse(&text, "nets.toml".as_ref(), &set).unwrap_or_else(|error| panic!("{model}: {error}"));
    study.cells[0].config.clone()
}

fn untimed(trained: Trained) -> (CellResult, Vec<u8>) {
    let result = CellResult { train_seconds: 0.0, images_per_second: 0.0, ..trained.result };
    (result, trained.model.expect("train.save_model"))
}

/// The result and the model of a run from start to end, and the state after its second step.
fn whole(config: &CellConfig) -> ((CellResult, Vec<u8>), Vec<u8>) {
    let mut states = Vec::new();
    let mut keep = |state: &[u8]| {
        states.push(state.to_vec());
        Ok(())
    };
    let checkpoints = Checkpoints { last: None, commit: None, every: Duration::ZERO, keep: &mut keep };
    let whole = untimed(resume(config, checkpoints, &mut |_| {}).unwrap_or_else(|error| panic!("{error}")));
    assert_eq!(states.len(), STEPS);
    (whole, states.swap_remove(1))
}

fn gone_on(config: &CellConfig, last: Vec<u8>) -> (CellResult, Vec<u8>) {
    let checkpoints = Checkpoints { last: Some(last), commit: None, every: Duration::MAX, keep: &mut |_| Ok(()) };
    untimed(resume(config, checkpoints, &mut |_| {}).unwrap())
}

fn assert_all(name: &str, config: &CellConfig) {
    let ((result, model), state) = whole(config);
    assert_eq!(gone_on(config, state), (result.clone(), model.clone()), "{name}: to the same bits");
    assert_explained_and_certified(name, config, &result);
    let model = TrainedModel::read(model.as_slice(), model.len() as u64).unwrap();
    assert_evaluated(name, &model, &result);
    assert_rewritten(name, &model);
}

/// The file's model finds of the test images what its run found, to the bit.
fn assert_evaluated(name: &str, model: &TrainedModel, result: &CellResult) {
    let classifier = Classifier::new(model.clone(), Device::default()).unwrap();
    let found = assess(&classifier, &TestData::Own, 2, 3).unwrap_or_else(|error| panic!("{name}: {error}"));
    assert_eq!((found.images, &found.confusion), (result.test_images, &result.confusion), "{name}");
    let metrics = (Some(found.accuracy), Some(found.loss));
    assert_eq!(metrics, (result.metrics.test_accuracy, result.metrics.test_loss), "{name}");
    assert!(found.top.share >= found.accuracy && found.worst.len() == 3, "{name}");
}

/// `tests/exported/onnxruntime_agrees.py` holds such files to their scores.
fn assert_exported(name: &str, model: &TrainedModel) {
    let file = model.to_onnx().unwrap_or_else(|error| panic!("{name}: {error}"));
    let read = Model::decode(&file, "model.onnx".as_ref()).unwrap_or_else(|error| panic!("{name}: {error}"));
    let findings = lint(&read, &InputShapes::new()).unwrap_or_else(|error| panic!("{name}: {error}"));
    assert_eq!(findings.not_understood, [], "{name}");
}

fn assert_explained_and_certified(name: &str, config: &CellConfig, result: &CellResult) {
    let explained = explain(config).unwrap();
    assert_eq!(explained.parameters, result.parameters, "{name}");
    let total: usize = explained.operations.iter().map(|operation| operation.parameters).sum();
    assert_eq!(total, result.parameters.total, "{name}");
    for layer in &result.redundancy {
        let bias = [format!("{}.bias", layer.layer), format!("{}.convolution.bias", layer.layer), layer.layer.clone()];
        let bias = explained.biases.iter().find(|found| bias.contains(&found.name)).expect("every bias is explained");
        assert_eq!((bias.parameters, bias.redundant), (layer.bias_parameters, layer.predicted_redundant), "{name}");
        assert!(bias.redundant == 0 || bias.path.contains("removed by"), "{name}: {bias:?}");
        let certificate = layer.redundant_gradient_norm / layer.round_off;
        assert!(layer.redundant_gradient_norm == 0.0 || certificate <= CERTIFICATE_FACTOR, "{name}: {layer:?}");
    }
}

fn assert_rewritten(name: &str, model: &TrainedModel) {
    let stripped = strip(model).unwrap_or_else(|error| panic!("{name}: {error}"));
    let again = strip(&stripped.model).unwrap_or_else(|error| panic!("{name}: {error}"));
    for (layer, once) in again.layers.iter().zip(&stripped.layers) {
        let rounding = 1e-6 * (once.removed_norm + once.rest_norm);
        assert!(layer.removed_norm <= rounding, "{name}: {layer:?} after {once:?}");
    }
    let bytes = stripped.model.to_bytes();
    let read =
        TrainedModel::read(bytes.as_slice(), bytes.len() as u64).unwrap_or_else(|error| panic!("{name}: {error}"));
    assert_eq!(read.to_bytes(), bytes, "{name}");
    for model in [model, &read] {
        assert_exported(name, model);
        match fold(model) {
            Ok(folded) => {
                assert!(!folded.layers.is_empty(), "{name}");
                assert_exported(name, &folded.model);
                for layer in &folded.layers {
                    // A bias may become larger, where each channel takes a part of a term that they shared.
                    let [before, after] = [0, 1].map(|side| layer.numbers[side] - layer.bias_numbers[side]);
                    assert!(after < before, "{name}: {layer:?}");
                }
                let bytes = folded.model.to_bytes();
                TrainedModel::read(bytes.as_slice(), bytes.len() as u64)
                    .unwrap_or_else(|error| panic!("{name}: {error}"));
            }
            Err(error) => {
                let expected = match error {
                    ModelError::NoRunningStatistics { .. } | ModelError::PerActivation => true,
                    _ => name.contains("bias_after = \"activation\""),
                };
                assert!(expected, "{name}: {error}");
            }
        }
    }
}

#[test]
fn every_net_trains_resumes_and_is_explained_certified_evaluated_stripped_folded_and_exported() {
    for net in NETS {
        for (bias, norm) in
            [("tied", "\"batch\""), ("untied", "\"batch\""), ("untied", "{ group = 2 }"), ("tied", "\"none\"")]
        {
            let model = format!("{net}\nbias = \"{bias}\"\nnorm = {norm}");
            if net.contains("bias_after = \"activation\"") && norm.contains("group") {
                continue;
            }
            assert_all(&model, &config(&model, &["train.label_smoothing=0.1"]));
        }
    }
}

#[test]
fn so_is_a_list_of_layers_in_both_types() {
    for dtype in [Dtype::F32, Dtype::F64] {
        for bias in ["none", "tied", "untied"] {
            let model = format!("{LAYERS}\nbias = \"{bias}\"\nnorm = \"batch\"");
            assert_all(&format!("{dtype} {model}"), &config(&model, &[&format!("train.dtype={dtype}")]));
        }
    }
}

#[test]
fn a_norm_behind_an_activation_is_not_folded_but_named() {
    let model = "channels = [4, 4]\norder = \"activation_first\"";
    let ((_, bytes), _) = whole(&config(model, &[]));
    let model = TrainedModel::read(bytes.as_slice(), bytes.len() as u64).unwrap();
    let message = fold(&model).unwrap_err().to_string();
    assert!(message.ends_with("found block1.norm, block2.norm"), "{message}");
    assert!(strip(&model).is_ok());
    let preact = config("net = \"resnet20_preact\"\nchannels = [2, 2, 2]", &[]);
    let ((_, bytes), _) = whole(&preact);
    let folded = fold(&TrainedModel::read(bytes.as_slice(), bytes.len() as u64).unwrap()).unwrap();
    assert_eq!((folded.layers.len(), folded.kept.len()), (9, 10), "{:?}", folded.kept);
}

/// Without dropout, a step is the same for every generator; with it, another generator drops other elements.
#[test]
fn dropout_is_drawn_from_the_seed_and_gone_in_evaluation() {
    let run = |rate: f64, seed: u64| {
        let model = format!("net = \"vgg8\"\nchannels = [2, 2, 4]\ndropout = {rate}");
        whole(&CellConfig { seed, ..config(&model, &[]) }).0.0
    };
    let [without, with, again] = [run(0.0, 0), run(0.5, 0), run(0.5, 0)];
    assert_eq!(with, again);
    assert_ne!(without.step_losses, with.step_losses);
    assert!(with.metrics.test_loss.unwrap() < with.metrics.train_loss.unwrap() + 0.5, "{:?}", with.metrics);
}
