use crate::program::{Bench, SMALL};

#[test]
fn help_is_whole() {
    let bench = Bench::new();
    for verb in [
        "",
        "run",
        "cell",
        "report",
        "slurm",
        "explain",
        "strip",
        "fold",
        "export",
        "evaluate",
        "predict",
        "page",
        "schema",
        "init",
        "compare",
        "doctor",
        "completions",
        "man",
    ] {
        let arguments: Vec<&str> = [verb, "--help"].into_iter().filter(|word| !word.is_empty()).collect();
        let ended = bench.run(&arguments);
        assert_eq!((ended.code, ended.stderr.as_str()), (Some(0), ""));
        insta::assert_snapshot!(format!("help{verb}"), ended.stdout.replace(".exe", ""));
    }
}

#[test]
fn help_is_a_verb_too() {
    let bench = Bench::empty();
    for (verb, option) in [("help", "--help"), ("help run", "run --help"), ("help slurm", "slurm --help")] {
        assert_eq!(bench.expect(0, verb).stdout, bench.expect(0, option).stdout);
    }
    assert!(bench.expect(2, "help rnu").stderr.contains("'rnu'"));
}

/// The study's own tests hold the schema to the types.
#[test]
fn the_schema_is_json_of_its_own() {
    let bench = Bench::empty();
    let schema: serde_json::Value = serde_json::from_str(&bench.expect(0, "schema").stdout).unwrap();
    assert_eq!(schema, untied_study::schema());
}

#[test]
fn explain_needs_no_training() {
    let bench = Bench::new();
    let ended = bench.expect(0, "explain study.toml");
    assert_eq!(ended.stderr, "");
    insta::assert_snapshot!(ended.stdout);
    assert!(!bench.path("experiments").exists());
}

#[test]
fn explain_knows_every_norm() {
    let bench = Bench::new();
    let lists = r#""model.bias" = ["none", "tied", { untied_along = [0] }, "untied"]
"model.norm" = ["batch_per_activation", "layer", "instance", { group = 2 }, "rms", "filter_response"]"#;
    bench.write("norms.toml", SMALL.replace(r#""model.bias" = ["none", "tied"]"#, lists));
    let ended = bench.run(&["explain", "norms.toml"]);
    assert_eq!((ended.code, ended.stderr.as_str()), (Some(0), ""));
    insta::assert_snapshot!(ended.stdout);
}

#[test]
fn explain_follows_biases_through_a_residual_net() {
    let bench = Bench::new();
    for (name, model) in [
        ("preact", "net = \"resnet20_preact\"\nchannels = [2, 2, 4]"),
        ("resnet", "net = \"resnet8\"\nchannels = [2, 2, 4]\nactivation = \"gelu\""),
    ] {
        let text = SMALL.replace("channels = [4]", model).replace("[\"none\", \"tied\"]", "[\"tied\"]");
        bench.write("net.toml", text.split("[compare]").next().unwrap_or_default());
        let ended = bench.expect(0, "explain net.toml");
        let net = ended.stdout.split("\nThe rule:").next().unwrap_or_default();
        insta::assert_snapshot!(name, net);
    }
}
