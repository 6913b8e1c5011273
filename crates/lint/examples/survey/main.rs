//! Surveys a folder of ONNX models: which share of their biases' parameters is redundant, as `report.md` and `report.html`.
//! Where the folder of the report has a `times.json`, what biases cost in training as well.
//!
//! `cargo run -p untied-lint --example survey -- crates/lint/tests/fixtures experiments/lint`

use std::error::Error;
use std::path::PathBuf;
use std::{env, fs};

mod models;
mod page;
mod times;

fn main() -> Result<(), Box<dyn Error>> {
    let paths: Vec<PathBuf> = env::args_os().skip(1).map(Into::into).collect();
    let [folder, out] = paths.as_slice() else {
        return Err("expected a folder of ONNX models and a folder for the report".into());
    };
    let rows = models::rows(folder)?;
    fs::create_dir_all(out)?;
    let times = times::Times::read(out)?;
    fs::write(out.join("report.md"), page::markdown(&rows, times.as_ref()))?;
    fs::write(out.join("report.html"), page::html(&rows, times.as_ref()))?;
    Ok(())
}
