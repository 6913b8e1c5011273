//! `vary.seeds = { first = 5, step = 5, most = 30 }`: seeds that come look by look.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::fault::Fault;

/// A group-sequential design: the first seeds of every variant are trained, then the comparisons are looked at, and so on
/// with more seeds until each has its verdict.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Sequential {
    /// Seeds at the first look; at least 2.
    pub first: usize,
    /// Seeds that each further look adds; at least 1.
    pub step: usize,
    /// Seeds at the last look, however few `step` leaves for it; more than `first`.
    pub most: usize,
}

impl Sequential {
    /// Checks the numbers; a study may have so many seeds.
    pub(crate) fn check(self, most_seeds: usize) -> Result<(), Fault> {
        let Self { first, step, most } = self;
        let least = "2 or more: one pair of runs has no interval";
        Fault::require(first >= 2, "vary.seeds.first", least, first)?;
        Fault::require(step >= 1, "vary.seeds.step", "1 or more", step)?;
        let more = format!("more than `first`, {first}; `seeds = {first}` trains as many without looks");
        Fault::require(most > first, "vary.seeds.most", more, most)?;
        Fault::require(most <= most_seeds, "vary.seeds.most", format!("at most {most_seeds}"), most)
    }

    /// The number of seeds at each look, in ascending order: 5, 10, …, 30.
    ///
    /// ```
    /// let seeds = untied_study::Sequential { first: 3, step: 4, most: 12 };
    /// assert!(seeds.looks().eq([3, 7, 11, 12]));
    /// ```
    pub fn looks(self) -> impl DoubleEndedIterator<Item = usize> + ExactSizeIterator + Clone {
        let Self { first, step, most } = self;
        let looks = self.look_of(most - 1) + 1;
        (0..looks).map(move |look| most.min(first + look * step))
    }

    /// The look, from 0, that needs the seed at this position of the list of seeds.
    #[must_use]
    pub fn look_of(self, position: usize) -> usize {
        (position + self.step).saturating_sub(self.first) / self.step
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_seed_belongs_to_the_first_look_that_has_it() {
        for (first, step, most) in [(5, 5, 30), (3, 3, 12), (2, 1, 20), (3, 4, 12), (4, 100, 5), (2, 7, 30)] {
            let design = Sequential { first, step, most };
            assert_eq!(design.check(100), Ok(()));
            let looks: Vec<usize> = design.looks().collect();
            assert_eq!((looks[0], *looks.last().unwrap()), (first, most));
            assert!(looks.windows(2).all(|two| two[0] < two[1] && two[1] <= two[0] + step), "{looks:?}");
            for seed in 0..most {
                assert_eq!(
                    Some(design.look_of(seed)),
                    looks.iter().position(|seeds| seed < *seeds),
                    "{seed} {looks:?}"
                );
            }
        }
    }
}
