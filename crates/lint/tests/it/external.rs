//! Tensors that a model keeps in another file beside it.

use std::path::{Path, PathBuf};

use untied_lint::{InputShapes, Model, lint, strip};

use crate::{fixture, model};

/// A copy of the fixture, whose files can be spoilt.
fn copy() -> (tempfile::TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    for name in ["plain.onnx", "plain.data"] {
        let from = fixture("").parent().unwrap().join("external").join(name);
        std::fs::copy(from, folder.path().join(name)).unwrap();
    }
    let path = folder.path().join("plain.onnx");
    (folder, path)
}

fn refused(path: &Path) -> String {
    let said = Model::read(path).expect_err("refused").to_string();
    assert!(!said.contains('\n'), "{said}");
    said
}

#[test]
fn external_tensors_are_read_and_written_into_the_model() {
    let (folder, path) = copy();
    let outside = Model::read(&path).unwrap();
    assert_eq!(lint(&outside, &InputShapes::new()).unwrap(), lint(&model("plain"), &InputShapes::new()).unwrap());
    let stripped = strip(&outside, &InputShapes::new()).unwrap();
    let out = folder.path().join("stripped.onnx");
    std::fs::write(&out, stripped.to_bytes()).unwrap();
    std::fs::remove_file(folder.path().join("plain.data")).unwrap();
    let left = lint(&Model::read(&out).unwrap(), &InputShapes::new()).unwrap();
    assert!(left.biases.iter().all(|of| of.name != "body.conv1.bias"), "{left:?}");
}

/// Each would be waited for, or read, for ever.
#[test]
#[cfg(unix)]
fn pipes_devices_and_files_too_long_are_no_models() {
    for external in [false, true] {
        let (folder, path) = copy();
        let place = if external { folder.path().join("plain.data") } else { path.clone() };
        std::fs::remove_file(&place).unwrap();
        std::os::unix::fs::symlink("/dev/zero", &place).unwrap();
        assert!(refused(&path).ends_with("it is no regular file"), "{}", refused(&path));
        std::fs::remove_file(&place).unwrap();
        assert!(std::process::Command::new("mkfifo").arg(&place).status().unwrap().success());
        assert!(refused(&path).ends_with("it is no regular file"), "{}", refused(&path));
    }
    let (_folder, path) = copy();
    std::fs::OpenOptions::new().write(true).open(&path).unwrap().set_len(1 << 40).unwrap();
    let said = refused(&path);
    assert!(said.ends_with("found 1099511627776 bytes, more than the 2147483648 that one can have"), "{said}");
}

#[test]
fn missing_and_short_files_are_named() {
    let (folder, path) = copy();
    let data = folder.path().join("plain.data");
    let bytes = std::fs::read(&data).unwrap();
    std::fs::write(&data, &bytes[..40]).unwrap();
    let said = refused(&path);
    assert!(said.contains("expected bytes that") && said.contains("plain.data has, found"), "{said}");
    std::fs::remove_file(&data).unwrap();
    let said = refused(&path);
    assert!(said.contains("plain.data: No such file"), "{said}");
}

#[test]
fn files_outside_the_models_folder_are_not_read() {
    let (_folder, path) = copy();
    let mut spoilt = std::fs::read(&path).unwrap();
    // A name of equal length, so that the lengths in the file still hold.
    let at = |bytes: &[u8]| bytes.windows(10).position(|part| part == b"plain.data");
    while let Some(start) = at(&spoilt) {
        spoilt[start..start + 10].copy_from_slice(b"../x/y.bin");
    }
    std::fs::write(&path, spoilt).unwrap();
    let said = refused(&path);
    assert!(said.ends_with("expected external data in the model's folder or below it, found ../x/y.bin"), "{said}");
}
