//! The program's own files with some bytes changed: each is read, or refused in one line, and nothing panics.
//!
//! A few of each kind here; `UNTIED_MUTANTS=10000` takes an hour, and `UNTIED_MUTANT_SEED` draws others.
#![expect(clippy::print_stdout, reason = "how many were read, shown where a test fails or output is asked for")]

use std::error::Error;
use std::fs;
use std::path::PathBuf;
use std::time::Duration;

use sha2::{Digest, Sha256};
use untied_report::{Failures, assemble, render};
use untied_study::{CellConfig, Results, Study, StudyFolder};
use untied_trainer::{Checkpoints, TrainedModel, fold, resume, strip};

use super::mutate::{Random, count, mutated, peak_memory};
use crate::program::{Bench, SMALL};

/// Files whose checksum notices every change.
const SEALED: [&str; 4] = ["checkpoint", "result.json", "results.json", "model.safetensors"];

/// A study with a bit of everything in its results, trained.
struct Trained {
    bench: Bench,
    study: Study,
    folder: StudyFolder,
    random: Random,
}

impl Trained {
    fn new(stream: u64) -> Self {
        let bench = Bench::empty();
        let text = SMALL
            .replace("[train]", "[train]\nsave_model = true")
            .replace("[model]", "[model]\nnorm = \"batch\"")
            .replace("[vary]", "[measure]\njacobian = true\ntranslate = [1]\nbias_maps = true\n[vary]");
        bench.write("study.toml", text);
        bench.expect(0, "run study.toml --out out -q");
        let folder = StudyFolder::new(bench.path("out"));
        let study = Study::load(&folder.config(), &[]).unwrap();
        Self { bench, study, folder, random: Random::new(stream) }
    }

    /// Spoils a file again and again, under a right checksum where `seal` gives it one, and reads it.
    fn attack<T>(
        &mut self,
        kind: &str,
        path: &PathBuf,
        cases: usize,
        seal: impl Fn(Vec<u8>) -> Vec<u8>,
        mut read: impl FnMut(&Study, &StudyFolder) -> Result<T, Box<dyn Error>>,
    ) {
        let whole = fs::read(path).unwrap();
        let _ = read(&self.study, &self.folder).unwrap_or_else(|error| panic!("{kind}: {error}"));
        let mut good = 0;
        for case in 0..cases {
            let spoilt = seal(mutated(&whole, &mut self.random));
            fs::write(path, &spoilt).unwrap();
            match read(&self.study, &self.folder) {
                Ok(_) => {
                    good += 1;
                    assert!(
                        spoilt == whole || !SEALED.contains(&kind),
                        "{kind}, case {case}: its change is not noticed"
                    );
                }
                Err(error) => {
                    let said = error.to_string();
                    let lines = said.lines().count();
                    let is_config = kind == "config.toml";
                    assert!(lines == 1 || is_config && lines < 5, "{kind}, case {case}: {said:?}");
                    assert!(said.len() < 4000, "{kind}, case {case}: {said:?}");
                }
            }
        }
        fs::write(path, whole).unwrap();
        println!("{kind}: {good} of {cases} read");
        assert!(good < cases, "{kind}: nothing was refused");
    }
}

fn as_it_is(bytes: Vec<u8>) -> Vec<u8> {
    bytes
}

/// With the checksum of all that follows the second line in that line.
fn sealed(bytes: Vec<u8>) -> Vec<u8> {
    let ends: Vec<usize> =
        bytes.iter().enumerate().filter(|(_, byte)| **byte == b'\n').map(|(at, _)| at + 1).take(2).collect();
    let [_, second] = ends[..] else { return bytes };
    let rest = &bytes[second..];
    [format!("{{\n  \"sha256\": \"{}\",\n", digits(rest)).as_bytes(), rest].concat()
}

fn digits(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().fold(String::new(), |digits, byte| digits + &format!("{byte:02x}"))
}

/// A model without a checksum, as older versions wrote them.
fn without_checksum(model: &[u8]) -> Vec<u8> {
    let header = u64::from_le_bytes(*model.first_chunk().unwrap()) as usize;
    let mut json: serde_json::Value = serde_json::from_slice(&model[8..8 + header]).unwrap();
    json["__metadata__"].as_object_mut().unwrap().remove("sha256").expect("a checksum");
    let json = json.to_string();
    [&(json.len() as u64).to_le_bytes()[..], json.as_bytes(), &model[8 + header..]].concat()
}

/// What a report is made of, whatever the numbers are.
fn report(study: &Study, results: &Results) {
    let report = render(results, study.compare.as_ref());
    assert!(!format!("{report:?}").is_empty());
}

#[test]
fn spoilt_configs_and_results_are_read_or_refused_in_one_line() {
    let mut trained = Trained::new(4);
    let cell = trained.study.cells[2].clone();
    let cases = count(60);
    let [config, cell_json, result, results] = [
        trained.folder.config(),
        trained.folder.cell_json(&cell),
        trained.folder.result(&cell),
        trained.folder.results(),
    ];
    trained.attack("config.toml", &config, cases, as_it_is, |_, folder| Ok(Study::load(&folder.config(), &[])?));
    trained.attack("cell.json", &cell_json, cases, as_it_is, |_, folder| Ok(folder.read_cell(&cell.id)?));
    trained.attack("result.json", &result, cases, as_it_is, |_, folder| Ok(folder.read_result(&cell)?));
    let mut turn = 0;
    trained.attack("result.json with a right checksum", &result, cases, sealed, |study, folder| {
        folder.read_result(&cell)?;
        turn += 1;
        if turn % 8 == 1 {
            report(study, &assemble(study, folder, None, &Failures::new()));
        }
        Ok(())
    });
    trained.attack("results.json", &results, cases, as_it_is, |_, folder| Ok(folder.read_results()?));
    turn = 0;
    trained.attack("results.json with a right checksum", &results, cases, sealed, |study, folder| {
        let results = folder.read_results_by_id()?.ok_or("none")?;
        turn += 1;
        if turn % 8 == 1 {
            report(study, &results);
            fs::rename(folder.cells(), folder.root().join("aside"))?;
            let again = assemble(study, folder, Some(&results), &Failures::new());
            fs::rename(folder.root().join("aside"), folder.cells())?;
            report(study, &again);
        }
        Ok(())
    });
    assert_memory();
}

/// Of the whole process, the tests beside this one included.
fn assert_memory() {
    if let Some(peak) = peak_memory() {
        assert!(peak < 3 << 29, "{peak} bytes at the most");
    }
}

/// The state of a cell after its third step, by a program of some commit.
fn state(config: &CellConfig, commit: Option<&str>) -> Vec<u8> {
    let mut states = Vec::new();
    let mut keep = |state: &[u8]| {
        states.push(state.to_vec());
        Ok(())
    };
    let checkpoints = Checkpoints { last: None, commit, every: Duration::ZERO, keep: &mut keep };
    resume(config, checkpoints, &mut |_| {}).unwrap();
    states.swap_remove(2)
}

#[test]
fn spoilt_checkpoints_and_models_are_read_or_refused_in_one_line() {
    let mut trained = Trained::new(5);
    let cell = trained.study.cells[2].clone();
    let state = state(&cell.config, None);
    trained.folder.write_checkpoint(&cell, &state).unwrap();
    let checkpoint = trained.folder.checkpoint(&cell);
    let cases = count(60);
    trained.attack("checkpoint", &checkpoint, cases, as_it_is, |_, folder| Ok(folder.read_checkpoint(&cell)?));
    // Whatever a state holds, the run goes on from it or starts again.
    for _ in 0..cases.div_ceil(10) {
        let last = Some(mutated(&state, &mut trained.random));
        let checkpoints = Checkpoints { last, commit: None, every: Duration::MAX, keep: &mut |_| Ok(()) };
        resume(&cell.config, checkpoints, &mut |_| {}).unwrap();
    }

    let model = trained.folder.model(&cell);
    let load = |_: &Study, folder: &StudyFolder| Ok(TrainedModel::load(&folder.model(&cell))?);
    trained.attack("model.safetensors", &model, cases, as_it_is, load);
    let bare = without_checksum(&fs::read(&model).unwrap());
    fs::write(&model, bare).unwrap();
    let mut turn = 0;
    trained.attack("model.safetensors without a checksum", &model, cases, as_it_is, |_, folder| {
        let model = TrainedModel::load(&folder.model(&cell))?;
        turn += 1;
        if turn % 8 == 1 {
            strip(&model)?;
            fold(&model)?;
        }
        Ok(())
    });
    assert_memory();
}

/// Read by the program alone: the events of a cell that goes on, and the jobs that were submitted.
#[test]
#[cfg(unix)]
fn spoilt_events_and_jobs_end_well() {
    use std::os::unix::fs::PermissionsExt;

    let mut trained = Trained::new(6);
    let cell = trained.study.cells[2].clone();
    let results = trained.bench.json("out/results.json");
    let state = state(&cell.config, results["provenance"][0]["commit"].as_str());
    let (events, jobs) = (trained.folder.events(&cell), trained.bench.path("out/slurm/jobs"));
    let whole_events = fs::read(&events).unwrap();
    let whole_jobs: Vec<String> = (0..9).map(|job| format!("{} {} 1\n", 4000 + job, 100 * job)).collect();
    let bin = trained.bench.path("bin");
    for (name, script) in [("squeue", "#!/bin/sh\necho 4000_0\n"), ("scontrol", "#!/bin/sh\nexit 1\n")] {
        trained.bench.write(&format!("bin/{name}"), script);
        fs::set_permissions(bin.join(name), fs::Permissions::from_mode(0o755)).unwrap();
    }
    let path = format!("{}:{}", bin.display(), std::env::var("PATH").unwrap());
    for case in 0..count(240).div_ceil(20) {
        let _ = fs::remove_file(trained.folder.result(&cell));
        trained.folder.write_checkpoint(&cell, &state).unwrap();
        fs::write(&events, mutated(&whole_events, &mut trained.random)).unwrap();
        let ended = trained.bench.expect(0, "cell study.toml --index 2 --out out --threads 1");
        assert!(ended.stderr.contains("goes on"), "{case}: {}", ended.stderr);
        let lines = fs::read_to_string(&events).map(|text| text.lines().count());
        assert!(lines.is_err() || lines.is_ok_and(|lines| lines > 0), "{case}");

        let _ = fs::remove_file(trained.folder.result(&cell));
        fs::create_dir_all(jobs.parent().unwrap()).unwrap();
        fs::write(&jobs, mutated(whole_jobs.concat().as_bytes(), &mut trained.random)).unwrap();
        let slurm = ["slurm", "study.toml", "--out", "out"];
        let output = trained.bench.command(&slurm).env("PATH", &path).output().unwrap();
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(matches!(output.status.code(), Some(0 | 2)) && !said.contains("panicked"), "{case}: {said}");
    }
}
