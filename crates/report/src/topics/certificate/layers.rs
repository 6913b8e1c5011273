//! The certificate of every layer of a variant, over its finished seeds.

use untied_redundancy::{CERTIFICATE_FACTOR, Finding};
use untied_study::{CertificateRecord, LayerRedundancy};

use crate::document::names::clean;
use crate::results::first_seen::group;
use crate::results::variant::Variant;
use crate::statistics::student::sample;

/// One layer of one variant over its finished seeds.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct LayerCertificate {
    /// With `, batch norm frozen` for the steps after it was.
    pub(crate) layer: String,
    /// Whether it is of those steps: the redundant part of the norms is what was redundant before.
    pub(crate) frozen: bool,
    pub(crate) bias_parameters: usize,
    pub(crate) predicted_redundant: usize,
    /// None where a seed's results are of an older version, without a record of single sets.
    pub(crate) sets: Option<Sets>,
    /// Over the whole layer, averaged over the measured steps: a description.
    pub(crate) norms: Norms,
}

/// The redundant sets of one layer, over its seeds.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Sets {
    pub(crate) finding: Finding,
    /// The worst ratio of every seed that has one.
    pub(crate) worst_ratios: Vec<f64>,
    pub(crate) count: usize,
    /// Most of a seed.
    pub(crate) without_evidence: usize,
    pub(crate) path: String,
}

/// L2 norms of a layer's bias gradient, means over the seeds.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Norms {
    pub(crate) gradient: f64,
    pub(crate) redundant: f64,
    pub(crate) round_off: f64,
    /// Gradient ÷ round-off of every seed that has a round-off.
    pub(crate) gradient_ratios: Vec<f64>,
    /// Redundant part ÷ round-off, likewise.
    pub(crate) redundant_ratios: Vec<f64>,
    /// Whether some seed's gradient, redundant or not, is more than rounding.
    pub(crate) more_than_rounding: bool,
}

impl LayerCertificate {
    /// The finding; none where a part is redundant by theory and some seed's results have no record of single sets.
    pub(crate) fn finding(&self) -> Option<Finding> {
        let by_theory = (self.predicted_redundant == 0).then_some(Finding::AtWork);
        self.sets.as_ref().map(|sets| sets.finding).or(by_theory)
    }

    /// Whether a part that theory does not call redundant has a gradient above rounding.
    pub(crate) fn is_at_work(&self) -> bool {
        self.predicted_redundant < self.bias_parameters && self.norms.more_than_rounding
    }

    /// The finding in a few words.
    pub(crate) fn in_words(&self) -> String {
        match (self.finding(), &self.sets) {
            (None, _) => "no record per set".into(),
            (Some(Finding::NoEvidence), Some(sets)) => {
                format!("no evidence in {} of {} sets", sets.without_evidence, sets.count)
            }
            (Some(Finding::AtWork), _) if !self.is_at_work() => "nothing redundant".into(),
            (Some(Finding::Certified), _) if self.is_at_work() => "certified, rest at work".into(),
            (Some(finding), _) => finding.to_string(),
        }
    }

    /// The largest ratio of redundant gradient to round-off: of a set at a step, or of an older version's whole layer.
    pub(crate) fn largest_ratio(&self) -> Option<f64> {
        self.redundant_ratios().iter().copied().reduce(f64::max)
    }

    /// By seed; none where nothing is redundant.
    pub(crate) fn redundant_ratios(&self) -> &[f64] {
        match &self.sets {
            Some(sets) => &sets.worst_ratios,
            None if self.predicted_redundant > 0 => &self.norms.redundant_ratios,
            None => &[],
        }
    }
}

/// The layers of a variant in the order of the model; empty where no finished run has a bias.
pub(crate) fn certificates(variant: &Variant<'_>) -> Vec<LayerCertificate> {
    let layers =
        group(variant.finished().flat_map(|cell| &cell.redundancy).map(|one| ((one.layer.as_str(), one.frozen), one)));
    layers.into_iter().filter_map(|(layer, seeds)| certificate(layer, &seeds)).collect()
}

fn certificate((layer, frozen): (&str, bool), seeds: &[&LayerRedundancy]) -> Option<LayerCertificate> {
    let first = seeds.first()?;
    let records: Option<Vec<&CertificateRecord>> = seeds.iter().map(|seed| seed.certificate.as_ref()).collect();
    Some(LayerCertificate {
        layer: if frozen { format!("{layer}, batch norm frozen") } else { layer.to_owned() },
        frozen,
        bias_parameters: first.bias_parameters,
        predicted_redundant: first.predicted_redundant,
        sets: records.and_then(|records| sets(&records)),
        norms: norms(seeds)?,
    })
}

fn sets(records: &[&CertificateRecord]) -> Option<Sets> {
    Some(Sets {
        finding: records.iter().map(|record| record.finding).reduce(Finding::and)?,
        worst_ratios: records.iter().filter_map(|record| record.worst_ratio).collect(),
        count: records.first()?.sets,
        without_evidence: records.iter().map(|record| record.sets_without_evidence).max()?,
        path: clean(&records.first()?.path),
    })
}

fn norms(seeds: &[&LayerRedundancy]) -> Option<Norms> {
    let mean =
        |of: fn(&LayerRedundancy) -> f64| Some(sample(&seeds.iter().map(|seed| of(seed)).collect::<Vec<_>>())?.mean);
    let ratios = |of: fn(&LayerRedundancy) -> f64| {
        let ratio = |seed: &&&LayerRedundancy| of(seed) / seed.round_off;
        seeds.iter().filter(|seed| seed.round_off > 0.0).map(|seed| ratio(&seed)).filter(|r| r.is_finite()).collect()
    };
    Some(Norms {
        gradient: mean(|seed| seed.gradient_norm)?,
        redundant: mean(|seed| seed.redundant_gradient_norm)?,
        round_off: mean(|seed| seed.round_off)?,
        gradient_ratios: ratios(|seed| seed.gradient_norm),
        redundant_ratios: ratios(|seed| seed.redundant_gradient_norm),
        more_than_rounding: seeds.iter().any(|seed| seed.gradient_norm > CERTIFICATE_FACTOR * seed.round_off),
    })
}
