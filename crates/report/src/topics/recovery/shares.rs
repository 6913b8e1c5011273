//! The cost of shifted images, and the shares of it that an adapted first bias brings back.

use untied_study::{Adaptation, Adapting, CellRecord, Factors, Metric, NormStatistics, ShiftPattern};

use crate::results::View;
use crate::results::first_seen::{FirstSeen, group};
use crate::results::variant::{Variant, value};
use crate::statistics::ratio::{Ratio, Recovered, ratio};

/// Accuracy that a shift must cost on average: a share of less is mostly noise.
pub(crate) const LEAST_LOST: f64 = 0.05;
/// A mean of accuracies may miss a bound by rounding.
const ROUNDING: f64 = 1e-9;

/// The recovery of every variant that adapted to shifted images.
pub(crate) struct Recovery<'v, 'a> {
    view: &'v View<'a>,
    /// In grid order; empty where nothing adapted.
    pub(crate) settings: Vec<Setting<'a>>,
    /// Patterns that the study has.
    pub(crate) patterns: Vec<ShiftPattern>,
    /// The largest number of images that any bias was adapted on.
    pub(crate) most_images: Option<usize>,
}

/// One variant that evaluates with one kind of statistics.
#[derive(Debug)]
pub(crate) struct Setting<'a> {
    pub(crate) factors: &'a Factors,
    pub(crate) statistics: NormStatistics,
    /// By pattern, then by strength.
    pub(crate) shifts: Vec<Shift>,
}

/// One pattern and strength over all seeds and draws.
#[derive(Debug)]
pub(crate) struct Shift {
    pub(crate) pattern: ShiftPattern,
    pub(crate) strength: f64,
    /// Mean of the clean accuracy less that of the unadapted model with its trained statistics.
    pub(crate) lost: f64,
    /// Empty where too little was lost.
    pub(crate) adapted: Vec<Adapted>,
    /// Recovery by an untied bias less that by a tied one, adapted alike.
    pub(crate) advantages: Vec<(Fit, Ratio)>,
    /// Recovery by an exactly adapted untied bias less that by the best tied one.
    pub(crate) over_best: Option<Ratio>,
}

/// Way of fitting a bias, and the number of images that it was fitted on.
pub(crate) type Fit = (Adapting, Option<usize>);

/// The best that was found on the test images themselves, of a tied bias alone.
pub(crate) const BEST: Fit = (Adapting::Best, None);

/// Bias that was adapted, and how it was fitted.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) struct Method {
    pub(crate) bias: String,
    pub(crate) fit: Fit,
}

/// Recovery by one method.
#[derive(Debug)]
pub(crate) struct Adapted {
    pub(crate) method: Method,
    pub(crate) accuracy: Ratio,
    /// None where the loss did not grow.
    pub(crate) loss: Option<Ratio>,
}

/// One draw of a shift on one model: accuracy and loss each.
struct Draw {
    lost: [f64; 2],
    /// The least difference that each metric can resolve.
    resolution: [f64; 2],
    gained: Vec<(Method, [f64; 2])>,
}

impl<'v, 'a> Recovery<'v, 'a> {
    pub(crate) fn new(view: &'v View<'a>) -> Self {
        let both = [NormStatistics::Trained, NormStatistics::Reestimated];
        let settings: Vec<Setting<'a>> = view
            .variants
            .iter()
            .flat_map(|variant| both.into_iter().filter_map(|statistics| setting(variant, statistics)))
            .collect();
        let shifts = || settings.iter().flat_map(|setting| &setting.shifts);
        let patterns = [ShiftPattern::Uniform, ShiftPattern::Smooth, ShiftPattern::White, ShiftPattern::Changing];
        let occurs = |pattern: &ShiftPattern| shifts().any(|shift| shift.pattern == *pattern);
        Self {
            view,
            patterns: patterns.into_iter().filter(occurs).collect(),
            most_images: shifts().flat_map(|shift| &shift.adapted).filter_map(|adapted| adapted.method.fit.1).max(),
            settings,
        }
    }

    /// Every setting with each of its shifts.
    pub(crate) fn shifts(&self) -> impl Iterator<Item = (&Setting<'a>, &Shift)> {
        self.settings.iter().flat_map(|setting| setting.shifts.iter().map(move |shift| (setting, shift)))
    }

    /// `norm batch · padding same · re-estimated statistics`; the statistics only where they differ.
    pub(crate) fn label(&self, setting: &Setting<'_>) -> String {
        let variant = self.view.labels.of(setting.factors);
        let differ = self.settings.iter().any(|setting| setting.statistics == NormStatistics::Reestimated);
        let statistics = match setting.statistics {
            _ if !differ => "",
            NormStatistics::Trained => "trained statistics",
            NormStatistics::Reestimated => "re-estimated statistics",
        };
        [variant.as_str(), statistics].into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join(" · ")
    }
}

impl Setting<'_> {
    /// The strongest shift of a pattern that cost enough.
    pub(crate) fn strongest(&self, pattern: ShiftPattern) -> Option<&Shift> {
        self.shifts.iter().rev().find(|shift| shift.pattern == pattern && shift.costs_enough())
    }
}

impl Shift {
    pub(crate) fn costs_enough(&self) -> bool {
        self.lost >= LEAST_LOST - ROUNDING
    }

    pub(crate) fn adapted(&self, bias: &str, fit: Fit) -> Option<&Adapted> {
        self.adapted.iter().find(|one| one.method.bias == bias && one.method.fit == fit)
    }

    pub(crate) fn advantage(&self, fit: Fit) -> Option<Ratio> {
        self.advantages.iter().find(|(of, _)| *of == fit).map(|(_, ratio)| *ratio)
    }
}

fn setting<'a>(variant: &Variant<'a>, statistics: NormStatistics) -> Option<Setting<'a>> {
    let entries = variant.finished().flat_map(|cell| cell.measured.adaptations.iter().map(move |one| (cell, one)));
    let shifts = group(entries.map(|(cell, one)| ((one.pattern, one.strength.to_bits()), (cell, one))));
    let mut shifts: Vec<Shift> = shifts.iter().filter_map(|(_, members)| shift(statistics, members)).collect();
    shifts.sort_by(|a, b| (a.pattern as u8).cmp(&(b.pattern as u8)).then(a.strength.total_cmp(&b.strength)));
    (!shifts.is_empty()).then_some(Setting { factors: variant.factors, statistics, shifts })
}

/// None where nothing was evaluated with these statistics, or no reference.
fn shift(statistics: NormStatistics, members: &[(&CellRecord, &Adaptation)]) -> Option<Shift> {
    let draws = group(members.iter().map(|&(cell, one)| ((cell.seed, one.draw), (cell, one))));
    let draws = draws.iter().filter_map(|((seed, _), draw)| Some((*seed, self::draw(statistics, draw)?)));
    let seeds: Vec<Vec<Draw>> = group(draws).into_iter().map(|(_, draws)| draws).collect();
    let lost: Vec<f64> = seeds.iter().flatten().map(|draw| draw.lost[0]).collect();
    let first = members.first()?.1;
    let mut shift = Shift {
        pattern: first.pattern,
        strength: first.strength,
        lost: lost.iter().sum::<f64>() / lost.len() as f64,
        adapted: Vec::new(),
        advantages: Vec::new(),
        over_best: None,
    };
    if shift.costs_enough() {
        shift.adapted = adapted(&seeds);
        shift.advantages = advantages(&seeds, &shift.adapted);
        shift.over_best = advantage(&seeds, (Adapting::Exact, None), BEST);
    }
    shift.lost.is_finite().then_some(shift)
}

/// None without the reference: the tied bias as it was trained, with the trained statistics.
fn draw(statistics: NormStatistics, members: &[(&CellRecord, &Adaptation)]) -> Option<Draw> {
    let (cell, _) = members.first()?;
    let is_reference = |one: &Adaptation| one.statistics == NormStatistics::Trained && is_unadapted(one);
    let (_, reference) = members.iter().find(|(_, one)| is_reference(one))?;
    let here = |one: &&Adaptation| one.statistics == statistics && !is_reference(one);
    let gained: Vec<(Method, [f64; 2])> = members
        .iter()
        .map(|(_, one)| *one)
        .filter(here)
        .map(|one| (method(one), [one.accuracy - reference.accuracy, reference.loss - one.loss]))
        .collect();
    let clean = [value(cell, Metric::TestAccuracy)?, value(cell, Metric::TestLoss)?];
    let lost = [clean[0] - reference.accuracy, reference.loss - clean[1]];
    let resolution = [accuracy_resolution(cell), (reference.loss.abs() * 2f64.powi(-24)).max(f64::EPSILON)];
    (!gained.is_empty()).then_some(Draw { lost, resolution, gained })
}

/// One test image; one rounding of a 32-bit number where their number is not known.
fn accuracy_resolution(cell: &CellRecord) -> f64 {
    if cell.test_images > 0 { 1.0 / cell.test_images as f64 } else { 2f64.powi(-24) }
}

fn is_unadapted(one: &Adaptation) -> bool {
    one.adapting == Adapting::Nothing && one.bias == "tied"
}

fn method(one: &Adaptation) -> Method {
    Method { bias: one.bias.clone(), fit: (one.adapting, one.images) }
}

fn adapted(seeds: &[Vec<Draw>]) -> Vec<Adapted> {
    let mut methods = FirstSeen::new();
    for (method, _) in seeds.iter().flatten().flat_map(|draw| &draw.gained) {
        methods.number(method.clone());
    }
    let recovered = |method: &Method, metric: usize| share(seeds, metric, |draw| draw.gained(method, metric));
    let one = |method: Method| Some(Adapted { accuracy: recovered(&method, 0)?, loss: recovered(&method, 1), method });
    methods.into_values().into_iter().filter_map(one).collect()
}

/// Every fit that both biases were adapted by.
fn advantages(seeds: &[Vec<Draw>], adapted: &[Adapted]) -> Vec<(Fit, Ratio)> {
    let one = |one: &Adapted| Some((one.method.fit, advantage(seeds, one.method.fit, one.method.fit)?));
    adapted.iter().filter(|one| one.method.bias == "untied").filter_map(one).collect()
}

/// Recovery by an untied bias that is fitted by one way less that by a tied one that is fitted by another.
fn advantage(seeds: &[Vec<Draw>], untied: Fit, tied: Fit) -> Option<Ratio> {
    let [untied, tied] = [("untied", untied), ("tied", tied)].map(|(bias, fit)| Method { bias: bias.into(), fit });
    share(seeds, 0, |draw: &Draw| Some(draw.gained(&untied, 0)? - draw.gained(&tied, 0)?))
}

/// The share of what all seeds lost that all seeds gained; its residuals vary by the metric's resolution at least.
fn share(seeds: &[Vec<Draw>], metric: usize, gained: impl Fn(&Draw) -> Option<f64>) -> Option<Ratio> {
    let one = |draw: &Draw| Some(Recovered { gained: gained(draw)?, lost: draw.lost[metric] });
    let shares: Vec<Vec<Recovered>> = seeds.iter().map(|draws| draws.iter().filter_map(one).collect()).collect();
    let floor = seeds.iter().flatten().map(|draw| draw.resolution[metric]).fold(0.0, f64::max);
    ratio(&shares, floor)
}

impl Draw {
    fn gained(&self, method: &Method, metric: usize) -> Option<f64> {
        self.gained.iter().find(|(of, _)| of == method).map(|(_, gained)| gained[metric])
    }
}
