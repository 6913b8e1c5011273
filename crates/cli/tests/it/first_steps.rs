//! What a newcomer types first.

use std::fs;

use serde_json::json;

use crate::program::Bench;

#[test]
fn the_program_alone_says_what_to_do_first() {
    let bench = Bench::empty();
    let ended = bench.run(&[]);
    assert_eq!((ended.code, ended.stderr.as_str()), (Some(0), ""));
    for command in ["untied run quickstart", "untied init --from DIR", "untied lint model.onnx"] {
        assert!(ended.stdout.contains(command), "{}", ended.stdout);
    }
}

#[test]
fn bundled_configs_are_run_by_name_and_files_of_that_name_come_first() {
    let bench = Bench::empty();
    for config in ["quickstart", "quickstart.toml", "configs/quickstart.toml"] {
        let ended = bench.expect(0, &format!("run {config} --dry-run --set vary.seeds=1"));
        assert!(ended.stdout.contains("6 cells"), "{}", ended.stdout);
    }
    bench.write("quickstart", "name = ");
    let ended = bench.expect(2, "run quickstart --dry-run");
    assert!(ended.stderr.contains("quickstart:1:"), "{}", ended.stderr);
    let ended = bench.expect(2, "run quickstrat");
    assert!(
        ended.stderr.contains("quickstrat") && ended.stderr.contains("the bundled `quickstart`?"),
        "{}",
        ended.stderr
    );
    let ended = bench.expect(2, "run");
    assert!(ended.stderr.contains("expected a config") && ended.stderr.contains("quickstart,"), "{}", ended.stderr);
    assert!(!bench.path("experiments").exists());
}

/// On a terminal, which `script` makes.
#[test]
#[cfg(target_os = "linux")]
fn a_terminal_is_offered_the_bundled_configs() {
    use std::io::Write;
    use std::process::{Command, Stdio};

    let bench = Bench::empty();
    let untied = format!("{} run --dry-run --set vary.seeds=1", env!("CARGO_BIN_EXE_untied"));
    let mut script = Command::new("script");
    script.args(["-qec", &untied, "/dev/null"]).current_dir(bench.path("."));
    let mut script = script.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    script.stdin.take().unwrap().write_all(b"nonsense\nquickstart\n").unwrap();
    let output = script.wait_with_output().unwrap();
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(output.status.success(), "{text}");
    assert_eq!(text.matches("which study?").count(), 2, "{text}");
    assert!(text.contains("6 cells"), "{text}");
}

#[test]
fn init_writes_a_config_that_runs() {
    let bench = Bench::empty();
    let ended = bench.expect(0, "init");
    assert!(ended.stdout.ends_with("study.toml\nnext: untied run study.toml\n"), "{}", ended.stdout);
    let text = fs::read_to_string(bench.path("study.toml")).unwrap();
    for line in [
        "name = \"study\"",
        "[model]",
        "channels = [8, 16]",
        "kernel = 3",
        "#head = \"flatten\"",
        "\"model.bias\" = [\"none\", \"tied\", \"untied\"]",
    ] {
        assert!(text.lines().any(|other| other == line), "{line}");
    }
    bench.expect(0, "explain study.toml");
    let ended = bench.expect(2, "init");
    assert!(ended.stderr.contains("study.toml is there already"), "{}", ended.stderr);
    assert_eq!(fs::read_to_string(bench.path("study.toml")).unwrap(), text);
}

#[test]
fn init_refuses_images_that_run_would_refuse() {
    let bench = Bench::empty();
    let one = (0..6).map(|index| format!("one/cat/{index}.pgm"));
    for name in one.chain(["cat", "dog", "eel"].map(|class| format!("few/{class}/a.pgm"))) {
        bench.write(&name, [b"P5\n9 9\n255\n".to_vec(), vec![7; 81]].concat());
    }
    for (folder, found) in [("one", "cat alone"), ("few", "a larger `data.test`")] {
        let ended = bench.expect(2, &format!("init study.toml --from {folder}"));
        assert!(ended.stderr.contains(found) && ended.stderr.lines().count() == 1, "{}", ended.stderr);
        assert!(!bench.path("study.toml").exists());
    }
}

#[test]
fn init_fits_the_images_that_are_found() {
    let bench = Bench::empty();
    for (index, class) in (0..40).zip(["red fox", "owl"].into_iter().cycle()) {
        let side = 8 + index % 3;
        let mut pgm = format!("P5\n{side} {side}\n255\n").into_bytes();
        pgm.extend((0..side * side).map(|pixel| (pixel * (index % 2 + 1)) as u8));
        bench.write(&format!("my animals/{class}/{index}.pgm"), pgm);
    }
    bench.write("my animals/owl/Thumbs.db", "");
    let ended = bench.run(&["init", "configs/animals.toml", "--from", "my animals"]);
    assert_eq!(ended.code, Some(0), "{}", ended.stderr);
    let told =
        "32 images to train on, 8 to test with, drawn from each class alike: 1x32x32, 2 classes; their sizes differ";
    assert!(ended.stdout.contains(told), "{}", ended.stdout);
    assert!(ended.stderr.contains("1 file passed over"), "{}", ended.stderr);
    let note = "note: one of the test images is 0.125 of the accuracy, more than compare.margin = 0.01";
    assert!(ended.stderr.contains(note), "{}", ended.stderr);
    for (words, hint) in [
        (
            ["init", "my animals"],
            "my animals is a folder; for images in it: untied init my_animals.toml --from my animals",
        ),
        (
            ["run", "my animals"],
            "a folder, not a config file; for images in it, `untied init FILE.toml --from my animals` writes",
        ),
    ] {
        let ended = bench.run(&words);
        assert!(ended.code == Some(2) && ended.stderr.contains(hint), "{}", ended.stderr);
    }
    assert!(fs::read_to_string(bench.path("configs/animals.toml")).unwrap().contains("\nbatch_size = 8\n"));
    assert!(fs::read_to_string(bench.path("configs/animals.toml")).unwrap().contains("\nsave_model = true\n"));
    let headers = "# Only the headers of the images have been read.";
    assert!(fs::read_to_string(bench.path("configs/animals.toml")).unwrap().contains(headers));
    let ended = bench.expect(0, "run configs/animals.toml --set train.epochs=1 --set vary.seeds=1");
    assert!(ended.stdout.contains("6 finished"), "{}", ended.stdout);
    assert_eq!(bench.json("experiments/my_animals/results.json")["study"], json!("my_animals"));
    let ended = bench.expect(2, "run experiments/my_animals");
    let config = "; that of its study is experiments/my_animals/config.toml";
    assert!(ended.stderr.contains(config), "{}", ended.stderr);
    let ended = bench.run(&["init", "other.toml", "--from", "nowhere"]);
    assert_eq!(ended.code, Some(2));
    assert!(ended.stderr.contains("nowhere") && !bench.path("other.toml").exists(), "{}", ended.stderr);
}

#[test]
fn compare_sets_two_runs_side_by_side() {
    let bench = Bench::new();
    for (out, set) in [("a", "train.epochs=1"), ("b", "train.epochs=1"), ("c", "train.epochs=2")] {
        bench.expect(0, &format!("run study.toml --out {out} --set {set}"));
    }
    let same = bench.expect(0, "compare a b").stdout;
    assert!(same.contains("all settings are equal"), "{same}");
    assert!(same.contains("4 cells with the same config and seed in both: all with equal metrics"), "{same}");
    let other = bench.expect(0, "compare a c --metric train_loss").stdout;
    assert!(other.contains("no cell has the same config and seed in both"), "{other}");
    let row = |text: &str| {
        other
            .lines()
            .find(|line| line.trim_start().starts_with(text))
            .map(|line| line.split_whitespace().map(str::to_owned).collect::<Vec<_>>())
    };
    assert_eq!(row("train.epochs"), Some(["train.epochs", "1", "2"].map(str::to_owned).to_vec()));
    let tied = row("model.bias=tied").unwrap();
    let (records, mean) =
        (["a", "c"].map(|out| bench.json(&format!("{out}/results.json"))), |results: &serde_json::Value| {
            let cells =
                results["cells"].as_array().unwrap().iter().filter(|cell| cell["factors"]["model.bias"] == "tied");
            cells.map(|cell| cell["metrics"]["train_loss"].as_f64().unwrap()).sum::<f64>() / 2.0
        });
    let [a, c] = [mean(&records[0]), mean(&records[1])];
    assert_eq!(tied[1..4], ["2".to_owned(), format!("{a:.4}"), format!("{c:.4}")]);
    assert_eq!(tied[4], format!("{:+.4}", c - a).replace('-', "−"));
    assert!(bench.expect(2, "compare a nowhere").stderr.contains("nowhere"));
}

#[test]
fn doctor_tells_what_is_there() {
    let bench = Bench::empty();
    let text = bench.expect(0, "doctor").stdout;
    for word in ["flex", "compiled in", "registers", "cores", "image cache", "digits"] {
        assert!(text.contains(word), "{text}");
    }
    let mut command = bench.command(&["doctor"]);
    let output = command.env("UNTIED_SIMD", "sse").output().unwrap();
    assert_eq!(output.status.code(), Some(2));
    let error = String::from_utf8_lossy(&output.stderr);
    assert_eq!(error, "error: UNTIED_SIMD: expected scalar, neon, avx2, avx512, got `sse`\n");
}

#[test]
fn shells_and_man_know_every_verb() {
    let bench = Bench::empty();
    for shell in ["bash", "zsh", "fish", "elvish", "powershell"] {
        let script = bench.expect(0, &format!("completions {shell}")).stdout;
        assert!(["run", "explain", "lint"].iter().all(|verb| script.contains(verb)), "{shell}");
    }
    assert!(bench.expect(0, "man").stdout.contains(".TH untied 1"));
    bench.expect(0, "man --out pages");
    for page in ["untied.1", "untied-run.1", "untied-lint.1"] {
        assert!(bench.path("pages").join(page).is_file(), "{page}");
    }
    assert!(!bench.path("pages/untied-worker.1").exists(), "the worker is no verb of a user");
}

/// The report is there, and where it lies is said; that no browser shows it is no failure.
#[test]
#[cfg(target_os = "linux")]
fn a_browser_that_does_not_open_is_said() {
    use std::os::unix::fs::PermissionsExt;

    let bench = Bench::new();
    bench.write("bin/xdg-open", "#!/bin/sh\nexit 3\n");
    fs::set_permissions(bench.path("bin/xdg-open"), fs::Permissions::from_mode(0o755)).unwrap();
    bench.expect(0, "run study.toml --out out --quiet --set vary.seeds=1");
    for (path, why) in [("bin", "xdg-open: exit status: 3"), ("nowhere", "there is no program for it")] {
        let mut command = bench.command(&["report", "out", "--open"]);
        let output = command.env("PATH", bench.path(path)).output().unwrap();
        let error = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(0), "{error}");
        let said = format!("warning: no browser was opened ({why}); open out/report.html yourself\n");
        assert!(error.ends_with(&said), "{error}");
    }
}
