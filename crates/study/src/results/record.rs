//! From a cell's result to its record in `results.json`.

use crate::{Cell, CellRecord, CellResult, Curves, Measured, Metrics, Parameters, Provenance, Status};

impl CellRecord {
    /// The record of a cell with a result; metrics of an unfinished one are left out.
    #[must_use]
    pub fn new(cell: &Cell, result: CellResult) -> Self {
        let finished = result.status == Status::Finished;
        Self {
            id: cell.id.clone(),
            factors: cell.factors.clone(),
            seed: cell.config.seed,
            status: result.status,
            reason: result.reason,
            metrics: if finished { result.metrics } else { Metrics::default() },
            parameters: result.parameters,
            epochs: result.epochs,
            steps: result.steps,
            test_images: result.test_images,
            train_seconds: result.train_seconds,
            images_per_second: result.images_per_second,
            redundancy: result.redundancy,
            curves: result.curves,
            measured: result.measured,
        }
    }

    /// The record of a cell that was not run.
    #[must_use]
    pub fn missing(cell: &Cell) -> Self {
        let nothing = CellResult {
            status: Status::Missing,
            reason: None,
            metrics: Metrics::default(),
            parameters: Parameters::default(),
            epochs: 0,
            steps: 0,
            test_images: 0,
            train_seconds: 0.0,
            images_per_second: 0.0,
            redundancy: Vec::new(),
            curves: Curves::default(),
            measured: Measured::default(),
            step_losses: Vec::new(),
            provenance: Provenance::default(),
        };
        Self::new(cell, nothing)
    }
}
