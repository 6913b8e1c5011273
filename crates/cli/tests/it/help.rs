use crate::program::Bench;

#[test]
fn help_is_whole() {
    let bench = Bench::new();
    for verb in ["", "run", "cell", "report", "explain"] {
        let arguments: Vec<&str> = [verb, "--help"].into_iter().filter(|word| !word.is_empty()).collect();
        let ended = bench.run(&arguments);
        assert_eq!((ended.code, ended.stderr.as_str()), (Some(0), ""));
        insta::assert_snapshot!(format!("help{verb}"), ended.stdout.replace(".exe", ""));
    }
}

#[test]
fn explain_needs_no_training() {
    let bench = Bench::new();
    let ended = bench.expect(0, "explain study.toml");
    assert_eq!(ended.stderr, "");
    insta::assert_snapshot!(ended.stdout);
    assert!(!bench.path("experiments").exists());
}
