//! The cells of one variant: all seeds of one combination of factors.

use untied_study::{CellRecord, Factors, Metric, Parameters, Status};

use crate::results::first_seen::group;
use crate::statistics::student::{Sample, sample};

/// One combination of factors with the cells of all its seeds.
#[derive(Debug)]
pub(crate) struct Variant<'a> {
    pub(crate) factors: &'a Factors,
    pub(crate) cells: Vec<&'a CellRecord>,
}

/// The variants in grid order.
pub(crate) fn variants(cells: &[CellRecord]) -> Vec<Variant<'_>> {
    let variants = group(cells.iter().map(|cell| (&cell.factors, cell)));
    variants.into_iter().map(|(factors, cells)| Variant { factors, cells }).collect()
}

impl<'a> Variant<'a> {
    pub(crate) fn finished(&self) -> impl Iterator<Item = &'a CellRecord> {
        self.cells.iter().copied().filter(|cell| cell.status == Status::Finished)
    }

    /// The metric of every finished seed.
    pub(crate) fn values(&self, metric: Metric) -> Vec<f64> {
        self.finished().filter_map(|cell| value(cell, metric)).collect()
    }

    pub(crate) fn sample(&self, metric: Metric) -> Option<Sample> {
        sample(&self.values(metric))
    }

    /// Higher is better; a variant without the metric comes last.
    pub(crate) fn rank(&self, metric: Metric) -> f64 {
        let mean = self.sample(metric).map(|sample| sample.mean);
        mean.map_or(f64::NEG_INFINITY, |mean| if metric == Metric::TestAccuracy { mean } else { -mean })
    }

    /// Mean training speed of the finished seeds.
    pub(crate) fn images_per_second(&self) -> Option<f64> {
        let speeds: Vec<f64> =
            self.finished().map(|cell| cell.images_per_second).filter(|speed| *speed > 0.0).collect();
        sample(&speeds).map(|sample| sample.mean)
    }

    /// Equal for all seeds; known once a run started.
    pub(crate) fn parameters(&self) -> Option<Parameters> {
        self.cells.iter().map(|cell| cell.parameters).find(|parameters| parameters.total > 0)
    }
}

/// The metric of a finished cell.
pub(crate) fn value(cell: &CellRecord, metric: Metric) -> Option<f64> {
    if cell.status == Status::Finished { cell.metrics.get(metric).filter(|value| value.is_finite()) } else { None }
}
