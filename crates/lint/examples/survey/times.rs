//! What a bias in front of a batch norm costs: the times that a bench of the trainer measured, if somebody ran it.

use std::error::Error;
use std::fs;
use std::path::Path;

use serde_json::Value;

pub(crate) const TITLE: &str = "What a bias before batch norm costs";

pub(crate) const HEADER: [&str; 6] =
    ["net", "bias before batch norm", "parameters", "of these bias", "ms a step, median", "ms a step, least"];

/// `times.json` of a folder.
pub(crate) struct Times {
    machine: String,
    threads: u64,
    command: String,
    rows: Vec<Vec<String>>,
}

impl Times {
    /// None where the folder has no such file.
    pub(crate) fn read(folder: &Path) -> Result<Option<Self>, Box<dyn Error>> {
        let path = folder.join("times.json");
        if !path.exists() {
            return Ok(None);
        }
        let read: Value = serde_json::from_str(&fs::read_to_string(&path)?)?;
        Self::new(&read).map(Some).ok_or_else(|| format!("{}: not as the bench writes it", path.display()).into())
    }

    pub(crate) fn new(read: &Value) -> Option<Self> {
        let text = |key: &str| read[key].as_str().map(str::to_owned);
        let row = |row: &Value| -> Option<Vec<String>> {
            let names = ["net", "bias"].map(|key| row[key].as_str().map(str::to_owned));
            let counts = ["parameters", "bias_parameters"].map(|key| row[key].as_u64().map(|count| count.to_string()));
            let milliseconds = ["median_milliseconds", "least_milliseconds"];
            let times = milliseconds.map(|key| row[key].as_f64().map(|time| format!("{time:.2}")));
            names.into_iter().chain(counts).chain(times).collect()
        };
        Some(Self {
            machine: text("machine")?,
            threads: read["threads"].as_u64()?,
            command: text("command")?,
            rows: read["rows"].as_array()?.iter().map(row).collect::<Option<_>>()?,
        })
    }

    /// What was measured where; `quote` stands around the command.
    pub(crate) fn text(&self, quote: char) -> String {
        let Self { machine, threads, command, .. } = self;
        format!(
            "A training step of this project's nets on batches of 64 images of 3×32×32 with stochastic gradient descent, f32, on \
             {threads} threads of {machine}: means over the steps of an epoch, of which the median and the least are shown. The kinds of bias \
             were trained in turns. A tied bias does nothing here, and of an untied one the mean of each \
             channel does nothing. Other machines and programs have other times. Measured by {quote}{command}{quote}."
        )
    }

    pub(crate) fn cells(&self) -> Vec<Vec<String>> {
        self.rows.clone()
    }
}
