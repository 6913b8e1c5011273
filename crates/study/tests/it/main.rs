//! The crate as its users see it.

mod checkpoint;
mod errors;
mod fuzz;
mod layers;
mod load;
mod resolved;
mod schema;
mod store;

use std::path::Path;

use untied_study::{ConfigError, EXAMPLE, Study};

const MINIMAL: &str = r#"name = "s"
question = "q"
[data]
source = "digits"
[model]
channels = [4]
[train]
epochs = 1
batch_size = 8
optimizer = { sgd = { learning_rate = 0.1 } }
[vary]
seeds = 1
"#;

fn parse(text: &str, set: &[&str]) -> Result<Study, ConfigError> {
    let set: Vec<String> = set.iter().map(|option| (*option).to_owned()).collect();
    Study::parse(text, Path::new("c.toml"), &set)
}

fn example(set: &[&str]) -> Study {
    parse(EXAMPLE, set).unwrap_or_else(|error| panic!("{error}"))
}

/// The minimal config with one line in place of another.
fn with(line: &str, other: &str) -> String {
    assert_eq!(MINIMAL.matches(line).count(), 1, "{line}");
    MINIMAL.replace(line, other)
}
