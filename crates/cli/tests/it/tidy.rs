//! The rules that the code base keeps: floors, sizes, no circles, and configs that work.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;

use crate::imports::Imports;
use crate::program::Bench;

/// Non-test lines that a file may have.
const MOST_LINES: usize = 300;

/// Two epochs of the published recipe on images of noise.
#[test]
fn the_config_of_cifar_10_trains() {
    let bench = Bench::new();
    write_made_up_images(&bench);
    let (config, data) = (root().join("configs/resnet20_cifar10.toml"), bench.path("made-up"));
    let set = [
        format!("data.source={{cifar10=\"{}\"}}", data.display()),
        "train.epochs=2".into(),
        "train.schedule={steps={milestones=[1]}}".into(),
        "train.batch_size=10".into(),
        "vary.\"model.bias\"=[\"none\",\"untied\"]".into(),
        "vary.seeds=1".into(),
    ];
    let set = set.join(" --set ");
    let ended = bench.expect(0, &format!("run {} --out out --set {set}", config.display()));
    assert!(ended.last_line().contains("2 finished"), "{}", ended.last_line());
    // He et al. 2016, table 6: 0.27 million parameters.
    let results = bench.json("out/results.json");
    assert_eq!(results["cells"][0]["parameters"]["total"], 269_722);
}

/// The binary files of CIFAR-10 with 26 images of noise each; all ten labels occur in the training images.
fn write_made_up_images(bench: &Bench) {
    let mut state = 1_u32;
    let mut noise = || {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (state >> 24) as u8
    };
    for (batch, name) in ["data_batch_1", "data_batch_2", "data_batch_3", "data_batch_4", "data_batch_5", "test_batch"]
        .into_iter()
        .enumerate()
    {
        let mut records = Vec::new();
        for image in 0..26 {
            records.push(((26 * batch + image) % 10) as u8);
            records.extend((0..3 * 32 * 32).map(|_| noise()));
        }
        bench.write(&format!("made-up/{name}.bin"), records);
    }
}

/// Configs whose data everybody brings, with the kind of source that the made-up images are.
const BRING_DATA: [(&str, &str); 3] =
    [("resnet20_cifar10", "cifar10"), ("resnet8_cifar10", "cifar10"), ("resnet8_biases", "cifar10")];

/// Files and folders that a folder of sources may have.
const MOST_ENTRIES: usize = 16;

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).ancestors().nth(2).expect("crates/cli").to_owned()
}

/// Configs to try, whose results nobody needs.
const EXAMPLES: [&str; 4] = ["quickstart", "look_by_look", "resnet20_cifar10", "resnet8_cifar10"];

/// Designs that are committed before their study runs. Whoever ships the results takes the name out of this list.
const DESIGNS: [&str; 0] = [];

/// The studies whose results are shipped: all configs but the examples and the designs.
fn shipped() -> Vec<String> {
    let configs = fs::read_dir(root().join("configs")).expect("configs/").map(|entry| entry.unwrap().path());
    let names = configs.map(|path| path.file_stem().unwrap().to_str().unwrap().to_owned());
    names.filter(|name| !EXAMPLES.contains(&name.as_str()) && !DESIGNS.contains(&name.as_str())).collect()
}

/// Folder of each crate of the workspace → normal dependencies.
fn dependencies() -> BTreeMap<String, Vec<String>> {
    let output = Command::new(env!("CARGO"))
        .args(["metadata", "--no-deps", "--offline", "--format-version", "1"])
        .current_dir(root())
        .output()
        .expect("cargo runs");
    let metadata: Value = serde_json::from_slice(&output.stdout).expect("cargo metadata is JSON");
    let names = |package: &Value| -> Vec<String> {
        let normal =
            package["dependencies"].as_array().unwrap().iter().filter(|dependency| dependency["kind"].is_null());
        normal.map(|dependency| dependency["name"].as_str().unwrap().to_owned()).collect()
    };
    let folder = |package: &Value| {
        let manifest = Path::new(package["manifest_path"].as_str().unwrap());
        manifest.parent().unwrap().file_name().unwrap().to_str().unwrap().to_owned()
    };
    metadata["packages"].as_array().unwrap().iter().map(|package| (folder(package), names(package))).collect()
}

/// A crate as the map of `crates/README.md` has it.
struct Entry {
    floor: usize,
    folder: String,
    package: String,
    burn: bool,
}

/// The rows of the map: `| floor | folder | crate | what lives here | Burn |`.
fn map() -> Vec<Entry> {
    let text = fs::read_to_string(root().join("crates/README.md")).expect("the map");
    let entry = |line: &str| {
        let cells: Vec<&str> = line.split('|').map(|cell| cell.trim().trim_matches('`')).collect();
        let [_, floor, folder, package, _, burn, _] = cells[..] else { return None };
        let [folder, package] = [folder, package].map(str::to_owned);
        Some(Entry { floor: floor.parse().ok()?, folder, package, burn: burn != "no" })
    };
    text.lines().filter_map(entry).collect()
}

#[test]
fn dependencies_point_down_the_floors() {
    let (map, dependencies) = (map(), dependencies());
    for Entry { floor, folder, burn, .. } in &map {
        for dependency in &dependencies[folder] {
            let below = map.iter().find(|other| other.package == *dependency).is_none_or(|other| other.floor < *floor);
            assert!(below, "{folder} must not depend on {dependency}");
            assert!(*burn || !dependency.starts_with("burn"), "{folder} must not depend on Burn");
        }
    }
}

#[test]
fn every_crate_is_on_the_map_and_has_a_readme() {
    let mut listed: Vec<String> = map().into_iter().map(|entry| entry.folder).collect();
    listed.sort();
    assert_eq!(listed, dependencies().into_keys().collect::<Vec<_>>(), "the map of crates/README.md");
    for folder in listed {
        assert!(root().join("crates").join(&folder).join("README.md").is_file(), "{folder} has no README.md");
    }
}

/// The folder `src` of every crate.
fn sources() -> Vec<PathBuf> {
    dependencies().keys().map(|folder| root().join("crates").join(folder).join("src")).collect()
}

/// Lines without the tests of a file.
fn lines(file: &Path) -> usize {
    let text = fs::read_to_string(file).expect("a source file");
    text.split("#[cfg(test)]").next().unwrap_or_default().lines().count()
}

#[test]
fn files_are_short() {
    let files = sources().iter().flat_map(|source| rust_files(source)).collect::<Vec<_>>();
    let mut sizes: Vec<usize> = files.iter().map(|file| lines(file)).collect();
    for (file, lines) in files.iter().zip(&sizes) {
        assert!(*lines <= MOST_LINES, "{} has {lines} lines: is it one concept?", file.display());
    }
    sizes.sort_unstable();
    let (median, tenth) = (sizes[sizes.len() / 2], sizes[sizes.len() * 9 / 10]);
    assert!(median < 130 && tenth < 260, "half of the files have over {median} lines, a tenth over {tenth}");
}

#[test]
fn folders_show_their_parts() {
    let folders = sources().into_iter().flat_map(|source| folders(&source));
    for (folder, entries) in folders {
        assert!(entries <= MOST_ENTRIES, "{} has {entries} entries: which of them belong together?", folder.display());
    }
}

/// A folder and those below it, with their numbers of entries.
fn folders(folder: &Path) -> Vec<(PathBuf, usize)> {
    let entries: Vec<PathBuf> = fs::read_dir(folder).expect("a folder").map(|entry| entry.unwrap().path()).collect();
    let below = entries.iter().filter(|path| path.is_dir()).flat_map(|path| folders(path));
    std::iter::once((folder.to_owned(), entries.len())).chain(below).collect()
}

#[test]
fn no_files_and_no_folders_import_each_other_in_a_circle() {
    for source in sources() {
        let circles = Imports::read(&source, &rust_files(&source)).circles();
        assert!(circles.is_empty(), "{}:\n{}", source.display(), circles.join("\n"));
    }
}

fn rust_files(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).expect("a folder").map(|entry| entry.expect("an entry").path());
    let (folders, files): (Vec<_>, Vec<_>) = entries.partition(|path| path.is_dir());
    let here = files.into_iter().filter(|path| path.extension().is_some_and(|extension| extension == "rs"));
    here.chain(folders.iter().flat_map(|folder| rust_files(folder))).collect()
}

#[test]
fn every_shipped_config_can_be_run() {
    let bench = Bench::new();
    let configs: Vec<_> =
        fs::read_dir(root().join("configs")).expect("configs/").map(|entry| entry.unwrap().path()).collect();
    assert!(configs.len() >= 2);
    for config in configs {
        let name = config.file_stem().unwrap().to_str().unwrap();
        match BRING_DATA.iter().find(|(brings, _)| *brings == name) {
            None => drop(bench.expect(0, &format!("run {} --dry-run", config.display()))),
            Some((_, source)) => {
                write_made_up_images(&bench);
                let set = format!("data.source={{{source}=\"{}\"}}", bench.path("made-up").display());
                bench.expect(0, &format!("run {} --dry-run --set {set}", config.display()));
                bench.expect(0, &format!("explain {} --set {set}", config.display()));
            }
        }
    }
}

#[test]
fn every_study_is_shipped_and_on_the_index() {
    let index = fs::read_to_string(root().join("experiments/README.md")).expect("the index");
    for design in DESIGNS {
        let folder = root().join("experiments").join(design);
        assert!(!folder.exists() && !index.contains(&format!("]({design}/")), "{design} is no design any more");
    }
    for study in shipped() {
        let folder = root().join("experiments").join(&study);
        assert!(folder.join("results.json").is_file(), "{study} has no results");
        assert!(index.contains(&format!("]({study}/report.md)")), "experiments/README.md does not list {study}");
        let plots = index.match_indices(&format!("]({study}/plots/")).count();
        assert_eq!(plots, 1, "experiments/README.md shows {plots} plots of {study}");
    }
}

/// What is shipped is what its config and this program give: the report of the results alone, byte for byte.
#[test]
fn shipped_reports_are_those_of_their_results() {
    for study in shipped() {
        let (folder, copy) = (root().join("experiments").join(&study), tempfile::tempdir().expect("a folder"));
        for file in ["config.toml", "results.json"] {
            fs::copy(folder.join(file), copy.path().join(file)).expect(file);
        }
        let bench = Bench::new();
        bench.expect(0, &format!("report {}", copy.path().display()));
        let mut files: Vec<PathBuf> = ["report.md", "report.html", "results.json"].map(PathBuf::from).into();
        let plots = fs::read_dir(folder.join("plots")).expect("plots");
        files.extend(plots.map(|entry| Path::new("plots").join(entry.unwrap().file_name())));
        for file in files {
            let [shipped, made] =
                [folder.as_path(), copy.path()].map(|at| fs::read(at.join(&file)).unwrap_or_default());
            assert!(shipped == made, "{study}/{}: run `untied report` on it", file.display());
        }
    }
}

/// The resolved config beside the results is that of the shipped config.
#[test]
fn shipped_results_belong_to_their_configs() {
    for study in shipped() {
        let config = root().join("configs").join(format!("{study}.toml"));
        let folder = root().join("experiments").join(&study);
        // Where data of one's own lie is another place on each machine.
        let place = BRING_DATA.iter().find(|(brings, _)| *brings == study);
        let place: Vec<String> = place.map(|_| "data.source.folder='/data/cifar10'".to_owned()).into_iter().collect();
        let [from_config, from_results] = [config, folder.join("config.toml")]
            .map(|path| untied_study::Study::load(&path, &place).unwrap_or_else(|error| panic!("{error}")));
        assert_eq!(from_config, from_results, "{study} was run with another config");
    }
}
