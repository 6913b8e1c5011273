//! What is said of files that do not fit: the file, what it lacks, and what it has.

use burn::module::Module;
use burn::tensor::Device;
use untied_conv::state_dict::{load, load_file};
use untied_conv::{Conv2d, Conv2dConfig};

use super::Model;
use super::wrapped::store;

#[derive(Module, Debug)]
struct Deep {
    layers: Vec<Conv2d>,
}

#[test]
fn a_wrong_prefix_is_told_in_one_line_with_what_the_file_has() {
    let layer = || Conv2dConfig::new([1, 1], [1, 1]).init(&Device::default());
    let mut deep = Deep { layers: (0..13).map(|_| layer()).collect() };
    let tensors = |index: usize| (format!("backbone.{index}.weight"), "F32", vec![1, 1, 1, 1], vec![0; 4]);
    let message = load(&mut deep, &mut store((0..13).map(tensors).collect())).unwrap_err().to_string();
    assert_eq!(message.matches("missing").count(), 1, "{message}");
    assert_eq!(message.lines().count(), 1, "{message}");
    for told in ["`layers.0.weight`", "and 21 more are missing", "the file also has `backbone.0.weight`", "and 8 more"]
    {
        assert!(message.contains(told), "{message}");
    }
}

#[test]
fn files_of_no_format_are_named() {
    let folder = tempfile::tempdir().unwrap();
    for (name, told) in [
        ("model.onnx", "expected a file `.safetensors`, `.pt`, `.pth`, `.bin` or `.bpk`"),
        ("short.safetensors", "expected a safetensors file, found one of less than 8 bytes"),
        ("wrong.safetensors", "SafeTensors error"),
        ("wrong.bpk", "state dict: "),
        #[cfg(feature = "pytorch")]
        ("wrong.pt", "PyTorch reader error"),
    ] {
        let path = folder.path().join(name);
        let text = if name.starts_with("short") { "no" } else { "this is the text of another file" };
        std::fs::write(&path, text).unwrap();
        let message = load_file(&mut Model::new(3), &path).unwrap_err().to_string();
        assert!(message.starts_with(&path.display().to_string()) && message.contains(told), "{message}");
    }
}
