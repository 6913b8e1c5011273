//! The end of a run in a few lines.

use std::collections::BTreeSet;
use std::time::Duration;

use untied_study::{Comparison, Factors, Over, Provenance, Results, Status, Study};

use crate::exit::Exit;
use crate::table::Table;
use crate::wording::{plural, time, variant_name};

/// Numbers of cells by how they ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Counts {
    finished: usize,
    diverged: usize,
    failed: usize,
    missing: usize,
    skipped: usize,
}

impl Counts {
    pub(crate) fn of(results: &Results) -> Self {
        let count = |status: Status| results.cells.iter().filter(|cell| cell.status == status).count();
        Self {
            finished: count(Status::Finished),
            diverged: count(Status::Diverged),
            failed: count(Status::Failed),
            missing: count(Status::Missing),
            skipped: count(Status::Skipped),
        }
    }

    pub(crate) fn exit(self) -> Exit {
        if self.failed + self.missing == 0 { Exit::Done } else { Exit::Incomplete }
    }

    /// `12 cells: 11 finished, 1 diverged, 0 failed, 0 missing; 8 trained in 34 s`.
    pub(crate) fn line(self, trained: usize, elapsed: Duration) -> String {
        format!("{self}; {trained} trained in {}", time(elapsed))
    }
}

impl std::fmt::Display for Counts {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { finished, diverged, failed, missing, skipped } = self;
        let cells = plural(finished + diverged + failed + missing + skipped, "cell");
        write!(f, "{cells}: {finished} finished, {diverged} diverged, {failed} failed, {missing} missing")?;
        if *skipped > 0 {
            write!(f, ", {skipped} skipped")?;
        }
        Ok(())
    }
}

/// A line for every cell that ended in one of these ways, with the reason if there is one.
pub(crate) fn unfinished(results: &Results, statuses: &[Status]) -> impl Iterator<Item = String> {
    results.cells.iter().filter(|cell| statuses.contains(&cell.status)).map(|cell| {
        let why = cell.reason.as_ref().map(|reason| format!(": {reason}")).unwrap_or_default();
        format!("{} {}{why}", cell.status, cell.id)
    })
}

/// A warning where the results come from more than one program; the report says of which runs.
pub(crate) fn programs(results: &Results) -> Option<String> {
    let name =
        |one: &Provenance| format!("untied {} ({})", one.version, one.commit.as_deref().unwrap_or("commit not known"));
    let names: BTreeSet<String> = results.provenance.iter().map(name).collect();
    let list = names.iter().map(String::as_str).collect::<Vec<_>>().join(", ");
    (names.len() > 1).then(|| format!("warning: the results come from {} programs: {list}", names.len()))
}

/// Every comparison in a line; empty where the study compares nothing.
pub(crate) fn verdicts(study: &Study, results: &Results) -> String {
    let Some(first) = results.comparisons.first() else { return String::new() };
    let baseline = variant_name(study, &first.baseline);
    let over = match first.over {
        Over::Seeds => "",
        Over::SeedsAndImages => ", on new images of the same kind",
    };
    let title = format!("{} against {baseline}, margin ±{}{over}\n", first.metric, first.margin);
    let mut table = Table::new(["", "", "difference", "95 % interval", "seeds", "verdict"]).align_right(&[2, 3, 4]);
    for one in &results.comparisons {
        table.push(row(study, one));
    }
    title + &table.text()
}

fn row(study: &Study, one: &Comparison) -> [String; 6] {
    let name = |factors: &Factors| variant_name(study, factors);
    let (seeds, verdict) = (one.seeds.to_string(), one.verdict.to_string());
    [name(&one.context), name(&one.treatment), difference(one), interval(one), seeds, verdict]
}

/// Treatment minus baseline.
pub(crate) fn difference(one: &Comparison) -> String {
    one.mean_difference.map_or_else(|| "–".to_owned(), signed)
}

/// The 95 % interval that the verdict is about.
pub(crate) fn interval(one: &Comparison) -> String {
    let ends = match one.over {
        Over::Seeds => one.ci95,
        Over::SeedsAndImages => one.ci95_images,
    };
    ends.map_or_else(|| "–".to_owned(), |[low, high]| format!("[{}, {}]", signed(low), signed(high)))
}

pub(crate) fn signed(value: f64) -> String {
    format!("{value:+.4}").replace('-', "−")
}
