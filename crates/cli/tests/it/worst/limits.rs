//! Numbers and files that are larger than anything that makes sense.

use crate::program::{Bench, SMALL};

#[test]
fn no_worker_gets_more_threads_than_any_machine_has_cores() {
    let bench = Bench::new();
    for arguments in [
        "run study.toml --threads 100000",
        "run study.toml --jobs 100000",
        "cell study.toml --index 0 --threads 100000",
    ] {
        let ended = bench.expect(2, arguments);
        let expected =
            "expected a whole number, 1 or more, and at most 1024: more than a machine has cores only take memory";
        assert!(ended.stderr.contains(expected), "{}", ended.stderr);
    }
}

/// The program writes them again, in full, and reads what it wrote.
#[test]
fn a_config_that_lists_many_seeds_is_read_again() {
    let bench = Bench::new();
    let seeds: Vec<String> = (0..60_000_u64).map(|seed| (seed * 7 + 1_000_000_000_000_000_000).to_string()).collect();
    let (study, _) = SMALL.split_once("\"model.bias\" = [").unwrap();
    bench.write("study.toml", format!("{study}seeds = [{}]\n", seeds.join(",")));
    bench.expect(0, "cell study.toml --index 7 --out out");
    assert!(std::fs::metadata(bench.path("out/config.toml")).unwrap().len() > 1 << 20);
    bench.expect(0, "cell study.toml --index 8 --out out");
}

/// Each value of a list is checked before anything trains, not the first alone.
#[test]
fn the_second_value_of_a_measurement_is_checked_too() {
    let bench = Bench::new();
    let shift = |images: &str| format!("{{ patterns = [\"smooth\"], strengths = [1.0], images = [{images}] }}");
    let lists = [
        ("measure.translate", "[[1], [64]]".to_owned(), "64"),
        ("measure.shift", format!("[{}, {}]", shift("10"), shift("999999")), "999999"),
        ("measure.shift.draws", "[1, 0]".to_owned(), "draws"),
    ];
    for (key, list, named) in lists {
        let extra =
            if key == "measure.shift.draws" { format!("[measure]\nshift = {}\n", shift("10")) } else { String::new() };
        let study = SMALL.replace("[vary]", &format!("{extra}[vary]\n\"{key}\" = {list}"));
        bench.write(
            "varied.toml",
            study
                .replace("\"model.bias\" = [\"none\", \"tied\"]", "\"model.bias\" = [\"tied\"]")
                .split("[compare]")
                .next()
                .unwrap(),
        );
        let ended = bench.expect(2, "run varied.toml --dry-run");
        assert!(ended.stderr.contains(named), "{key}: {}", ended.stderr);
    }
}

/// A backward pass for each output would go on for hours, and the matrix would fill the memory.
#[test]
fn a_jacobian_of_too_many_outputs_is_refused_before_anything_trains() {
    let bench = Bench::new();
    let ended = bench.expect(2, "run study.toml --dry-run --set measure.jacobian=true --set model.channels=[512]");
    let said = "measure.jacobian: expected at most 65536 outputs, each of which costs a backward pass, and 16777216 \
                numbers, got 262144 outputs by 512 numbers of the bias of block1";
    assert!(ended.stderr.contains(said), "{}", ended.stderr);
    bench.expect(0, "run study.toml --dry-run --set measure.jacobian=true --set model.channels=[64]");
}

/// `ulimit -f`, of which the system tells by a signal that ends a program without a word.
#[test]
fn a_limit_on_file_sizes_is_an_error_with_a_name() {
    let bench = Bench::new();
    let run = [env!("CARGO_BIN_EXE_untied"), "run", "study.toml", "--out", "out"];
    let output =
        std::process::Command::new("prlimit").arg("--fsize=100").args(run).current_dir(bench.path("")).output();
    let output = output.unwrap();
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(2), "{said}");
    assert!(said.contains("error: cannot write out/config.toml: File too large"), "{said}");
}
