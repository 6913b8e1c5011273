//! `model.net` and `model.layers`.

use untied_study::{Activation, Bias, LayerConfig, LayerKind, ModelConfig, Net, Normalization, Padding, Study};

use crate::{MINIMAL, parse, with};

const NETS: [Net; 9] = [
    Net::Plain,
    Net::Lenet1989,
    Net::Lenet5,
    Net::Vgg8,
    Net::Resnet8,
    Net::Resnet20,
    Net::Resnet8Preact,
    Net::Resnet20Preact,
    Net::MobilenetSmall,
];

/// Two convolutions, the second in a residual layer, and what stands between and behind them.
const LAYERS: &str = r#"layers = [
  { layer = "convolution", channels = 4, kernel = [5, 3], stride = 2, padding = "circular" },
  { layer = "norm" },
  { layer = "activation", activation = "gelu" },
  { layer = "residual", shortcut = "identity", layers = [
    { layer = "convolution", channels = 4, norm = "layer", name = "inner" },
    { layer = "dropout", rate = 0.5 },
  ] },
  { layer = "global_average_pool" },
  { layer = "flatten" },
  { layer = "linear", features = 8, activation = "tanh" },
]"#;

fn listed(set: &[&str]) -> Study {
    parse(&with("channels = [4]", LAYERS), set).unwrap_or_else(|error| panic!("{error}"))
}

fn layer(kind: LayerKind) -> LayerConfig {
    LayerConfig::new(kind)
}

#[test]
fn a_list_is_read_as_it_is_written() {
    let model = &listed(&[]).cells[0].config.model;
    let inner = LayerConfig {
        channels: Some(4),
        norm: Some(Normalization::Layer),
        ..layer(LayerKind::Convolution).named("inner")
    };
    let dropout = LayerConfig { rate: Some(0.5), ..layer(LayerKind::Dropout) };
    let expected = [
        LayerConfig {
            channels: Some(4),
            kernel: Some(untied_study::Pair([5, 3])),
            stride: Some(2.into()),
            padding: Some(Padding::Circular),
            ..layer(LayerKind::Convolution)
        },
        layer(LayerKind::Norm),
        LayerConfig { activation: Some(Activation::Gelu), ..layer(LayerKind::Activation) },
        LayerConfig {
            shortcut: Some(untied_study::Shortcut::Identity),
            layers: Some(vec![inner, dropout]),
            ..layer(LayerKind::Residual)
        },
        layer(LayerKind::GlobalAveragePool),
        layer(LayerKind::Flatten),
        LayerConfig { features: Some(8), activation: Some(Activation::Tanh), ..layer(LayerKind::Linear) },
    ];
    assert_eq!(model.layers, expected);
    assert_eq!(model.expanded(), expected);
}

#[test]
fn keys_of_single_layers_can_be_set_and_varied() {
    let study = listed(&[
        "model.layers.1.norm=instance",
        "vary={seeds=1,\"model.bias\"=[\"tied\",\"none\"],\"model.layers.0.bias\"=[\"untied\"],\"model.layers.3.layers.0.norm\"=[\"batch\",{group=2}]}",
    ]);
    let seen: Vec<_> = study.cells.iter().map(|cell| &cell.config.model).collect();
    assert_eq!(seen.len(), 4);
    for (model, (bias, norm)) in seen.into_iter().zip([
        (Bias::Tied, Normalization::Batch),
        (Bias::Tied, Normalization::Group(2)),
        (Bias::None, Normalization::Batch),
        (Bias::None, Normalization::Group(2)),
    ]) {
        assert_eq!(model.bias, bias);
        assert_eq!(model.layers[0].bias, Some(Bias::Untied));
        assert_eq!(model.layers[1].norm, Some(Normalization::Instance));
        assert_eq!(model.layers[3].layers.as_ref().unwrap()[0].norm, Some(norm));
    }
    assert_eq!(study.cells[1].factors["model.layers.3.layers.0.norm"], serde_json::json!({ "group": 2 }));
}

#[test]
fn every_net_has_its_name_its_channels_and_names_for_its_layers() {
    for net in NETS {
        let channels = if net == Net::Plain { "channels = [4, 8]".to_owned() } else { format!("net = \"{net}\"") };
        let study = parse(&with("channels = [4]", &channels), &[]).unwrap_or_else(|error| panic!("{net}: {error}"));
        let layers = study.cells[0].config.model.expanded();
        let mut names = vec![];
        collect_names(&layers, &mut names);
        let count = names.len();
        names.sort();
        names.dedup();
        assert_eq!(names.len(), count, "{net}");
        assert!(count > 5, "{net}: {names:?}");
    }
}

fn collect_names(layers: &[LayerConfig], names: &mut Vec<String>) {
    for layer in layers {
        names.push(layer.name.clone().expect("layers of nets have names"));
        layer.inner().for_each(|(_, layers)| collect_names(layers, names));
    }
}

#[test]
fn stages_have_the_channels_that_the_config_says() {
    let model = ModelConfig { channels: vec![2, 3, 5], ..ModelConfig::of_net(Net::Resnet8) };
    let mut channels = vec![];
    for layer in model.expanded() {
        let inner = layer.layers.iter().flatten().filter_map(|layer| layer.channels);
        channels.extend(layer.channels.into_iter().chain(inner));
    }
    assert_eq!(channels, [2, 2, 2, 3, 3, 5, 5]);
}

#[test]
fn what_no_layer_can_be_is_refused() {
    let wrong = [
        "{ layer = \"convolutoin\", channels = 1 }",
        "{ channels = 1 }",
        "\"norm\"",
        "{ layer = \"convolution\" }",
        "{ layer = \"convolution\", chanels = 1 }",
        "{ layer = \"convolution\", channels = 0 }",
        "{ layer = \"convolution\", channels = 4, kernel = [3] }",
        "{ layer = \"convolution\", channels = 4, kernel = -1 }",
        "{ layer = \"convolution\", channels = 4, kernel = \"3\" }",
        "{ layer = \"convolution\", channels = 4, stride = 0 }",
        "{ layer = \"convolution\", channels = 4, stride = [1, 99999] }",
        "{ layer = \"convolution\", channels = 4, groups = 0 }",
        "{ layer = \"convolution\", channels = 4, rate = 0.5 }",
        "{ layer = \"convolution\", channels = 4, bias = { untied_along = [3] } }",
        "{ layer = \"convolution\", channels = 4, padding = { explicit = [[1, 1], [5000, 1]] } }",
        "{ layer = \"convolution\", channels = 4, name = \"a/b\" }",
        "{ layer = \"norm\", norm = { group = 2 }, stride = 2 }",
        "{ layer = \"flatten\", kernel = 2 }",
        "{ layer = \"linear\", features = 4, bias = \"untied\" }",
        "{ layer = \"dropout\", rate = 1 }",
        "{ layer = \"residual\", layers = [] }",
        "{ layer = \"residual\", layers = [{ layer = \"linear\" }] }",
    ];
    let mut messages = String::new();
    for layer in wrong {
        let text = with("channels = [4]", &format!("layers = [{{ layer = \"flatten\" }}, {layer}]"));
        let error = parse(&text, &[]).expect_err(layer);
        messages.extend([layer, "\n    ", &error.to_string(), "\n"]);
    }
    for set in [
        "model={}",
        "model={net=\"resnet9\"}",
        "model={net=\"resnet8\",channels=[4]}",
        "model={net=\"resnet8\",channels=[4,4,0]}",
        "model={net=\"resnet8\",layers=[{layer=\"norm\"}]}",
        "model={channels=[4],layers=[{layer=\"norm\"}]}",
        "model={net=\"vgg8\",order=\"activation_first\"}",
        "model={net=\"vgg8\",bias_after=\"norm\"}",
        "model.dropout=1",
        "model.epsilon=0",
        "model.layers.0.bias=tied",
        "model={layers=[{layer=\"flatten\"}]} model.layers.1.bias=tied",
        "model={layers=[{layer=\"norm\"}]} train.batch_size=1",
        "model={layers=[{layer=\"norm\"}]} measure.shift={patterns=[\"white\"],strengths=[1]}",
        "model={net=\"resnet8\",bias=\"untied\"} measure.shift={patterns=[\"white\"],strengths=[1]}",
    ] {
        let error = parse(MINIMAL, &set.split(' ').collect::<Vec<_>>()).expect_err(set);
        messages.extend([set, "\n    ", &error.to_string(), "\n"]);
    }
    insta::assert_snapshot!(messages);
}
