//! `untied strip` and `untied fold`, from training to the file.

use std::fs;

use crate::program::{Bench, SMALL, tree};

/// Trains the first cell of the small study with its model saved as `<norm>.safetensors`.
fn train(bench: &Bench, norm: &str, bias: &str) -> String {
    let config = SMALL.replace(r#""model.bias" = ["none", "tied"]"#, &format!("\"model.bias\" = [{bias}]"));
    let config = config.replace(r#"baseline = { "model.bias" = "none" }"#, &format!("baseline = {{ \"model.bias\" = {bias} }}"));
    bench.write("model.toml", config);
    let norm_option = format!("model.norm={norm}");
    let ended = bench.run(&[
        "cell", "model.toml", "--index", "0", "--out", norm, "--set", "train.save_model=true", "--set", &norm_option,
        "--set", "model.channels=[4,6]",
    ]);
    assert_eq!(ended.code, Some(0), "{}", ended.stderr);
    let name = format!("{norm}.safetensors");
    fs::copy(bench.cells(norm)[0].join("model.safetensors"), bench.path(&name)).unwrap();
    name
}

/// Norms and differences vary in their last digits with the processor.
fn stable(text: &str) -> String {
    let words = text.split(' ').map(|word| {
        let (word, end) = word.strip_suffix(['\n', ';']).map_or((word, ""), |start| (start, &word[start.len()..]));
        word.split('\n').map(|word| if word.contains("e-") && word.parse::<f64>().is_ok() { "x" } else { word }).collect::<Vec<_>>().join("\n") + end
    });
    words.collect::<Vec<_>>().join(" ")
}

#[test]
fn a_tied_bias_before_batch_norm_is_stripped_and_folded() {
    let bench = Bench::empty();
    let model = train(&bench, "batch", "\"tied\"");
    let strip = bench.expect(0, &format!("strip {model}"));
    assert_eq!(strip.stderr, "");
    insta::assert_snapshot!(stable(&strip.stdout));
    // Again: nothing is left to take out.
    let again = bench.expect(0, "strip batch.stripped.safetensors --out again.safetensors");
    assert!(again.stdout.contains("nothing is redundant"), "{}", again.stdout);
    let read = |name: &str| fs::read(bench.path(name)).unwrap();
    assert_eq!(read("again.safetensors"), read("batch.stripped.safetensors"));

    let fold = bench.expect(0, "fold batch.stripped.safetensors --out deep/folded.safetensors");
    insta::assert_snapshot!(stable(&fold.stdout));
    let twice = bench.expect(2, "fold deep/folded.safetensors");
    assert!(twice.stderr.contains("`model.norm = none`") && twice.stderr.contains("`batch`"), "{}", twice.stderr);
}
