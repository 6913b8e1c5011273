//! Small models of every net, bias and norm.

use std::time::Duration;

use untied_study::{CellConfig, Study};
use untied_trainer::{Checkpoints, TrainedModel, resume};

/// Digits on a canvas of 12×12, which every net fits; steps large enough to move every parameter.
const BASE: &str = r#"
name = "exported"
question = "Is the file the model?"
data = { source = "digits", canvas = { size = 12 } }
train = { epochs = 1, batch_size = 479, optimizer = { sgd = { learning_rate = 0.05 } }, save_model = true }
vary = { seeds = 1 }
"#;

const NETS: [&str; 11] = [
    "channels = [4, 6]",
    "channels = [4, 6]\nbias_after = \"norm\"\nweight = \"standardized\"",
    "channels = [4, 6]\npadding = \"circular\"\nactivation = \"gelu\"",
    "net = \"lenet1989\"\nchannels = [4, 4]",
    "net = \"lenet5\"\nchannels = [4, 4]",
    "net = \"vgg8\"\nchannels = [2, 4, 4]\ndropout = 0.3",
    "net = \"resnet8\"\nchannels = [4, 4, 6]\nshortcut = \"convolution\"",
    "net = \"resnet20\"\nchannels = [2, 4, 4]\npadding = \"replicate\"",
    "net = \"resnet20_preact\"\nchannels = [2, 4, 4]",
    "net = \"mobilenet_small\"\nchannels = [4, 4, 6, 8]",
    "layers = [
  { layer = \"convolution\", channels = 4, kernel = [5, 3], padding = \"circular\", activation = \"leaky_relu\" },
  { layer = \"residual\", layers = [
    { layer = \"convolution\", channels = 4, padding = \"same\", dilation = 2, bias = \"tied\" },
    { layer = \"norm\" },
  ] },
  { layer = \"max_pool\", kernel = 3, stride = [2, 1], padding = \"half\" },
  { layer = \"residual\", shortcut = \"zero_padded\", layers = [
    { layer = \"convolution\", channels = 6, stride = 2, groups = 2, padding = \"half\" },
    { layer = \"average_pool\", kernel = 3, stride = 1, padding = { explicit = [[1, 1], [1, 1]] } },
  ] },
  { layer = \"bias\" },
  { layer = \"activation\", activation = \"tanh\" },
  { layer = \"global_average_pool\" },
  { layer = \"linear\", features = 8, activation = \"relu\" },
  { layer = \"norm\", norm = \"batch\" },
]",
];
const BIASES: [&str; 5] = ["\"none\"", "\"tied\"", "{ untied_along = [0] }", "\"untied\"", "\"factorised\""];
const NORMS: [&str; 8] = [
    "\"none\"",
    "\"batch\"",
    "\"batch_per_activation\"",
    "\"layer\"",
    "\"instance\"",
    "{ group = 2 }",
    "\"rms\"",
    "\"filter_response\"",
];

/// Every pair of bias and norm with the first nets, and some pairs with each of the others.
pub(crate) fn models() -> Vec<String> {
    let pairs = || BIASES.iter().flat_map(|bias| NORMS.map(|norm| format!("bias = {bias}\nnorm = {norm}")));
    let of_net = |(index, net): (usize, &&str)| {
        let chosen = pairs().enumerate().filter(move |(pair, _)| index < 3 || (pair + index) % 7 == 0);
        let net = (*net).to_owned();
        chosen.map(move |(_, pair)| format!("{net}\n{pair}")).collect::<Vec<_>>()
    };
    NETS.iter().enumerate().flat_map(of_net).collect()
}

pub(crate) fn config(model: &str) -> CellConfig {
    let text = format!("{BASE}\n[model]\n{model}\n");
    let study = Study::parse(&text, "exported.toml".as_ref(), &[]).unwrap_or_else(|error| panic!("{model}: {error}"));
    study.cells[0].config.clone()
}

/// The model after three steps.
pub(crate) fn trained(config: &CellConfig) -> TrainedModel {
    let checkpoints = Checkpoints { last: None, commit: None, every: Duration::MAX, keep: &mut |_| Ok(()) };
    let trained = resume(config, checkpoints, &mut |_| {}).unwrap_or_else(|error| panic!("{error}"));
    let bytes = trained.model.expect("it is saved");
    TrainedModel::read(bytes.as_slice(), bytes.len() as u64).unwrap_or_else(|error| panic!("{error}"))
}
