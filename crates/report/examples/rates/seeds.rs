//! The rates of studies with a fixed number of seeds.

use crate::Coverage;
use crate::simulated::{MARGIN, NARROW, Noise, OTHERS, Rates, SYMMETRIC, simulate, simulate_with};
use crate::table::{Worst, at, header, over_seeds, row, smallest};

const HEAD: &str = "
## All seeds at once

One comparison a study, test accuracy. σ is the deviation of the paired differences. *Rounded* and *binomial* accuracies are
whole images of the test set. *Worst* is the largest rate (of the coverage: the smallest) of 2 to 20 seeds.";

const DIFFERENT: &str = "
### `different` where the true difference is 0

The margin is ±0.001, far inside the scatter, so that nearly every study is left to the t test.
";

const EQUIVALENT: &str = "
### `equivalent` where the true difference is the margin

The margin is ±0.01.
";

const COVERAGE: &str = "
### Coverage of the 95 % interval
";

const SEVERAL: &str = "
### Studies of four comparisons

Against one baseline, with the true differences 0, 0, +margin, −margin: the share of studies with any wrong verdict.
";

pub(crate) fn print() -> Vec<Coverage> {
    let symmetric = SYMMETRIC.map(|noise| Measured::new(noise, ""));
    let others = OTHERS.map(|noise| Measured::new(noise, "*"));
    let all: Vec<&Measured> = symmetric.iter().chain(&others).collect();
    println!("{HEAD}");
    table(DIFFERENT, &all, |one| &one.different, f64::max);
    table(EQUIVALENT, &all, |one| &one.equivalent, f64::max);
    table(COVERAGE, &all, |one| &one.covered, f64::min);
    println!("{SEVERAL}\n{}", header("noise"));
    for noise in [SYMMETRIC[0], SYMMETRIC[1], SYMMETRIC[5]] {
        let rates = over_seeds(|seeds| simulate(noise, seeds, &[0.0, 0.0, MARGIN, -MARGIN]).wrong);
        println!("{}", row(noise.name, &rates, f64::max));
    }
    vec![("over seeds", smallest(symmetric.iter().map(|one| at(&one.covered, 5))))]
}

/// The rates of one kind of noise for 2 to 20 seeds.
struct Measured {
    name: String,
    different: Vec<f64>,
    equivalent: Vec<f64>,
    covered: Vec<f64>,
}

impl Measured {
    fn new(noise: Noise, emphasis: &str) -> Self {
        let none: Vec<Rates> = (2..=20).map(|seeds| simulate_with(NARROW, noise, seeds, &[0.0])).collect();
        Self {
            name: format!("{emphasis}{}{emphasis}", noise.name),
            different: none.iter().map(|rates| rates.different).collect(),
            covered: none.iter().map(|rates| rates.covered).collect(),
            equivalent: over_seeds(|seeds| simulate(noise, seeds, &[MARGIN]).equivalent),
        }
    }
}

fn table(title: &str, all: &[&Measured], of: fn(&Measured) -> &Vec<f64>, worst: Worst) {
    println!("{title}\n{}", header("noise"));
    for one in all {
        println!("{}", row(&one.name, of(one), worst));
    }
}
