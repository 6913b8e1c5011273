//! `model.init_from`: models that start from the tensors of a file.

use std::collections::HashMap;
use std::fs;
use std::path::Path;
use std::time::Duration;

use safetensors::tensor::{Dtype, TensorView};
use untied_study::{CellConfig, CellResult, Device, Study};
use untied_trainer::{Checkpoints, Classifier, Planner, TrainedModel, check, resume};

/// Steps too small to change a number.
const BASE: &str = r#"
name = "start"
question = "Does it start there?"
data = { source = "digits" }
train = { epochs = 1, batch_size = 479, optimizer = { sgd = { learning_rate = 1e-30 } }, save_model = true }
vary = { seeds = 1 }
"#;

const NAMES: &str = r#"init_names = { "features.0" = "block1.convolution", "features.1" = "block1.norm", "features.4" = "block2.convolution", "features.5" = "block2.norm", classifier = "head" }"#;

fn folder() -> &'static Path {
    Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/start"))
}

/// A relative file lies beside the config, in `folder`.
fn parsed(model: &str, folder: &Path, set: &[&str]) -> Result<CellConfig, String> {
    let text = format!("{BASE}\n[model]\nchannels = [4, 6]\nrunning_momentum = 1e-30\n{model}\n");
    let set: Vec<String> = set.iter().map(ToString::to_string).collect();
    let study = Study::parse(&text, &folder.join("start.toml"), &set).map_err(|error| error.to_string())?;
    Ok(study.cells[0].config.clone())
}

fn config(model: &str, folder: &Path) -> CellConfig {
    parsed(model, folder, &[]).unwrap_or_else(|error| panic!("{error}"))
}

fn trained(config: &CellConfig) -> (CellResult, Vec<u8>) {
    let checkpoints = Checkpoints { last: None, commit: None, every: Duration::MAX, keep: &mut |_| Ok(()) };
    let trained = resume(config, checkpoints, &mut |_| {}).unwrap_or_else(|error| panic!("{error}"));
    (trained.result, trained.model.expect("train.save_model"))
}

fn read(bytes: &[u8]) -> TrainedModel {
    TrainedModel::read(bytes, bytes.len() as u64).unwrap()
}

/// Images, and the scores that a model gives them.
fn expected() -> (Vec<f64>, Vec<f64>) {
    let text = fs::read_to_string(folder().join("pytorch.json")).unwrap();
    let values: HashMap<String, Vec<f64>> = serde_json::from_str(&text).unwrap();
    (values["images"].clone(), values["scores"].clone())
}

#[track_caller]
fn assert_scores(model: &[u8], expected: &[f64], images: &[f64]) {
    let found = Classifier::new(read(model), Device::default()).unwrap().scores(images).concat();
    let close = |(found, expected): (&f64, &f64)| (found - expected).abs() < 1e-5;
    assert!(found.len() == expected.len() && found.iter().zip(expected).all(close), "{found:?} {expected:?}");
}

/// A tied bias of the file becomes an untied one that is the same everywhere.
#[test]
fn pytorch_s_state_dict_gives_pytorch_s_scores() {
    let (images, scores) = expected();
    let own = if cfg!(feature = "pytorch") { "pytorch.pt" } else { "pytorch.safetensors" };
    let biases = ["\"tied\"", "\"untied\"", "{ untied_along = [0] }"];
    for (bias, file) in biases.map(|bias| (bias, "pytorch.safetensors")).into_iter().chain([("\"tied\"", own)]) {
        let model = format!("norm = \"batch\"\nbias = {bias}\ninit_from = \"{file}\"\n{NAMES}");
        let (result, bytes) = trained(&config(&model, folder()));
        assert_scores(&bytes, &scores, &images);
        assert!(result.provenance.data["init_from"].len() == 64 && result.warnings.is_empty(), "{:?}", result.warnings);
    }
}

/// The tensors of a PyTorch module with this program's names, but for γ, β and layouts.
fn state_dict(model: &[u8]) -> Vec<u8> {
    let file = safetensors::SafeTensors::deserialize(model).unwrap();
    let mut tensors: Vec<(String, Vec<usize>, Vec<u8>)> = Vec::new();
    for (name, view) in file.tensors() {
        let (mut shape, mut data) = (view.shape().to_vec(), view.data().to_vec());
        let name = name.replace(".gamma", ".weight").replace(".beta", ".bias");
        if let [inputs, outputs] = shape[..] {
            let numbers: Vec<&[u8]> = view.data().chunks(4).collect();
            let at = |place: usize| numbers[(place % inputs) * outputs + place / inputs];
            data = (0..inputs * outputs).flat_map(|place| at(place).to_vec()).collect();
            shape = vec![outputs, inputs];
        }
        if let [channels, 1, 1] = shape[..] {
            shape = vec![channels];
        }
        tensors.push((format!("module.{name}"), shape, data));
    }
    let batches = (
        "module.block1.norm.num_batches_tracked",
        TensorView::new(Dtype::I64, vec![], &[7, 0, 0, 0, 0, 0, 0, 0]).unwrap(),
    );
    let views = tensors
        .iter()
        .map(|(name, shape, data)| (name.as_str(), TensorView::new(Dtype::F32, shape.clone(), data).unwrap()));
    safetensors::serialize(views.chain([batches]), None).unwrap()
}

#[test]
fn own_files_and_state_dicts_give_the_model_that_they_are_of() {
    let folder = tempfile::tempdir().unwrap();
    for norm in ["batch", "layer", "rms"] {
        let plain = format!("norm = \"{norm}\"\nbias = \"tied\"");
        let other = parsed(&plain, folder.path(), &["train.optimizer.sgd.learning_rate=0.1"]).unwrap();
        let (_, before) = trained(&other);
        fs::write(folder.path().join("own.safetensors"), &before).unwrap();
        fs::write(folder.path().join("torch.safetensors"), state_dict(&before)).unwrap();
        let images: Vec<f64> = (0..5 * 64).map(|place| f64::from(place * 37 % 101) / 50.0 - 1.0).collect();
        let scores = Classifier::new(read(&before), Device::default()).unwrap().scores(&images).concat();
        for file in ["own", "torch"] {
            let (_, after) = trained(&config(&format!("{plain}\ninit_from = \"{file}.safetensors\""), folder.path()));
            assert_scores(&after, &scores, &images);
        }
        let (_, without) = trained(&config(&plain, folder.path()));
        let found = Classifier::new(read(&without), Device::default()).unwrap().scores(&images).concat();
        assert!(found.iter().zip(&scores).any(|(found, scores)| (found - scores).abs() > 0.01), "the test can fail");
    }
}

#[test]
fn what_fits_and_what_does_not_is_listed() {
    let model = "norm = \"batch\"\ninit_from = \"pytorch.safetensors\"";
    let some = NAMES.replace(", classifier = \"head\"", "");
    let error = check(&config(&format!("{model}\n{some}"), folder())).unwrap_err().to_string();
    for part in [
        "model.init_from: ",
        "pytorch.safetensors: 12 of the model's 14 tensors fit, ",
        "; missing in the file: `head.bias`, `head.weight`; left over in the file: ",
        "`module._orig_mod.classifier.weight`",
        "model.init_names",
        "model.init_partial = true",
    ] {
        assert!(error.contains(part) && !error.contains('\n'), "{error}");
    }
    let other = model.replace("\"batch\"", "\"batch\"\nkernel = 5");
    let error = check(&config(&format!("{other}\n{NAMES}"), folder())).unwrap_err().to_string();
    let shapes = "features.0.weight` (expected [4, 1, 5, 5], found [4, 1, 3, 3])";
    assert!(error.contains("; of another shape: ") && error.contains(shapes), "{error}");
    assert!(error.ends_with(". Change the model, or take what fits by `model.init_partial = true`"), "{error}");

    let (result, _) = trained(&config(&format!("{model}\n{some}\ninit_partial = true"), folder()));
    assert!(result.warnings.len() == 1 && result.warnings[0].contains("12 of the model's 14"), "{:?}", result.warnings);
}

#[test]
fn names_that_match_nothing_are_refused_and_all_tensors_are_listed() {
    let model = "norm = \"batch\"\ninit_partial = true\ninit_from = \"pytorch.safetensors\"";
    let mistyped = NAMES.replace("classifier =", "clasifier =");
    let error = check(&config(&format!("{model}\n{mistyped}"), folder())).unwrap_err().to_string();
    let said =
        "model.init_names: expected beginnings of its tensors' names, `classifier`, `features`; found `clasifier`";
    assert!(error.ends_with(said), "{error}");

    let some = NAMES.replace(", classifier = \"head\"", "");
    let config = config(&format!("{model}\n{some}"), folder());
    let (tensors, taken) = Planner::default().start(&config).unwrap();
    assert!(taken.is_ok(), "in part");
    let fitting = tensors.iter().filter(|tensor| tensor.fits).count();
    assert_eq!((fitting, tensors.len()), (12, 16), "{tensors:?}");
    let left: Vec<&str> =
        tensors.iter().filter(|of| of.model.is_none()).map(|of| of.file.as_ref().unwrap().0.as_str()).collect();
    assert_eq!(left, ["module._orig_mod.classifier.bias", "module._orig_mod.classifier.weight"]);
}

#[test]
fn files_that_will_not_do_get_one_line() {
    let folder = tempfile::tempdir().unwrap();
    let write = |name: &str, bytes: &[u8]| fs::write(folder.path().join(name), bytes).unwrap();
    let good = fs::read(self::folder().join("pytorch.pt")).unwrap();
    write("cut.pt", &good[..good.len() / 2]);
    write("text.safetensors", b"no tensors");
    write("net.onnx", b"");
    fs::create_dir(folder.path().join("folder.pt")).unwrap();
    for (file, named) in [
        ("absent.pt", "it cannot be read"),
        (
            "cut.pt",
            if cfg!(feature = "pytorch") { "no file of PyTorch, or a damaged one" } else { "`--features pytorch`" },
        ),
        ("text.safetensors", "no safetensors file, or a damaged one"),
        ("net.onnx", "expected a file `.safetensors`, `.pt`, `.pth` or `.bin`"),
        ("folder.pt", "it is a folder, and no model lies in it"),
    ] {
        let error = check(&config(&format!("init_from = \"{file}\""), folder.path())).unwrap_err().to_string();
        assert!(error.starts_with("model.init_from: ") && error.contains(named), "{file}: {error}");
        assert_eq!(error.lines().count(), 1, "{error}");
    }
    for key in ["init_partial = true", NAMES] {
        let error = parsed(key, folder.path(), &[]).unwrap_err();
        assert!(error.contains("model.init_from"), "{error}");
    }
}
