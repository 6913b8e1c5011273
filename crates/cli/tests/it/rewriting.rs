//! Trained models: saved, stripped and folded.

use std::fs;

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
    let before = tree(&bench.path(""));
    fs::create_dir(bench.path("empty")).unwrap();
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
