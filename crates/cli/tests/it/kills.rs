//! The program is killed at random moments, and ends as if it had not been.
//!
//! A few kills here; `UNTIED_KILLS=200` for each kind of study takes an hour.
#![cfg(target_os = "linux")]
#![expect(clippy::print_stdout, reason = "the seed, shown where a test fails")]

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Command, Stdio};
use std::thread::sleep;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use serde_json::Value;

use crate::processes::{children, signal};
use crate::program::{Bench, Ended, timeless, tree};

const STUDY: &str = r#"
name = "killed"
question = "Does it end alike?"
[data]
source = "digits"
[model]
channels = [4]
[train]
epochs = 10
batch_size = 64
optimizer = { sgd = { learning_rate = 0.05, momentum = 0.9 } }
[vary]
"model.bias" = ["none", "untied"]
seeds = 2
[compare]
baseline = { "model.bias" = "none" }
margin = 0.01
"#;

/// Xorshift, by Marsaglia.
struct Random(u64);

impl Random {
    /// By the clock, or as `UNTIED_KILL_SEED` has it.
    fn new() -> Self {
        let clock = || SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_nanos() as u64;
        let given = std::env::var("UNTIED_KILL_SEED").ok().map(|seed| seed.parse().expect("UNTIED_KILL_SEED"));
        let seed = given.unwrap_or_else(clock) | 1;
        println!("UNTIED_KILL_SEED={seed}");
        Self(seed)
    }

    fn below(&mut self, bound: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0 % bound
    }
}

/// Kinds of study, as changes of the plain one.
const KINDS: [(&str, &[[&str; 2]]); 6] = [
    (
        "Adam in f64",
        &[
            ["sgd = { learning_rate = 0.05, momentum = 0.9 }", "adam = { learning_rate = 0.003 }"],
            ["[train]", "[train]\ndtype = \"f64\""],
        ],
    ),
    ("kept models", &[["[train]", "norm = \"batch\"\n[train]\nsave_model = true"]]),
    (
        "measurements",
        &[["[train]", "norm = \"batch\"\n[measure]\njacobian = true\ntranslate = [1]\nbias_maps = true\n[train]"]],
    ),
    (
        "augmentation",
        &[["source = \"digits\"", "source = \"digits\"\naugment = { flip = \"both\", crop = 1, mixup = 0.2 }"]],
    ),
    (
        "a best epoch",
        &[
            ["source = \"digits\"", "source = \"digits\"\nvalidation = 0.2"],
            ["[train]", "[train]\nbest_epoch = \"validation_loss\""],
        ],
    ),
    ("divergence", &[["learning_rate = 0.05", "learning_rate = 1e5"]]),
];

/// How many kills: as few as usual, or `UNTIED_KILLS`.
fn count(usual: usize) -> usize {
    std::env::var("UNTIED_KILLS").ok().map_or(usual, |count| count.parse().expect("UNTIED_KILLS"))
}

#[test]
fn twenty_kills_change_no_result() {
    kills_change_no_result(STUDY, count(20));
}

#[test]
fn kills_change_no_result_of_any_kind_of_study() {
    for (kind, changes) in KINDS {
        println!("{kind}:");
        let study = changes.iter().fold(STUDY.to_owned(), |study, [from, to]| {
            assert!(study.contains(from), "{kind}: {from}");
            study.replacen(from, to, 1)
        });
        kills_change_no_result(&study, count(2));
    }
}

#[test]
fn ten_kills_change_no_look() {
    let looks = "seeds = { first = 2, step = 1, most = 4 }";
    let study = STUDY.replace("seeds = 2", looks).replace("margin = 0.01", "margin = 0.05");
    assert!(study.contains(looks) && study.contains("0.05\n"));
    kills_change_no_result(&study, count(10));
}

fn kills_change_no_result(study: &str, most: usize) {
    let bench = Bench::new();
    bench.write("study.toml", study);
    bench.expect(0, "run study.toml --out undisturbed --jobs 2 --threads 1 -q");
    let expected = without_timing(&bench, "undisturbed");
    let mut random = Random::new();
    let (mut kills, mut workers, mut rounds, mut goes_on) = (0, 0, 0, 0);
    while kills < most {
        rounds += 1;
        let out = format!("round{rounds}");
        loop {
            let moment = (kills < most).then(|| Duration::from_millis(random.below(700)));
            let whom = [Whom::Program, Whom::Worker, Whom::All][random.below(3) as usize];
            let (ended, killed_worker) = life(&bench, &out, moment, whom);
            goes_on += ended.stderr.matches("goes on with epoch").count();
            assert!(!ended.stderr.contains("panicked"), "{}", ended.stderr);
            workers += usize::from(killed_worker);
            kills += usize::from(killed_worker);
            match ended.code {
                None => kills += 1,
                code => {
                    assert_eq!(code, Some(0), "{}", ended.stderr);
                    break;
                }
            }
        }
        let found = without_timing(&bench, &out);
        assert_eq!(found.keys().collect::<Vec<_>>(), expected.keys().collect::<Vec<_>>(), "round {rounds}");
        for (file, content) in &found {
            assert!(*content == expected[file], "round {rounds}: {file}\n{}", String::from_utf8_lossy(content));
        }
    }
    println!(
        "{kills} kills, {workers} of them of a worker, in {rounds} rounds; cells went on from a checkpoint {goes_on} times"
    );
    assert!(goes_on > 0 || most < 10, "no kill hit a cell half run");
}

/// Whom SIGKILL ends.
#[derive(Clone, Copy, PartialEq)]
enum Whom {
    /// The program alone, whose workers end with it.
    Program,
    /// One of its workers, whose cell another one takes over.
    Worker,
    /// All of them at once, as power loss would have it.
    All,
}

/// One start of the program, with a SIGKILL at a moment unless it ends before; and whether that hit a worker alone.
fn life(bench: &Bench, out: &str, moment: Option<Duration>, whom: Whom) -> (Ended, bool) {
    let arguments = ["run", "study.toml", "--out", out, "--jobs", "2", "--threads", "1", "--checkpoint", "0"];
    let mut command = bench.command(&arguments);
    let child = command.process_group(0).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let mut killed_worker = false;
    if let Some(moment) = moment {
        sleep(moment);
        let id = i64::from(child.id());
        // It is there until it was waited for, even if it has ended.
        match whom {
            Whom::Program => signal("-KILL", id),
            Whom::All => signal("-KILL", -id),
            Whom::Worker => killed_worker = children(child.id()).first().is_some_and(|&worker| kill(worker)),
        }
    }
    (Ended::new(&child.wait_with_output().unwrap()), killed_worker)
}

/// Whether a process was still there to be killed.
fn kill(id: i64) -> bool {
    let kill = Command::new("kill").args(["-KILL", &id.to_string()]).stderr(Stdio::null()).status();
    kill.is_ok_and(|status| status.success())
}

/// Every file that a study leaves, with times set to nothing: its cells, and results and reports made of them.
fn without_timing(bench: &Bench, out: &str) -> BTreeMap<String, Vec<u8>> {
    let bare = format!("{out}-bare");
    bench.write(&format!("{bare}/config.toml"), fs::read(bench.path(out).join("config.toml")).unwrap());
    let results = timeless(bench.json(&format!("{out}/results.json")));
    bench.write(&format!("{bare}/results.json"), serde_json::to_string(&results).unwrap());
    bench.expect(0, &format!("report {bare}"));

    let [cells, bare] = [bench.path(out).join("cells"), bench.path(&bare)];
    let named = |root: &Path| -> Vec<_> {
        let files = tree(root).into_iter();
        files.map(|(path, content)| (path.strip_prefix(root).unwrap().to_str().unwrap().to_owned(), content)).collect()
    };
    let mut files: BTreeMap<_, _> = named(&cells).into_iter().chain(named(&bare)).collect();
    files.remove(".lock").expect("the lock");
    for (file, content) in &mut files {
        if file.ends_with("/result.json") {
            *content = timeless_cell(content);
        } else if file.ends_with("/events.jsonl") {
            // That of a cell that went on tells so.
            content.clear();
        }
    }
    files
}

fn timeless_cell(content: &[u8]) -> Vec<u8> {
    let mut result: Value = serde_json::from_slice(content).unwrap();
    for field in ["sha256", "train_seconds", "images_per_second"] {
        assert!(result[field].take() != Value::Null, "{field}");
    }
    serde_json::to_vec(&result).unwrap()
}
