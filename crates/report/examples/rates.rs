//! Simulates studies and prints how often their verdicts are wrong, as Markdown:
//! `cargo run --release -p untied-report --example rates > crates/report/RATES.md`.
#![expect(clippy::print_stdout, reason = "its purpose")]

#[path = "rates/looks.rs"]
mod looks;
#[path = "../tests/it/made_up/mod.rs"]
mod made_up;
#[path = "../tests/it/simulated/mod.rs"]
mod simulated;

use simulated::{MARGIN, NARROW, Noise, OTHERS, Rates, SYMMETRIC, simulate, simulate_with};

/// The seeds that have a column of their own.
const SHOWN: [usize; 5] = [2, 3, 5, 10, 20];

const HEAD: &str = "\
# How often verdicts are wrong

Studies are simulated with known true differences and judged by `untied_report::compare`, 10 000 for each number. A verdict
is promised to be wrong in at most 5 % of studies where the noise is symmetric around the true difference: normal, with
heavier tails, or discrete as accuracies are. It is, for 2 to 20 seeds (`tests/it/rates.rs`).

It is **not** where the noise is skewed or takes few values (rows in italics). Then a difference as large as the margin can
be called equivalent far too often: where one seed in ten differs greatly and the others hardly, a handful of seeds shows
nothing but the others. Look at the plot of every seed before you believe an equivalence, and take more seeds.

One comparison a study, test accuracy. σ is the deviation of the paired differences. *Rounded* and *binomial* accuracies are
whole images of the test set. *Worst* is the largest rate (of the coverage: the smallest) of 2 to 20 seeds. Written by
`cargo run --release -p untied-report --example rates > crates/report/RATES.md`.
";

const DIFFERENT: &str = "
## `different` where the true difference is 0

The margin is ±0.001, far inside the scatter, so that nearly every study is left to the t test.
";

const EQUIVALENT: &str = "
## `equivalent` where the true difference is the margin

The margin is ±0.01.
";

const COVERAGE: &str = "
## Coverage of the 95 % interval
";

const SEVERAL: &str = "
## Studies of four comparisons

Against one baseline, with the true differences 0, 0, +margin, −margin: the share of studies with any wrong verdict.
";

fn main() {
    println!("{HEAD}");
    let symmetric = SYMMETRIC.map(|noise| Measured::new(noise, true));
    let others = OTHERS.map(|noise| Measured::new(noise, false));
    let all: Vec<&Measured> = symmetric.iter().chain(&others).collect();
    table(DIFFERENT, &all, |one| &one.different, f64::max);
    table(EQUIVALENT, &all, |one| &one.equivalent, f64::max);
    table(COVERAGE, &all, |one| &one.covered, f64::min);
    println!("{SEVERAL}\n{}", header());
    for noise in [SYMMETRIC[0], SYMMETRIC[1], SYMMETRIC[5]] {
        let rates = over_seeds(|seeds| simulate(noise, seeds, &[0.0, 0.0, MARGIN, -MARGIN]).wrong);
        println!("{}", row(noise.name, &rates, f64::max));
    }
    looks::print();
}

/// The rates of one kind of noise for 2 to 20 seeds.
struct Measured {
    name: String,
    different: Vec<f64>,
    equivalent: Vec<f64>,
    covered: Vec<f64>,
}

impl Measured {
    fn new(noise: Noise, symmetric: bool) -> Self {
        let none: Vec<Rates> = (2..=20).map(|seeds| simulate_with(NARROW, noise, seeds, &[0.0])).collect();
        let name = if symmetric { noise.name.to_owned() } else { format!("*{}*", noise.name) };
        Self {
            name,
            different: none.iter().map(|rates| rates.different).collect(),
            covered: none.iter().map(|rates| rates.covered).collect(),
            equivalent: over_seeds(|seeds| simulate(noise, seeds, &[MARGIN]).equivalent),
        }
    }
}

fn over_seeds(rate: impl Fn(usize) -> f64) -> Vec<f64> {
    (2..=20).map(rate).collect()
}

fn table(title: &str, all: &[&Measured], of: fn(&Measured) -> &Vec<f64>, worst: fn(f64, f64) -> f64) {
    println!("{title}\n{}", header());
    for one in all {
        println!("{}", row(&one.name, of(one), worst));
    }
}

fn header() -> String {
    let seeds: Vec<String> = SHOWN.iter().map(|seeds| format!(" {seeds} seeds |")).collect();
    format!("| noise |{} worst |\n|---|{}", seeds.concat(), "---:|".repeat(SHOWN.len() + 1))
}

fn row(name: &str, rates: &[f64], worst: fn(f64, f64) -> f64) -> String {
    let percent = |rate: f64| format!(" {:.2} % |", 100.0 * rate);
    let shown = SHOWN.map(|seeds| percent(rates[seeds - 2])).concat();
    let worst = rates.iter().copied().reduce(worst).unwrap_or(f64::NAN);
    format!("| {name} |{shown}{}", percent(worst))
}
