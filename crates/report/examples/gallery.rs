//! Writes reports of made-up results, to look at: `cargo run -p untied-report --example gallery -- FOLDER`.

use std::path::PathBuf;

use untied_report::render;
use untied_study::StoreError;

#[path = "../tests/it/made_up/mod.rs"]
mod made_up;

fn main() -> Result<(), StoreError> {
    let folder = PathBuf::from(std::env::args().nth(1).unwrap_or_else(|| "gallery".into()));
    let all = [
        ("adam_drift", made_up::adam_drift(5)),
        ("bias_redundancy", made_up::bias_redundancy(10)),
        ("drifting", made_up::drifting()),
        ("norm_map", made_up::norm_map(3)),
        ("position", made_up::position(5)),
        ("small", made_up::small()),
        ("troubled", made_up::troubled()),
    ];
    for (name, results) in all {
        render(&results, Some(&made_up::baseline())).write(&folder.join(name))?;
    }
    render(&made_up::location_shift(8), None).write(&folder.join("location_shift"))?;
    let mut uncompared = made_up::troubled();
    uncompared.comparisons.clear();
    render(&uncompared, None).write(&folder.join("uncompared"))
}
