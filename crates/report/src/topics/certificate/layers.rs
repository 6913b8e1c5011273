//! The certificate of every layer of a variant, over its finished seeds.

use untied_redundancy::CERTIFICATE_FACTOR;
use untied_study::LayerRedundancy;

use crate::results::first_seen::group;
use crate::results::variant::Variant;
use crate::statistics::student::sample;

/// One layer of one variant over its finished seeds.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct LayerCertificate {
    pub(crate) layer: String,
    pub(crate) bias_parameters: usize,
    pub(crate) predicted_redundant: usize,
    /// Means over the seeds.
    pub(crate) gradient_norm: f64,
    pub(crate) redundant_gradient_norm: f64,
    pub(crate) round_off: f64,
    /// Gradient norm ÷ round-off of every seed that has a round-off.
    pub(crate) gradient_ratios: Vec<f64>,
    /// Redundant gradient norm ÷ round-off, likewise.
    pub(crate) redundant_ratios: Vec<f64>,
    pub(crate) finding: Finding,
}

/// Finding of a certificate.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Finding {
    /// All parameters of the bias are redundant, and its gradient is rounding in every seed.
    Certified,
    /// The redundant part is certified; the rest of the gradient is far above rounding.
    CertifiedRestAtWork,
    /// A part was predicted to be redundant, but some seed's gradient there is more than rounding.
    NotCertified,
    /// Nothing was predicted to be redundant, and the gradient is far above rounding.
    AtWork,
    /// Nothing was predicted to be redundant.
    NothingToCertify,
}

impl Finding {
    /// The name, where the table beside has the rest.
    pub(crate) fn short(self) -> &'static str {
        match self {
            Self::CertifiedRestAtWork => "certified, rest at work",
            Self::AtWork => "at work",
            Self::Certified | Self::NotCertified | Self::NothingToCertify => self.name(),
        }
    }

    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Certified => "certified",
            Self::CertifiedRestAtWork => "certified, the rest at work",
            Self::NotCertified => "not certified",
            Self::AtWork => "nothing to certify, at work",
            Self::NothingToCertify => "nothing to certify",
        }
    }
}

/// The layers of a variant in the order of the model; empty where no finished run has a bias.
pub(crate) fn certificates(variant: &Variant<'_>) -> Vec<LayerCertificate> {
    let layers = group(variant.finished().flat_map(|cell| &cell.redundancy).map(|one| (one.layer.as_str(), one)));
    layers.into_iter().filter_map(|(name, seeds)| certificate(name, &seeds)).collect()
}

fn certificate(layer: &str, seeds: &[&LayerRedundancy]) -> Option<LayerCertificate> {
    let first = seeds.first()?;
    let mean =
        |of: fn(&LayerRedundancy) -> f64| Some(sample(&seeds.iter().map(|seed| of(seed)).collect::<Vec<_>>())?.mean);
    let ratios = |of: fn(&LayerRedundancy) -> f64| {
        let ratio = |seed: &&&LayerRedundancy| of(seed) / seed.round_off;
        seeds.iter().filter(|seed| seed.round_off > 0.0).map(|seed| ratio(&seed)).filter(|r| r.is_finite()).collect()
    };
    Some(LayerCertificate {
        layer: layer.to_owned(),
        bias_parameters: first.bias_parameters,
        predicted_redundant: first.predicted_redundant,
        gradient_norm: mean(|seed| seed.gradient_norm)?,
        redundant_gradient_norm: mean(|seed| seed.redundant_gradient_norm)?,
        round_off: mean(|seed| seed.round_off)?,
        gradient_ratios: ratios(|seed| seed.gradient_norm),
        redundant_ratios: ratios(|seed| seed.redundant_gradient_norm),
        finding: finding(seeds, first),
    })
}

fn finding(seeds: &[&LayerRedundancy], first: &LayerRedundancy) -> Finding {
    let rounding = |of: fn(&LayerRedundancy) -> f64| seeds.iter().all(|s| of(s) <= CERTIFICATE_FACTOR * s.round_off);
    let redundant_is_rounding = rounding(|seed| seed.redundant_gradient_norm);
    let all_is_rounding = rounding(|seed| seed.gradient_norm);
    match first.predicted_redundant {
        0 if all_is_rounding => Finding::NothingToCertify,
        0 => Finding::AtWork,
        _ if !redundant_is_rounding => Finding::NotCertified,
        predicted if predicted < first.bias_parameters && !all_is_rounding => Finding::CertifiedRestAtWork,
        _ => Finding::Certified,
    }
}
