//! Trained models: saved, stripped and folded.

use std::fs;
use std::path::Path;

use crate::program::{Bench, SMALL, timeless, tree};

/// Two blocks whose models are kept.
fn bench(changes: &[(&str, &str)]) -> Bench {
    let keeping = SMALL.replace("channels = [4]", "channels = [4, 6]").replace("[train]", "[train]\nsave_model = true");
    let text = changes.iter().fold(keeping, |text, (from, to)| text.replace(from, to));
    let bench = Bench::empty();
    bench.write("study.toml", text);
    bench
}

/// Trains a cell and puts its model into the folder.
fn train(bench: &Bench, index: usize, options: &str, name: &str) {
    bench.expect(0, &format!("cell study.toml --index {index} --out {name} {options}"));
    fs::copy(bench.cells(name)[0].join("model.safetensors"), bench.path(&format!("{name}.safetensors"))).unwrap();
}

/// Without numbers whose last digits depend on the processor.
fn stable(text: &str) -> String {
    let word = |word: &str| {
        let number = word.trim_end_matches([' ', '\n', ';']);
        let varies = number.contains('e') && number.parse::<f64>().is_ok_and(|number| number != 0.0);
        if varies { word.replace(number, "#.##e-#") } else { word.to_owned() }
    };
    text.split_inclusive([' ', '\n']).map(word).collect()
}

#[test]
fn a_tied_bias_before_batch_norm_is_deleted_and_its_norm_folded() {
    let bench = bench(&[]);
    train(&bench, 2, "--set model.norm=batch", "tied");
    let strip = bench.expect(0, "strip tied.safetensors");
    assert_eq!(strip.stderr, "");
    insta::assert_snapshot!(stable(&strip.stdout));
    let again = bench.expect(0, "strip tied.stripped.safetensors --out again/again.safetensors");
    assert!(again.stdout.contains("nothing is redundant"), "{}", again.stdout);
    let read = |name: &str| fs::read(bench.path(name)).unwrap();
    assert_eq!(read("again/again.safetensors"), read("tied.stripped.safetensors"));

    let fold = bench.expect(0, "fold tied.stripped.safetensors");
    insta::assert_snapshot!(stable(&fold.stdout));
    let refused = bench.expect(2, "fold tied.stripped.folded.safetensors");
    assert!(refused.stderr.contains("`model.norm = none`"), "{}", refused.stderr);
}

#[test]
fn an_untied_bias_keeps_its_rest_and_stays_untied() {
    let bench = bench(&[("[\"none\", \"tied\"]", "[\"none\", \"untied\"]")]);
    train(&bench, 2, "--set model.norm=batch --set train.dtype=f64", "untied");
    insta::assert_snapshot!(stable(&bench.expect(0, "strip untied.safetensors").stdout));
    insta::assert_snapshot!(stable(&bench.expect(0, "fold untied.safetensors").stdout));
}

#[test]
fn what_cannot_be_stripped_or_folded_says_so() {
    let bench = bench(&[]);
    train(&bench, 2, "--set model.norm=rms", "rms");
    insta::assert_snapshot!(stable(&bench.expect(0, "strip rms.safetensors").stdout));
    let read = |name: &str| fs::read(bench.path(name)).unwrap();
    assert_eq!(read("rms.stripped.safetensors"), read("rms.safetensors"));
    train(&bench, 2, "--set model.norm=batch_per_activation", "each");
    for (model, named) in [("rms", "`model.norm = rms` has no running"), ("each", "scales each location")] {
        let refused = bench.expect(2, &format!("fold {model}.safetensors"));
        assert!(refused.stderr.contains(named), "{}", refused.stderr);
        assert!(!bench.path(&format!("{model}.folded.safetensors")).exists());
    }
}

#[test]
fn models_are_kept_on_request_and_the_same_every_time() {
    let bench = bench(&[]);
    let models = |out: &str| {
        let files = tree(&bench.path(out)).into_iter().filter(|(path, _)| path.ends_with("model.safetensors"));
        files.map(|(_, content)| content).collect::<Vec<_>>()
    };
    bench.expect(0, "run study.toml --out first --quiet");
    bench.expect(0, "run study.toml --out second --quiet --jobs 1");
    bench.expect(0, "run study.toml --out none --quiet --set train.save_model=false");
    assert_eq!((models("first").len(), models("none").len()), (4, 0));
    assert!(models("first") == models("second"));
    bench.expect(0, "run study.toml --out diverged --quiet --set train.optimizer={sgd={learning_rate=1e30}}");
    assert_eq!(models("diverged").len(), 0);
}

#[test]
fn a_file_that_is_no_model_gets_one_line() {
    let bench = bench(&[]);
    train(&bench, 0, "--set model.norm=batch", "good");
    let good = fs::read(bench.path("good.safetensors")).unwrap();
    bench.write("short.safetensors", &good[..good.len() - 1]);
    bench.write("foreign.safetensors", *b"\x02\0\0\0\0\0\0\0{}");
    fs::create_dir(bench.path("empty")).unwrap();
    let before = tree(&bench.path(""));
    for (file, named) in [
        ("short.safetensors", "damaged"),
        ("foreign.safetensors", "no model of this program"),
        ("study.toml", "damaged or no safetensors file"),
        ("absent.safetensors", "cannot be read"),
        ("good", "it is a folder; the model in it: good/cells/"),
        (
            "empty",
            "it is a folder, and no model lies in it; a study keeps those of its cells with train.save_model = true",
        ),
    ] {
        for verb in ["strip", "fold"] {
            let ended = bench.expect(2, &format!("{verb} {file}"));
            assert!(ended.stderr.starts_with(&format!("error: {file}: ")), "{}", ended.stderr);
            assert!(ended.stderr.contains(named) && ended.stderr.lines().count() == 1, "{}", ended.stderr);
        }
    }
    assert!(tree(&bench.path("")) == before, "bad input leaves nothing behind");
}

/// A study whose models are to be kept once it is done.
#[test]
fn models_of_finished_cells_are_made_up_for() {
    let bench = bench(&[("save_model = true\n", "")]);
    bench.expect(0, "run study.toml --out out --quiet");
    let before = timeless(bench.json("out/results.json"));
    let models = || bench.cells("out").iter().filter(|cell| cell.join("model.safetensors").is_file()).count();
    assert_eq!(models(), 0);
    let keep = "run study.toml --out out --set train.save_model=true";
    let planned = bench.expect(0, &format!("{keep} --dry-run"));
    assert!(
        planned.stdout.contains("4 cells to run") && planned.stdout.contains("without model"),
        "{}",
        planned.stdout
    );
    let again = bench.expect(0, keep);
    let said = "4 cells are finished without the model that train.save_model asks for, and trained again";
    assert!(again.stderr.contains(said) && again.last_line().contains("4 trained"), "{}", again.stderr);
    assert_eq!((models(), bench.cells("out").len()), (4, 4));
    let mut after = timeless(bench.json("out/results.json"));
    after["config"] = before["config"].clone();
    assert_eq!(after, before);

    // Models are there now, whether they are asked for or not.
    for options in ["", " --set train.save_model=true"] {
        let done = bench.expect(0, &format!("run study.toml --out out{options}"));
        assert!(done.last_line().contains("0 trained"), "{}", done.last_line());
    }
    fs::remove_file(bench.cells("out")[0].join("model.safetensors")).unwrap();
    let one = bench.expect(0, "cell study.toml --index 0 --out out --set train.save_model=true");
    assert!(one.stderr.contains("finished without the model"), "{}", one.stderr);
    assert_eq!(models(), 4);
}

/// What was kept counts only as it was written; the damaged file stays, and so does the result until the new one is there.
#[test]
fn a_damaged_model_is_made_up_for() {
    let bench = bench(&[]);
    bench.expect(0, "run study.toml --out out --quiet");
    let before = timeless(bench.json("out/results.json"));
    let models: Vec<_> = bench.cells("out").iter().map(|cell| cell.join("model.safetensors")).collect();
    let good: Vec<_> = models.iter().map(|path| fs::read(path).unwrap()).collect();
    let short = good[0][..good[0].len() - 10].to_vec();
    let mut changed = good[1].clone();
    *changed.last_mut().unwrap() ^= 1;
    let damage = || {
        fs::write(&models[0], &short).unwrap();
        fs::write(&models[1], &changed).unwrap();
    };
    damage();
    let planned = bench.expect(0, "run study.toml --out out --dry-run");
    assert_eq!(planned.stdout.matches("model damaged").count(), 2, "{}", planned.stdout);
    let again = bench.expect(0, "run study.toml --out out");
    let said = ["is trained again for its model: ", "its checksum differs; it is kept as ", "bytes of numbers, found "];
    assert!(said.iter().all(|said| again.stderr.contains(said)), "{}", again.stderr);
    assert!(
        again.last_line().contains("4 finished") && again.last_line().contains("2 trained"),
        "{}",
        again.last_line()
    );
    assert!(models.iter().zip(&good).all(|(path, good)| fs::read(path).unwrap() == *good));
    let aside = |path: &Path| fs::read(path.with_extension("safetensors.old-1")).unwrap();
    assert!(aside(&models[0]) == short && aside(&models[1]) == changed);
    assert_eq!(timeless(bench.json("out/results.json")), before);

    // Where nobody asks for it, nobody reads it.
    damage();
    let done = bench.expect(0, "run study.toml --out out --set train.save_model=false");
    assert!(done.last_line().contains("0 trained"), "{}", done.last_line());
    let one = bench.expect(0, "cell study.toml --index 0 --out out");
    assert!(one.stderr.contains("is finished, but ") && one.stderr.contains(".old-2"), "{}", one.stderr);
    assert!(fs::read(&models[0]).unwrap() == good[0]);
}

/// A training for a model that was killed goes on, though a run that asks for no model came in between.
#[test]
fn a_checkpoint_on_the_way_to_a_model_outlives_runs_without_models() {
    let bench = bench(&[]);
    bench.expect(0, "run study.toml --out out --quiet");
    let cells = bench.cells("out");
    let [stopped, done] = [0, 1].map(|cell: usize| cells[cell].join("checkpoint"));
    for path in [&stopped, &done] {
        fs::write(path, "half trained").unwrap();
    }
    fs::remove_file(cells[0].join("model.safetensors")).unwrap();
    for verb in ["run study.toml --quiet", "cell study.toml --index 0"] {
        bench.expect(0, &format!("{verb} --out out --set train.save_model=false"));
        assert!(stopped.exists() && !done.exists(), "{verb}");
    }
    let ended = bench.expect(0, "run study.toml --out out");
    assert!(ended.stderr.contains("it starts again: ") && !stopped.exists(), "{}", ended.stderr);
}
