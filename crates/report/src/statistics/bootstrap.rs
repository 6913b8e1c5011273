//! A ratio of means over seeds and draws, with a bootstrap interval over both.

use crate::statistics::random::Generator;

/// Resamples of an interval.
const RESAMPLES: usize = 2000;
/// Seed of every interval's random numbers, so that equal results give equal intervals.
const START: u64 = 0x0B00_7157;

/// Cost of one shift of one model, and how much of it came back.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Pair {
    pub(crate) gained: f64,
    pub(crate) lost: f64,
}

/// Σ gained / Σ lost.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Ratio {
    pub(crate) value: f64,
    /// 95 %; None for fewer than two seeds, or where some resample lost nothing.
    pub(crate) interval: Option<[f64; 2]>,
}

/// The ratio of means over the draws of every seed; None unless something was lost.
///
/// The interval is the 2.5 and 97.5 percentile of resamples: seeds with replacement, and of each of them draws with
/// replacement. A mean of ratios would let the pairs that lost next to nothing decide.
pub(crate) fn ratio(seeds: &[Vec<Pair>]) -> Option<Ratio> {
    let seeds: Vec<&[Pair]> = seeds.iter().map(Vec::as_slice).filter(|draws| !draws.is_empty()).collect();
    let value = quotient(seeds.iter().copied().flatten())?;
    let interval = if seeds.len() < 2 { None } else { resamples(&seeds).and_then(percentiles) };
    Some(Ratio { value, interval })
}

fn resamples(seeds: &[&[Pair]]) -> Option<Vec<f64>> {
    let mut random = Generator::new(START);
    (0..RESAMPLES).map(|_| quotient(resample(seeds, &mut random).iter())).collect()
}

fn resample(seeds: &[&[Pair]], random: &mut Generator) -> Vec<Pair> {
    let mut pairs = Vec::new();
    for _ in seeds {
        let draws = seeds[random.below(seeds.len())];
        pairs.extend((0..draws.len()).map(|_| draws[random.below(draws.len())]));
    }
    pairs
}

fn quotient<'p>(pairs: impl Iterator<Item = &'p Pair>) -> Option<f64> {
    let (gained, lost) = pairs.fold((0.0, 0.0), |(gained, lost), pair| (gained + pair.gained, lost + pair.lost));
    (lost > 0.0).then_some(gained / lost).filter(|ratio| ratio.is_finite())
}

fn percentiles(mut values: Vec<f64>) -> Option<[f64; 2]> {
    values.sort_unstable_by(f64::total_cmp);
    Some([quantile(&values, 0.025)?, quantile(&values, 0.975)?])
}

/// Between the two nearest of the sorted values.
fn quantile(sorted: &[f64], share: f64) -> Option<f64> {
    let index = share * sorted.len().checked_sub(1)? as f64;
    let (below, above) = (*sorted.get(index.floor() as usize)?, *sorted.get(index.ceil() as usize)?);
    Some(below + (above - below) * index.fract())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pair(gained: f64, lost: f64) -> Pair {
        Pair { gained, lost }
    }

    #[test]
    fn a_ratio_of_means_is_not_a_mean_of_ratios() {
        // (0.1 + 0.3 + 0.0 + 0.2) / (0.2 + 0.4 + 0.1 + 0.3); the mean of the ratios is 0.479
        let seeds = [vec![pair(0.1, 0.2), pair(0.3, 0.4)], vec![pair(0.0, 0.1), pair(0.2, 0.3)]];
        let all = ratio(&seeds).unwrap();
        assert!((all.value - 0.6).abs() < 1e-12, "{all:?}");
        // Seeds alone: 4/6 and 2/4; their draws: 1/2 to 3/4 and 0 to 2/3.
        let [low, high] = all.interval.unwrap();
        assert!((0.0..0.5).contains(&low) && (0.667..=0.75).contains(&high), "{all:?}");
    }

    #[test]
    fn equal_shares_have_an_interval_of_no_width() {
        let seeds: Vec<Vec<Pair>> = (1..=5).map(|n| vec![pair(0.25 * f64::from(n), f64::from(n)); 3]).collect();
        assert_eq!(ratio(&seeds), Some(Ratio { value: 0.25, interval: Some([0.25, 0.25]) }));
    }

    #[test]
    fn too_little_gives_no_interval() {
        assert_eq!(ratio(&[]), None);
        assert_eq!(ratio(&[vec![pair(0.1, 0.0)]]), None);
        assert_eq!(ratio(&[vec![pair(0.1, 0.2), pair(0.3, 0.4)]]).unwrap().interval, None);
        assert_eq!(ratio(&[vec![pair(0.1, 0.5)], vec![pair(0.1, -0.1)]]).unwrap().interval, None);
        assert_eq!(ratio(&[vec![pair(f64::NAN, 0.5)]]), None);
    }

    /// Draws vary about their seed, seeds about the true share of 0.6.
    fn simulated(random: &mut Generator, seeds: usize) -> Vec<Vec<Pair>> {
        let normal = |random: &mut Generator| (0..12).map(|_| random.unit()).sum::<f64>() - 6.0;
        let seed = |random: &mut Generator| {
            let share = 0.6 + 0.1 * normal(random);
            let draw = |random: &mut Generator| {
                let lost = 0.2 + 0.1 * random.unit();
                pair(lost * share + 0.02 * normal(random), lost)
            };
            (0..4).map(|_| draw(random)).collect()
        };
        (0..seeds).map(|_| seed(random)).collect()
    }

    /// The share of 400 simulated studies whose interval holds the truth.
    fn coverage(seeds: usize) -> f64 {
        let mut random = Generator::new(1);
        let covers = |study: Vec<Vec<Pair>>| ratio(&study).unwrap().interval.is_some_and(|[l, h]| l <= 0.6 && 0.6 <= h);
        (0..400).filter(|_| covers(simulated(&mut random, seeds))).count() as f64 / 400.0
    }

    #[test]
    fn intervals_cover_what_they_promise_but_for_few_seeds() {
        let [few, many] = [5, 10].map(coverage);
        assert!((0.80..0.95).contains(&few), "{few}");
        assert!((0.90..=0.98).contains(&many), "{many}");
    }

    #[test]
    fn equal_results_give_equal_intervals() {
        let study = simulated(&mut Generator::new(2), 6);
        assert_eq!(ratio(&study), ratio(&study.clone()));
    }
}
