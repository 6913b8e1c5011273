//! Finds the git commit that the program is built from.

use std::path::Path;
use std::process::Command;

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    // A crate taken from a registry may lie in somebody else's repository.
    let Some(root) = git(&["rev-parse", "--show-toplevel"]).filter(|root| is_workspace(root)) else { return };
    for file in ["HEAD", "logs/HEAD"] {
        if let Some(path) = git(&["rev-parse", "--git-path", file]).filter(|path| Path::new(path).exists()) {
            println!("cargo::rerun-if-changed={path}");
        }
    }
    println!("cargo::rerun-if-changed={root}/Cargo.lock");
    for entry in std::fs::read_dir(format!("{root}/crates")).into_iter().flatten().flatten() {
        let sources = entry.path().join("src");
        if sources.is_dir() {
            println!("cargo::rerun-if-changed={}", sources.display());
        }
    }
    let Some(commit) = git(&["rev-parse", "HEAD"]) else { return };
    let sources = ["diff", "--quiet", "HEAD", "--", ":/Cargo.toml", ":/Cargo.lock", ":/crates/*/src"];
    let dirty = if git(&sources).is_none() { "-dirty" } else { "" };
    println!("cargo::rustc-env=UNTIED_COMMIT={commit}{dirty}");
}

fn is_workspace(root: &str) -> bool {
    Path::new(root).join("crates/cli").canonicalize().ok() == Path::new(env!("CARGO_MANIFEST_DIR")).canonicalize().ok()
}

/// The output of git; none where it fails.
fn git(arguments: &[&str]) -> Option<String> {
    let output = Command::new("git").args(arguments).output().ok()?;
    let text = String::from_utf8(output.stdout).ok()?;
    output.status.success().then(|| text.trim().to_owned())
}
