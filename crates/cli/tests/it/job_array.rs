use std::fs::{self, File};
use std::io::{BufRead, BufReader};
use std::process::Stdio;

use crate::program::Bench;

const FIRST: &[&str] = &["cell", "study.toml", "--index", "0", "--out", "out"];

/// The second task of a requeue race: `before_the_end` is called while it waits for the first.
fn second_task(bench: &Bench, before_the_end: impl FnOnce()) -> String {
    let log = File::open(bench.cells("out").remove(0).join("events.jsonl")).unwrap();
    log.lock().unwrap();
    let mut second = bench.command(FIRST).stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap();
    let mut said = BufReader::new(second.stderr.take().unwrap()).lines().map(Result::unwrap);
    let waiting = said.find(|line| line.contains("waiting"));
    assert!(waiting.is_some_and(|line| line.contains("is being trained by another process")));
    before_the_end();
    drop(log);
    let rest: Vec<String> = said.collect();
    assert!(second.wait().unwrap().success());
    rest.join("\n")
}

#[test]
fn two_tasks_of_one_cell_train_it_once() {
    let bench = Bench::new();
    bench.expect(0, &FIRST.join(" "));
    let cell = bench.cells("out").remove(0);
    let [result, events] = ["result.json", "events.jsonl"].map(|file| cell.join(file));
    let [trained, said] = [&result, &events].map(|file| fs::read(file).unwrap());
    fs::remove_file(&result).unwrap();
    let rest = second_task(&bench, || fs::write(&result, &trained).unwrap());
    assert!(rest.contains("is finished already") && !rest.contains("epoch"), "{rest}");
    assert_eq!([fs::read(&result).unwrap(), fs::read(&events).unwrap()], [trained, said]);
}

#[test]
fn the_second_task_trains_what_the_first_left() {
    let bench = Bench::new();
    bench.expect(0, &FIRST.join(" "));
    let result = bench.cells("out").remove(0).join("result.json");
    fs::remove_file(&result).unwrap();
    let rest = second_task(&bench, || ());
    assert!(rest.contains("epoch 1/1"), "{rest}");
    assert!(result.is_file());
}
