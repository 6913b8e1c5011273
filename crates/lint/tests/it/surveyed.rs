//! The survey that is shipped: what its program writes of the fixtures today.

use std::fs;
use std::path::{Path, PathBuf};

use serde_json::json;

#[path = "../../examples/survey/models.rs"]
mod models;
#[path = "../../examples/survey/page.rs"]
mod page;
#[path = "../../examples/survey/times.rs"]
mod times;

use times::Times;

fn shipped() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../experiments/lint")
}

fn rows() -> Vec<models::Row> {
    models::rows(crate::fixture("").parent().unwrap()).unwrap()
}

#[test]
fn the_shipped_survey_is_that_of_the_fixtures() {
    let (rows, times) = (rows(), Times::read(&shipped()).unwrap());
    let read = |file: &str| fs::read_to_string(shipped().join(file)).unwrap();
    assert_eq!(page::markdown(&rows, times.as_ref()), read("report.md"));
    assert_eq!(page::html(&rows, times.as_ref()), read("report.html"));
}

/// Nothing is said of times that nobody measured.
#[test]
fn times_are_shown_with_machine_and_command_where_they_were_measured() {
    let without = [page::markdown(&rows(), None), page::html(&rows(), None)];
    assert!(without.iter().all(|text| !text.contains("ms a step") && !text.contains(times::TITLE)));
    let row = json!({
        "net": "resnet8", "bias": "untied", "parameters": 1234, "bias_parameters": 567,
        "median_milliseconds": 12.5, "least_milliseconds": 11.25,
    });
    let read = json!({"machine": "A <machine>", "threads": 2, "command": "cargo bench > file", "rows": [row]});
    let times = Times::new(&read).unwrap();
    let (markdown, html) = (page::markdown(&rows(), Some(&times)), page::html(&rows(), Some(&times)));
    assert!(markdown.contains("| resnet8 | untied | 1234 | 567 | 12.50 | 11.25 |"), "{markdown}");
    assert!(markdown.contains("2 threads of A <machine>") && markdown.contains("`cargo bench > file`"), "{markdown}");
    assert!(html.contains("<td>resnet8</td><td>untied</td><td>1234</td><td>567</td><td>12.50</td><td>11.25</td>"));
    assert!(html.contains("A &lt;machine>") && html.contains("<code>cargo bench > file</code>"), "{html}");
    assert!(Times::new(&json!({"machine": "one"})).is_none());
    assert!(Times::read(&shipped().join("no such folder")).unwrap().is_none());
}
