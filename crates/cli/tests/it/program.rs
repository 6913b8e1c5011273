//! A folder with a config in it, and the program run there.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use serde_json::Value;
use tempfile::TempDir;

/// Two variants of two seeds, a second each at most.
pub(crate) const SMALL: &str = r#"
name = "small"
question = "Does the program work?"
[data]
source = "digits"
[model]
channels = [4]
[train]
epochs = 1
batch_size = 256
optimizer = { sgd = { learning_rate = 0.05 } }
[vary]
"model.bias" = ["none", "tied"]
seeds = 2
[compare]
baseline = { "model.bias" = "none" }
margin = 0.01
"#;

pub(crate) struct Bench {
    folder: TempDir,
}

impl Bench {
    /// With `study.toml`, a small study.
    pub(crate) fn new() -> Self {
        let bench = Self::empty();
        bench.write("study.toml", SMALL);
        bench
    }

    pub(crate) fn empty() -> Self {
        Self { folder: tempfile::tempdir().unwrap() }
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub(crate) fn write(&self, name: &str, content: impl AsRef<[u8]>) {
        let path = self.path(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, content).unwrap();
    }

    pub(crate) fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_untied"));
        command.args(arguments).current_dir(self.folder.path()).stdin(Stdio::null());
        // What would change how anything is printed.
        for name in ["RUST_BACKTRACE", "CLICOLOR_FORCE", "COLUMNS"] {
            command.env_remove(name);
        }
        command
    }

    pub(crate) fn run(&self, arguments: &[&str]) -> Ended {
        Ended::new(&self.command(arguments).output().unwrap())
    }

    /// Runs the arguments, separated by spaces, and expects an exit code.
    pub(crate) fn expect(&self, code: i32, arguments: &str) -> Ended {
        let ended = self.run(&arguments.split(' ').collect::<Vec<_>>());
        assert_eq!(ended.code, Some(code), "untied {arguments}\n{}\n{}", ended.stdout, ended.stderr);
        ended
    }

    pub(crate) fn json(&self, name: &str) -> Value {
        serde_json::from_str(&fs::read_to_string(self.path(name)).unwrap()).unwrap()
    }

    /// The folders of a study's cells, in alphabetical order.
    pub(crate) fn cells(&self, out: &str) -> Vec<PathBuf> {
        let entries = fs::read_dir(self.path(out).join("cells")).unwrap().map(|entry| entry.unwrap().path());
        let mut cells: Vec<_> = entries.filter(|path| path.is_dir()).collect();
        cells.sort();
        cells
    }
}

/// What a run of the program left.
pub(crate) struct Ended {
    pub(crate) code: Option<i32>,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

impl Ended {
    pub(crate) fn new(output: &Output) -> Self {
        let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).unwrap();
        Self { code: output.status.code(), stdout: text(&output.stdout), stderr: text(&output.stderr) }
    }

    pub(crate) fn last_line(&self) -> &str {
        self.stdout.lines().last().unwrap_or_default()
    }
}

/// Every file below a folder with its content, in alphabetical order.
pub(crate) fn tree(folder: &Path) -> Vec<(PathBuf, Vec<u8>)> {
    let mut files = Vec::new();
    let Ok(entries) = fs::read_dir(folder) else { return files };
    for path in entries.map(|entry| entry.unwrap().path()) {
        if path.is_dir() {
            files.extend(tree(&path));
        } else {
            files.push((path.clone(), fs::read(&path).unwrap()));
        }
    }
    files.sort();
    files
}

/// Results without what depends on the clock.
pub(crate) fn timeless(mut results: Value) -> Value {
    results.as_object_mut().unwrap().remove("sha256").expect("a seal, over the times too");
    for cell in results["cells"].as_array_mut().unwrap() {
        cell["train_seconds"] = 0.0.into();
        cell["images_per_second"] = 0.0.into();
    }
    results
}
