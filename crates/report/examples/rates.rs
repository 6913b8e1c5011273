//! Simulates studies and prints how often their verdicts are wrong and their intervals right, as Markdown:
//! `cargo run --release -p untied-report --example rates > crates/report/RATES.md`.
//!
//! Names of parts (`seeds`, `failures`, `looks`, `images`, `ratios`) print those alone.
#![expect(clippy::print_stdout, reason = "its purpose")]

#[path = "rates/failures.rs"]
mod failures;
#[path = "rates/images.rs"]
mod images;
#[path = "rates/looks.rs"]
mod looks;
#[path = "../tests/it/made_up/mod.rs"]
mod made_up;
#[path = "rates/ratios.rs"]
mod ratios;
#[path = "rates/seeds.rs"]
mod seeds;
#[path = "../tests/it/simulated/mod.rs"]
mod simulated;
#[path = "rates/table.rs"]
mod table;

use table::percent;

const HEAD: &str = "\
# How often verdicts are wrong, and intervals right

Studies are simulated with known true differences and judged by `untied_report::compare`, 10 000 for each number. A verdict
is promised to be wrong in at most 5 % of studies where the noise is symmetric around the true difference: normal, with
heavier tails, or discrete as accuracies are. It is, for 2 to 20 seeds, with all seeds at once and look by look, on these test
images and over new ones (`tests/it/rates.rs`, `looks.rs` and `images.rs` hold these rates). What chance adds to a rate of 5 %
of 10 000 studies is 0.22 points, one standard error.

It is **not** where the noise is skewed or takes few values (rows in italics), nor where runs fail rarely. Then a difference as
large as the margin can be called equivalent far too often: where one seed in ten loses much and the others nothing, a handful
of seeds shows nothing but the others. Reports say so with every such verdict: look at the plot of every seed before you
believe an equivalence, and take more seeds.

Written by `cargo run --release -p untied-report --example rates > crates/report/RATES.md`.
";

const INTERVALS: &str = "
## Every kind of interval, at five seeds

The smallest coverage of all kinds of noise above but those in italics: the share of 95 % intervals that hold the true value,
of 10 000 studies each, 1000 on 10 000 images.

| interval | coverage |
|---|---:|";

/// A kind of interval, and the smallest share at five seeds that hold the true value.
pub(crate) type Coverage = (&'static str, f64);

type Part = fn() -> Vec<Coverage>;

const PARTS: [(&str, Part); 5] = [
    ("seeds", seeds::print),
    ("failures", failures::print),
    ("looks", looks::print),
    ("images", images::print),
    ("ratios", ratios::print),
];

fn main() {
    let asked: Vec<String> = std::env::args().skip(1).collect();
    if !asked.is_empty() {
        PARTS.iter().filter(|(name, _)| asked.iter().any(|one| one == name)).for_each(|(_, print)| drop(print()));
        return;
    }
    println!("{HEAD}");
    let intervals: Vec<Coverage> = PARTS.iter().flat_map(|(_, print)| print()).collect();
    println!("{INTERVALS}");
    for (kind, covered) in intervals {
        println!("| {kind} | {} |", percent(covered));
    }
}
