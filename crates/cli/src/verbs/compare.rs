//! `untied compare`: two runs of a study side by side.

use std::collections::{BTreeMap, HashMap};
use std::path::{Path, PathBuf};

use anyhow::{Context, bail};
use clap::Args;
use untied_study::{CellRecord, Comparison, Factors, Metric, Results, Study, StudyFolder, factor_label};

use crate::exit::Exit;
use crate::summary::{difference, interval, signed};
use crate::table::Table;
use crate::terminal::print;
use crate::wording::plural;

#[derive(Debug, Args)]
pub(crate) struct CompareArguments {
    /// The folder of one run's results
    #[arg(value_name = "DIR")]
    one: PathBuf,
    /// The folder of another's
    #[arg(value_name = "DIR")]
    other: PathBuf,
    /// What the variants are set side by side by
    #[arg(long, value_enum, default_value_t = ByMetric::TestAccuracy)]
    metric: ByMetric,
}

#[derive(Debug, Clone, Copy, clap::ValueEnum)]
#[value(rename_all = "snake_case")]
enum ByMetric {
    TestAccuracy,
    TestLoss,
    TrainLoss,
}

impl From<ByMetric> for Metric {
    fn from(metric: ByMetric) -> Self {
        match metric {
            ByMetric::TestAccuracy => Self::TestAccuracy,
            ByMetric::TestLoss => Self::TestLoss,
            ByMetric::TrainLoss => Self::TrainLoss,
        }
    }
}

/// What a run's folder holds.
struct Run {
    results: Results,
    settings: BTreeMap<String, String>,
}

pub(crate) fn compare(arguments: &CompareArguments) -> anyhow::Result<Exit> {
    let runs = [read(&arguments.one)?, read(&arguments.other)?];
    let mut text = heading([&arguments.one, &arguments.other], &runs);
    text += &settings(&runs);
    text += &cells(&runs);
    text += &variants(&runs, arguments.metric.into());
    text += &comparisons(&runs);
    print(&text)?;
    Ok(Exit::Done)
}

fn read(path: &Path) -> anyhow::Result<Run> {
    let folder = StudyFolder::new(path.to_owned());
    let Some(results) = folder.read_results()? else {
        bail!("{} is no folder of results: it has no results.json", path.display());
    };
    // That of the results; older ones have none.
    let config = match &results.config {
        Some(config) => config.clone(),
        None => Study::load(&folder.config(), &[]).with_context(|| path.display().to_string())?.resolved_toml(),
    };
    Ok(Run { settings: lines(&config), results })
}

/// The values of a resolved config, which has a key on each line.
fn lines(config: &str) -> BTreeMap<String, String> {
    let mut section = "";
    let mut settings = BTreeMap::new();
    for line in config.lines().filter(|line| !line.starts_with('#')) {
        if let Some(name) = line.strip_prefix('[').and_then(|line| line.strip_suffix(']')) {
            section = name;
        } else if let Some((key, value)) = line.split_once(" = ") {
            let dotted = if section.is_empty() { key.to_owned() } else { format!("{section}.{key}") };
            settings.insert(dotted, value.to_owned());
        }
    }
    settings
}

fn heading(paths: [&Path; 2], runs: &[Run; 2]) -> String {
    let mut table = Table::new(["", "", "", ""]);
    for ((letter, path), run) in ["A", "B"].into_iter().zip(paths).zip(runs) {
        let commits: Vec<&str> = run.results.provenance.iter().filter_map(|origin| origin.commit.as_deref()).collect();
        let cells = plural(run.results.cells.len(), "cell");
        table.push([
            letter.to_owned(),
            path.display().to_string(),
            format!("{}, {cells}", run.results.study),
            commits.join(", "),
        ]);
    }
    table.text()
}

fn settings([one, other]: &[Run; 2]) -> String {
    let mut table = Table::new(["settings that differ", "A", "B"]);
    let keys: std::collections::BTreeSet<&String> = one.settings.keys().chain(other.settings.keys()).collect();
    let mut any = false;
    for key in keys {
        let [a, b] = [one, other].map(|run| run.settings.get(key).map_or("–", String::as_str));
        if a != b {
            table.push([key.clone(), a.to_owned(), b.to_owned()]);
            any = true;
        }
    }
    if any { format!("\n{}", table.text()) } else { "\nall settings are equal\n".to_owned() }
}

/// Cells of one id have one config and seed: the same program on the same machine gives them the same numbers.
fn cells([one, other]: &[Run; 2]) -> String {
    let by_id: HashMap<&str, &CellRecord> = other.results.cells.iter().map(|cell| (cell.id.as_str(), cell)).collect();
    let shared = one.results.cells.iter().filter_map(|cell| Some((cell, *by_id.get(cell.id.as_str())?)));
    let shared: Vec<_> = shared.filter(|(a, b)| a.status.is_done() && b.status.is_done()).collect();
    if shared.is_empty() {
        return "\nno cell has the same config and seed in both\n".to_owned();
    }
    let same = shared.iter().filter(|(a, b)| a.metrics == b.metrics && a.curves == b.curves).count();
    let (all, all_same) = (plural(shared.len(), "cell"), same == shared.len());
    let equal = if all_same { "all".to_owned() } else { same.to_string() };
    format!("\n{all} with the same config and seed in both: {equal} with equal metrics and curves, to the last bit\n")
}

/// Means over the seeds that both have, and their paired difference.
fn variants([one, other]: &[Run; 2], metric: Metric) -> String {
    let mut table = Table::new(["", "seeds", "A", "B", "B − A", "least", "most"]).align_right(&[1, 2, 3, 4, 5, 6]);
    let mut names: Vec<String> = Vec::new();
    for cell in &one.results.cells {
        let name = variant(&cell.factors);
        if !names.contains(&name) {
            names.push(name);
        }
    }
    let mut any = false;
    for name in names {
        let [a, b] = [one, other].map(|run| values(&run.results, &name, metric));
        let pairs: Vec<(f64, f64)> = a.iter().filter_map(|(seed, a)| Some((*a, *b.get(seed)?))).collect();
        if pairs.is_empty() {
            continue;
        }
        any = true;
        let mean = |values: &mut dyn Iterator<Item = f64>| values.sum::<f64>() / pairs.len() as f64;
        let differences = || pairs.iter().map(|(a, b)| b - a);
        table.push([
            if name.is_empty() { "all".to_owned() } else { name },
            pairs.len().to_string(),
            format!("{:.4}", mean(&mut pairs.iter().map(|(a, _)| *a))),
            format!("{:.4}", mean(&mut pairs.iter().map(|(_, b)| *b))),
            signed(mean(&mut differences())),
            signed(differences().fold(f64::INFINITY, f64::min)),
            signed(differences().fold(f64::NEG_INFINITY, f64::max)),
        ]);
    }
    let title = format!(
        "\n{metric}, means over the seeds of both; least and most of their differences (described, not tested)\n"
    );
    if any { title + &table.text() } else { "\nno variant has a seed in both\n".to_owned() }
}

fn variant(factors: &Factors) -> String {
    factors.iter().map(|(key, value)| format!("{key}={}", factor_label(value))).collect::<Vec<_>>().join(" ")
}

fn values(results: &Results, name: &str, metric: Metric) -> BTreeMap<u64, f64> {
    let cells = results.cells.iter().filter(|cell| variant(&cell.factors) == name);
    cells.filter_map(|cell| Some((cell.seed, cell.metrics.get(metric)?))).collect()
}

/// The verdicts of comparisons that both have.
fn comparisons([one, other]: &[Run; 2]) -> String {
    let mut table = Table::new(["", "A", "", "", "B", "", ""]);
    let key = |one: &Comparison| {
        (one.metric.to_string(), variant(&one.context), variant(&one.treatment), variant(&one.baseline))
    };
    let mut any = false;
    for a in &one.results.comparisons {
        let Some(b) = other.results.comparisons.iter().find(|b| key(b) == key(a)) else { continue };
        any = true;
        let (metric, context, treatment, baseline) = key(a);
        let name = [context, treatment].join(" ").trim().to_owned();
        table.push([
            format!("{metric} of {name} against {baseline}"),
            difference(a),
            interval(a),
            a.verdict.to_string(),
            difference(b),
            interval(b),
            b.verdict.to_string(),
        ]);
    }
    if any { format!("\n{}", table.text()) } else { String::new() }
}
