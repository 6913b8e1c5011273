//! Everything that can be known to be wrong before anything trains.

use std::collections::HashSet;
use std::path::Path;

use anyhow::Context;
use untied_study::{Cell, CellConfig, Study, StudyFolder};
use untied_trainer::Planner;

use crate::terminal::say;
use crate::wording::variant_name;

/// Checks device, data, model, training and measurements of every distinct variant, and has the folder refuse results
/// of other data than are there now.
pub(crate) fn check_study(study: &Study, config: &Path, folder: &mut StudyFolder) -> anyhow::Result<()> {
    let (mut seen, mut planner) = (HashSet::new(), Planner::default());
    for cell in &study.cells {
        if seen.insert(variant_key(cell)) {
            in_variant(study, cell, config, planner.check(&cell.config))?;
            if let Some(checksums) = planner.checksums(&cell.config) {
                folder.expect_data(&cell.config.data, checksums.clone());
            }
        }
    }
    planner.notes().into_iter().for_each(say);
    Ok(())
}

pub(crate) fn check_cell(study: &Study, cell: &Cell, config: &Path) -> anyhow::Result<()> {
    in_variant(study, cell, config, untied_trainer::check(&cell.config))
}

/// Says which config an error is about, and which variant, unless it is the first: what is wrong with that one is
/// mostly wrong with all.
pub(crate) fn in_variant<T, E>(study: &Study, cell: &Cell, config: &Path, outcome: Result<T, E>) -> anyhow::Result<T>
where
    E: std::error::Error + Send + Sync + 'static,
{
    outcome.with_context(|| {
        let first = cell.factors == study.cells[0].factors;
        let variant = if first { String::new() } else { format!(": variant {}", variant_name(study, &cell.factors)) };
        format!("{}{variant}", config.display())
    })
}

/// A cell's config without its seed.
fn variant_key(cell: &Cell) -> String {
    format!("{:?}", CellConfig { seed: 0, ..cell.config.clone() })
}
