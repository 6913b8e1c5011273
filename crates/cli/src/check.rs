//! Everything that can be known to be wrong before anything trains.

use std::collections::HashSet;

use anyhow::Context;
use untied_study::{Cell, Study};

use crate::wording::variant_name;

/// Checks device, data, model and training of every distinct variant.
pub(crate) fn check_study(study: &Study) -> anyhow::Result<()> {
    let mut seen = HashSet::new();
    for cell in &study.cells {
        if seen.insert(variant_key(cell)) {
            check_cell(study, cell)?;
        }
    }
    Ok(())
}

pub(crate) fn check_cell(study: &Study, cell: &Cell) -> anyhow::Result<()> {
    in_variant(study, cell, untied_trainer::check(&cell.config))
}

/// Says which variant an error is about, unless it is the first: what is wrong with that one is mostly wrong with all.
pub(crate) fn in_variant<T, E>(study: &Study, cell: &Cell, outcome: Result<T, E>) -> anyhow::Result<T>
where
    E: std::error::Error + Send + Sync + 'static,
{
    let first = cell.factors == study.cells[0].factors;
    if first {
        Ok(outcome?)
    } else {
        outcome.with_context(|| format!("variant {}", variant_name(study, &cell.factors)))
    }
}

/// A cell's config without its seed.
fn variant_key(cell: &Cell) -> String {
    let config = &cell.config;
    format!("{:?} {:?} {:?}", config.data, config.model, config.train)
}
