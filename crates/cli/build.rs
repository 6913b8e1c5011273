//! Finds the git commit that the program is built from, with `-dirty` behind it where the sources are not those of the
//! commit: changed, or not known to git.

use std::env;
use std::path::{Path, PathBuf};
use std::process::Command;

/// What the program is made of: files of the workspace, and files and folders of each crate.
const OF_WORKSPACE: [&str; 3] = ["Cargo.toml", "Cargo.lock", "rust-toolchain.toml"];
const OF_CRATE: [&str; 4] = ["Cargo.toml", "build.rs", "src", "data"];

fn main() {
    let package = PathBuf::from(env::var_os("CARGO_MANIFEST_DIR").expect("cargo sets it"));
    println!("cargo::rerun-if-changed=build.rs");
    // A crate taken from a registry may lie in somebody else's repository.
    let Some(root) = package.ancestors().nth(2).filter(|root| root.join("crates/cli/build.rs").exists()) else {
        return;
    };
    let sources = sources(root);
    for source in &sources {
        println!("cargo::rerun-if-changed={}", root.join(source).display());
    }
    match commit(root, &sources) {
        Some(commit) => {
            watch_git();
            println!("cargo::rustc-env=UNTIED_COMMIT={commit}");
        }
        // Git is not installed, or does not trust the folder's owner. What is missing has always changed: the next build asks
        // again.
        None if root.join(".git").exists() => {
            println!("cargo::rerun-if-changed={}", root.join(".git/until-git-answers").display());
        }
        None => {}
    }
}

/// What there is of the program's sources, relative to the root.
fn sources(root: &Path) -> Vec<PathBuf> {
    let crates = std::fs::read_dir(root.join("crates")).into_iter().flatten().flatten();
    let mut crates: Vec<PathBuf> = crates.map(|entry| Path::new("crates").join(entry.file_name())).collect();
    crates.sort();
    let of_crates = crates.iter().flat_map(|folder| OF_CRATE.map(|name| folder.join(name)));
    OF_WORKSPACE.iter().map(PathBuf::from).chain(of_crates).filter(|path| root.join(path).exists()).collect()
}

/// The commit of the repository whose root this is.
fn commit(root: &Path, sources: &[PathBuf]) -> Option<String> {
    let top = PathBuf::from(git(&["rev-parse", "--show-toplevel"])?);
    if top.canonicalize().ok()? != root.canonicalize().ok()? {
        return None;
    }
    let commit = git(&["rev-parse", "HEAD"])?;
    let paths = sources.iter().map(|path| format!(":(top,literal){}", path.display()));
    let changes = ["--no-optional-locks", "status", "--porcelain", "--untracked-files=all", "--"].map(str::to_owned);
    let changes: Vec<String> = changes.into_iter().chain(paths).collect();
    let is_clean = git(&changes).is_some_and(|changes| changes.is_empty());
    Some(if is_clean { commit } else { format!("{commit}-dirty") })
}

/// Another commit shows in the log of HEAD, or, where no log is kept, in HEAD or the branch that it names.
fn watch_git() {
    let branch = git(&["symbolic-ref", "-q", "HEAD"]);
    for file in ["HEAD", "logs/HEAD", "packed-refs"].into_iter().chain(branch.as_deref()) {
        if let Some(path) = git(&["rev-parse", "--git-path", file]).filter(|path| Path::new(path).exists()) {
            println!("cargo::rerun-if-changed={path}");
        }
    }
}

/// The output of git in the package's folder; none where it fails.
fn git(arguments: &[impl AsRef<std::ffi::OsStr>]) -> Option<String> {
    let output = Command::new("git").args(arguments).output().ok()?;
    let text = String::from_utf8(output.stdout).ok()?;
    output.status.success().then(|| text.trim().to_owned())
}
