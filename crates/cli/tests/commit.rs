//! The commit that results carry: `build.rs` in a workspace of one crate, built again and again by cargo.
#![cfg(unix)]

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Command;

use tempfile::TempDir;

const WORKSPACE: &str = "[workspace]\nmembers = [\"crates/cli\"]\nresolver = \"3\"\n";
const PACKAGE: &str = "[package]\nname = \"asked\"\nedition = \"2024\"\n";
const PROGRAM: &str = "fn main() { println!(\"{}\", option_env!(\"UNTIED_COMMIT\").unwrap_or(\"none\")); }\n";

struct Workspace(TempDir);

impl Workspace {
    fn new() -> Self {
        let workspace = Self(tempfile::tempdir().unwrap());
        workspace.write("Cargo.toml", WORKSPACE);
        workspace.write("README.md", "A workspace.\n");
        workspace.write(".gitignore", "/target\n/Cargo.lock\n");
        workspace.write("crates/cli/Cargo.toml", PACKAGE);
        workspace.write("crates/cli/build.rs", include_str!("../build.rs"));
        workspace.write("crates/cli/src/main.rs", PROGRAM);
        workspace
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    fn write(&self, name: &str, content: &str) {
        let path = self.path(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, content).unwrap();
    }

    fn git(&self, arguments: &[&str]) -> String {
        let identity = ["-c", "user.name=Nobody", "-c", "user.email=nobody@example.org", "-c", "commit.gpgsign=false"];
        let output =
            Command::new("git").args(identity).args(arguments).current_dir(self.0.path()).output().expect("git");
        assert!(output.status.success(), "git {arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).unwrap().trim().to_owned()
    }

    fn commit_all(&self) -> String {
        self.git(&["add", "-A"]);
        self.git(&["commit", "-q", "-m", "Change it"]);
        self.git(&["rev-parse", "HEAD"])
    }

    /// What the program says after a build with this folder before all others that programs are looked for in.
    fn built_with(&self, first: Option<&Path>) -> String {
        let path = std::env::var_os("PATH").unwrap_or_default();
        let folders = first.map(Path::to_owned).into_iter().chain(std::env::split_paths(&path));
        let output = Command::new(env!("CARGO"))
            .args(["run", "--quiet", "--offline"])
            .current_dir(self.0.path())
            .env("PATH", std::env::join_paths(folders).unwrap())
            .env("CARGO_TARGET_DIR", self.path("target"))
            // That of the program under test.
            .env_remove("UNTIED_COMMIT")
            .output()
            .expect("cargo");
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).unwrap().trim().to_owned()
    }

    fn built(&self) -> String {
        self.built_with(None)
    }
}

#[test]
fn a_build_knows_its_commit_and_whether_its_sources_are_those() {
    let workspace = Workspace::new();
    workspace.git(&["init", "-q"]);
    let first = workspace.commit_all();
    assert_eq!(workspace.built(), first);

    workspace.write("README.md", "Nothing that is compiled.\n");
    assert_eq!(workspace.built(), first);
    workspace.write("crates/cli/src/main.rs", &format!("// Changed.\n{PROGRAM}"));
    assert_eq!(workspace.built(), format!("{first}-dirty"));
    let second = workspace.commit_all();
    assert_eq!(workspace.built(), second);

    // Git knows nothing of it, but it is compiled.
    workspace.write("crates/cli/src/new.rs", "");
    assert_eq!(workspace.built(), format!("{second}-dirty"));
    fs::remove_file(workspace.path("crates/cli/src/new.rs")).unwrap();
    assert_eq!(workspace.built(), second);
    workspace.write("crates/cli/Cargo.toml", &format!("{PACKAGE}version = \"0.1.0\"\n"));
    assert_eq!(workspace.built(), format!("{second}-dirty"));
    workspace.git(&["checkout", "-q", "crates/cli/Cargo.toml"]);
    assert_eq!(workspace.built(), second);

    workspace.git(&["config", "core.logAllRefUpdates", "false"]);
    fs::remove_file(workspace.path(".git/logs/HEAD")).unwrap();
    workspace.write("crates/cli/src/main.rs", PROGRAM);
    assert_eq!(workspace.built(), format!("{second}-dirty"));
    let third = workspace.commit_all();
    assert_eq!(workspace.built(), third);
}

/// Git that is missing, or that does not trust the folder, at the first build only.
#[test]
fn a_commit_that_git_did_not_tell_is_asked_for_again() {
    let workspace = Workspace::new();
    workspace.git(&["init", "-q"]);
    let commit = workspace.commit_all();
    let silent = workspace.path("target/silent/git");
    workspace.write("target/silent/git", "#!/bin/sh\nexit 128\n");
    fs::set_permissions(&silent, fs::Permissions::from_mode(0o755)).unwrap();
    assert_eq!(workspace.built_with(silent.parent()), "none");
    assert_eq!(workspace.built(), commit);
}

/// A source archive that becomes a repository: the next change of a source makes the build ask.
#[test]
fn sources_outside_a_repository_have_no_commit_until_they_have_one() {
    let workspace = Workspace::new();
    assert_eq!(workspace.built(), "none");
    workspace.git(&["init", "-q"]);
    let commit = workspace.commit_all();
    workspace.write("crates/cli/src/main.rs", &format!("// Changed.\n{PROGRAM}"));
    assert_eq!(workspace.built(), format!("{commit}-dirty"));
}

/// As a dependency's source lies in the repository of whoever depends on it.
#[test]
fn somebody_elses_commit_is_not_ours() {
    let workspace = Workspace::new();
    let outer = tempfile::tempdir().unwrap();
    let inner = outer.path().join("vendored");
    fs::rename(workspace.path("crates"), outer.path().join("crates")).unwrap();
    fs::create_dir(&inner).unwrap();
    fs::rename(outer.path().join("crates"), inner.join("crates")).unwrap();
    fs::copy(workspace.path("Cargo.toml"), inner.join("Cargo.toml")).unwrap();
    let vendored = Workspace(outer);
    vendored.git(&["init", "-q"]);
    vendored.commit_all();
    let output = Command::new(env!("CARGO"))
        .args(["run", "--quiet", "--offline", "--manifest-path", "vendored/Cargo.toml"])
        .current_dir(vendored.0.path())
        .env("CARGO_TARGET_DIR", vendored.path("target"))
        .env_remove("UNTIED_COMMIT")
        .output()
        .expect("cargo");
    assert_eq!(String::from_utf8_lossy(&output.stdout).trim(), "none", "{}", String::from_utf8_lossy(&output.stderr));
}
