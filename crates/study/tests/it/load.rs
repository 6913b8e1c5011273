//! From a config to its cells.

use std::collections::HashSet;
use std::path::Path;

use serde_json::json;
use untied_study::{Bias, DataSource, Device, Dtype, Normalization, Optimizer, Padding, Schedule, Study};

use crate::{MINIMAL, example, parse, with};

#[test]
fn the_grid_keeps_the_order_of_the_config() {
    let study = example(&["vary.seeds=[7, 3]"]);
    let names: Vec<&str> = study.cells.iter().map(|cell| cell.id.rsplit_once('-').unwrap().0).collect();
    assert_eq!(
        names,
        [
            "none-none-seed7",
            "none-none-seed3",
            "none-batch-seed7",
            "none-batch-seed3",
            "tied-none-seed7",
            "tied-none-seed3",
            "tied-batch-seed7",
            "tied-batch-seed3",
            "untied-none-seed7",
            "untied-none-seed3",
            "untied-batch-seed7",
            "untied-batch-seed3",
        ]
    );
    for (index, cell) in study.cells.iter().enumerate() {
        assert_eq!(cell.id, format!("{}-{}", names[index], cell.hash));
        assert_eq!(cell.hash.len(), 16);
    }
}

/// The names of the cells of the example without what these tables leave out.
fn without(skip: &str) -> Vec<String> {
    let study = example(&["vary.seeds=2", &format!("skip=[{skip}]")]);
    study.cells.iter().map(|cell| cell.id.rsplit_once('-').unwrap().0.to_owned()).collect()
}

#[test]
fn the_grid_leaves_out_what_is_skipped() {
    let all = without("");
    assert_eq!(all.len(), 3 * 2 * 2);
    let left = without(r#"{"model.bias" = "untied", "model.norm" = "batch"}"#);
    let expected: Vec<String> = all.iter().filter(|name| !name.starts_with("untied-batch")).cloned().collect();
    // In the order of the grid, so that the index of a cell is its position among those that are left.
    assert_eq!(left, expected);
    assert_eq!(without(r#"{"model.bias" = ["tied", "untied"]}"#), all[..4]);
    let either = without(r#"{"model.bias" = "untied"}, {"model.norm" = "none"}"#);
    assert_eq!(either, ["none-batch-seed0", "none-batch-seed1", "tied-batch-seed0", "tied-batch-seed1"]);
}

#[test]
fn what_is_skipped_need_not_be_possible() {
    // Eight channels have no five groups.
    let set = "vary.\"model.norm\"=[\"batch\", {group=5}, {group=4}]";
    let message = parse(untied_study::EXAMPLE, &[set]).unwrap_err().to_string();
    assert!(message.contains("a divisor of the 8 channels"), "{message}");
    assert_eq!(example(&[set, "skip=[{\"model.norm\"={group=5}}]"]).cells.len(), 3 * 2 * 3);
}

#[test]
fn lists_and_paths_are_values_too() {
    let lists = "vary.\"model.channels\"=[[4], [8]]";
    assert_eq!(example(&[lists, "skip=[{\"model.channels\"=[8]}]", "compare.margin=1"]).cells.len(), 3 * 2 * 3);
    assert_eq!(example(&[lists, "skip=[{\"model.channels\"=[[8]]}]"]).cells.len(), 3 * 2 * 3);
    let paths = ["vary.\"data.source\"=[\"digits\", {folder=\"a\"}]", "skip=[{\"data.source\"=[{folder=\"a\"}]}]"];
    assert_eq!(example(&paths).cells.len(), 3 * 2 * 3);
}

/// No cell changes its id because a program knows more keys than the one that trained it.
#[test]
fn younger_keys_at_their_defaults_leave_ids_alone() {
    let set = ["train.warmup_epochs=0", "train.weight_decay_on=all", "data.standardise=channel"];
    assert_eq!(example(&set).cells[0].id, example(&[]).cells[0].id);
    for set in ["train.warmup_epochs=0.5", "train.weight_decay_on=weights", "data.standardise=global"] {
        assert_ne!(example(&[set]).cells[0].hash, example(&[]).cells[0].hash, "{set}");
    }
}

/// Nor because its model is kept, which changes no number.
#[test]
fn keeping_models_leaves_ids_alone() {
    let set = ["train.save_model=true"];
    let [kept, plain] = [example(&set).cells[0].clone(), example(&[]).cells[0].clone()];
    assert_eq!((&kept.id, kept.config.train.save_model), (&plain.id, true));
    assert!(kept.config != plain.config && kept.config.trains_like(&plain.config));
    assert!(!kept.config.trains_like(&example(&["train.epochs=3"]).cells[0].config));
    let twice = parse(untied_study::EXAMPLE, &["vary.\"train.save_model\"=[true, false]"]).unwrap_err().to_string();
    assert!(twice.contains("lists one cell twice"), "{twice}");
}

#[test]
fn factors_and_configs_agree() {
    let study = example(&[]);
    let cell = &study.cells[3 * 3];
    assert_eq!(json!(cell.factors), json!({"model.bias": "tied", "model.norm": "batch"}));
    assert_eq!((cell.config.model.bias.clone(), cell.config.model.norm), (Bias::Tied, Normalization::Batch));
    assert_eq!(cell.config.seed, 0);
}

#[test]
fn defaults_are_pytorchs() {
    let study = parse(MINIMAL, &[]).unwrap();
    let config = &study.cells[0].config;
    assert_eq!((config.model.kernel, config.model.padding, config.model.bias.clone()), (3, Padding::Same, Bias::Tied));
    assert_eq!((config.train.dtype, config.train.device), (Dtype::F32, Device::Flex));
    assert_eq!(config.train.schedule, Schedule::Constant);
    let sgd = Optimizer::Sgd { learning_rate: 0.1, momentum: 0.0, dampening: 0.0, nesterov: false, weight_decay: 0.0 };
    assert_eq!(config.train.optimizer, sgd);
    let adam = parse(MINIMAL, &["train.optimizer={adam={learning_rate=1}}"]).unwrap().cells[0].config.train.optimizer;
    let expected = Optimizer::Adam { learning_rate: 1.0, beta_1: 0.9, beta_2: 0.999, epsilon: 1e-8, weight_decay: 0.0 };
    assert_eq!(adam, expected);
}

#[test]
fn set_changes_adds_and_replaces() {
    let set = [
        "train.epochs=9",
        "train.epochs=3",
        "train.schedule={cosine={}}",
        "train.optimizer.sgd.momentum=0.5",
        "model.channels=[2, 3]",
        "vary.\"model.bias\"=[\"none\", {untied_along=[1]}]",
        "vary.seeds=2",
        "question=why?",
    ];
    let study = parse(MINIMAL, &set).unwrap();
    assert_eq!(study.question, "why?");
    assert_eq!(study.cells.len(), 4);
    let config = &study.cells[3].config;
    assert_eq!(config.train.epochs, 3, "the last option wins");
    assert_eq!(config.train.schedule, Schedule::Cosine { min_learning_rate: 0.0 });
    assert_eq!(config.model.channels, [2, 3]);
    assert_eq!(config.model.bias, Bias::UntiedAlong(vec![1]));
    assert!(study.cells[3].id.starts_with("untied_along-1-seed1-"), "{}", study.cells[3].id);
}

#[test]
fn a_list_of_one_value_can_be_set() {
    let text = with("seeds = 1", "\"model.bias\" = [\"none\", \"tied\"]\nseeds = 1");
    let study = parse(&text, &["vary.\"model.bias\"=[\"untied\"]"]).unwrap();
    assert_eq!(study.cells.len(), 1);
    assert_eq!(study.cells[0].config.model.bias, Bias::Untied);
}

#[test]
fn every_field_changes_the_id() {
    let changes = [
        "data.source=fashion-mnist-6k",
        "data.source={idx=\"d\"}",
        "model.channels=[5]",
        "model.kernel=5",
        "data.labels_from=1",
        "model.padding=valid",
        "model.bias=none",
        "model.norm=none",
        "model.norm=batch_per_activation",
        "model.norm=layer",
        "model.norm=instance",
        "model.norm={group=1}",
        "model.norm={group=2}",
        "model.norm=rms",
        "model.norm=filter_response",
        "train.epochs=2",
        "train.batch_size=9",
        "train.optimizer.sgd.learning_rate=0.2",
        "train.optimizer.sgd.momentum=0.5",
        "train.optimizer.sgd.dampening=0.5",
        "train.optimizer.sgd.weight_decay=0.5",
        "train.optimizer={sgd={learning_rate=0.1,momentum=0.5,nesterov=true}}",
        "train.optimizer={adam={learning_rate=0.1}}",
        "train.optimizer={adamw={learning_rate=0.1}}",
        "train.optimizer={adam={learning_rate=0.1,beta_1=0.5}}",
        "train.optimizer={adam={learning_rate=0.1,beta_2=0.5}}",
        "train.optimizer={adam={learning_rate=0.1,epsilon=1e-7}}",
        "train.optimizer={lion={learning_rate=0.1}}",
        "train.optimizer={lion={learning_rate=0.1,beta_2=0.9}}",
        "train.optimizer={lion={learning_rate=0.1,weight_decay=0.1}}",
        "train.schedule={cosine={}}",
        "train.schedule={cosine={min_learning_rate=0.01}}",
        "train.schedule={exponential={gamma=0.5}}",
        "train.schedule={linear={final_learning_rate=0}}",
        "train.dtype=f64",
        "train.device=ndarray",
        "vary.seeds=[1]",
    ];
    let mut hashes = HashSet::from([parse(MINIMAL, &[]).unwrap().cells[0].hash.clone()]);
    for change in changes {
        let study = parse(MINIMAL, &[change]).unwrap_or_else(|error| panic!("{error}"));
        assert!(hashes.insert(study.cells[0].hash.clone()), "{change}");
    }
}

#[test]
fn name_and_question_do_not_change_the_id() {
    let plain = parse(MINIMAL, &[]).unwrap().cells[0].id.clone();
    assert_eq!(parse(MINIMAL, &["name=other", "question=x"]).unwrap().cells[0].id, plain);
    assert_eq!(parse(MINIMAL, &["model.bias=tied"]).unwrap().cells[0].id, plain, "a default written out");
}

/// Results lie in folders of this name: changing it loses them.
#[test]
fn the_id_is_stable() {
    let id = &parse(MINIMAL, &[]).unwrap().cells[0].id;
    insta::assert_snapshot!("id", id);
}

#[test]
fn data_paths_start_at_the_configs_folder() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("study.toml");
    let lists = "\"data.source\" = [\"digits\", { idx = \"a\" }, { idx = \"/b\" }]\nseeds = 1\n\
        [compare]\nbaseline = { \"data.source\" = { idx = \"a\" } }\nmargin = 0.1";
    std::fs::write(&path, with("seeds = 1", lists)).unwrap();
    let study = Study::load(&path, &[]).unwrap();
    let sources: Vec<_> = study.cells.iter().map(|cell| cell.config.data.source.clone()).collect();
    let anchored = folder.path().join("a");
    assert_eq!(sources, [DataSource::Digits, DataSource::Idx(anchored.clone()), DataSource::Idx("/b".into())]);
    let baseline = &study.compare.unwrap().baseline["data.source"];
    assert_eq!(*baseline, json!({ "idx": anchored }));
    assert_eq!(*baseline, study.cells[1].factors["data.source"]);

    std::fs::write(&path, MINIMAL).unwrap();
    let study = Study::load(&path, &["data.source={idx=\"a\"}".into()]).unwrap();
    assert_eq!(study.cells[0].config.data.source, DataSource::Idx(anchored.clone()));
    let study = Study::load(&path, &["data.source={cifar10=\"a\"}".into()]).unwrap();
    assert_eq!(study.cells[0].config.data.source, DataSource::Cifar10(anchored.clone()));
    let study = Study::load(&path, &["data.source={folder=\"a\"}".into()]).unwrap();
    assert_eq!(study.cells[0].config.data.source, DataSource::Folder(anchored.clone()));
    let study = Study::load(&path, &["data.source={npz=\"a\"}".into()]).unwrap();
    assert_eq!(study.cells[0].config.data.source, DataSource::Npz(anchored));
}

#[test]
fn paths_of_configs_without_a_folder_are_absolute_too() {
    let study = Study::parse(MINIMAL, Path::new("c.toml"), &["data.source={idx=\"a\"}".into()]).unwrap();
    let DataSource::Idx(path) = &study.cells[0].config.data.source else { panic!("not idx") };
    assert_eq!(*path, std::env::current_dir().unwrap().join("a"));
}

#[test]
fn baseline_values_are_those_of_the_list() {
    let lists = "\"train.optimizer.sgd.momentum\" = [0.0, 0.5]\nseeds = 1\n\
        [compare]\nmetric = \"train_loss\"\nbaseline = { \"train.optimizer.sgd.momentum\" = 0 }\nmargin = 1";
    let study = parse(&with("seeds = 1", lists), &[]).unwrap();
    let baseline = &study.compare.unwrap().baseline["train.optimizer.sgd.momentum"];
    assert_eq!(*baseline, study.cells[0].factors["train.optimizer.sgd.momentum"]);
}

#[test]
fn device_and_dtype_are_named_or_varied() {
    let study = parse(MINIMAL, &["vary.\"train.device\"=[\"flex\", \"ndarray\"]", "train.dtype=f64"]).unwrap();
    assert_eq!((study.device().as_str(), study.dtype().as_str()), ("varied", "f64"));
    let study = parse(MINIMAL, &["train.device=wgpu"]).unwrap();
    assert_eq!((study.device().as_str(), study.dtype().as_str()), ("wgpu", "f32"));
}

#[test]
fn two_large_seeds_are_exact() {
    let seeds = "vary.seeds=[9223372036854775807, 9223372036854775806]";
    assert_eq!(parse(MINIMAL, &[seeds]).unwrap().seeds, [(1 << 63) - 1, (1 << 63) - 2]);
}

#[test]
fn the_largest_grid_is_expanded() {
    assert_eq!(parse(MINIMAL, &["vary.seeds=100000"]).unwrap().cells.len(), 100_000);
}
