//! Results that must not depend on the threads or registers of a machine.

use std::fmt::Debug;
use std::process::Command;

use rayon::ThreadPoolBuilder;

/// Asserts that `run` gives equal results on 1, 2, 3 and 7 threads.
///
/// # Panics
/// With `case` where it does not.
pub fn assert_equal_on_any_threads<T: PartialEq + Send>(case: impl Debug, run: impl Fn() -> T + Sync) {
    let on = |threads: usize| {
        let pool = ThreadPoolBuilder::new().num_threads(threads).build().expect("a pool");
        pool.install(&run)
    };
    let alone = on(1);
    for threads in [2, 3, 7] {
        assert!(on(threads) == alone, "{case:?}: {threads} threads differ from one");
    }
}

/// Environment variable that tells a process that it is a rerun.
const RERUN: &str = "UNTIED_RERUN";

/// Runs the tests of this program whose names contain `filter` once more in a process of their own, for each value of an
/// environment variable that is read once per process; returns what each printed.
///
/// # Panics
/// If they fail, there are none, or one of them reruns tests itself.
#[must_use]
pub fn rerun_tests(filter: &str, variable: &str, values: &[&str]) -> Vec<String> {
    assert!(std::env::var_os(RERUN).is_none(), "a test that reruns tests matches the filter of a rerun");
    let program = std::env::current_exe().expect("a test program knows its path");
    let rerun = |value: &&str| {
        let mut tests = Command::new(&program);
        let output = tests
            .args([filter, "--nocapture"])
            .env(variable, value)
            .env(RERUN, filter)
            .output()
            .expect("it runs again");
        let text = String::from_utf8_lossy(&output.stdout).into_owned();
        assert!(output.status.success(), "{variable}={value}: {text}\n{}", String::from_utf8_lossy(&output.stderr));
        assert!(!text.contains("running 0 tests"), "no test is called {filter}");
        text
    };
    values.iter().map(rerun).collect()
}
