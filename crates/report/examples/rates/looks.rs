//! The rates of studies whose seeds come look by look, as tables.

use untied_study::Sequential;

use crate::Coverage;
use crate::simulated::looks::{DESIGNS, LookRates, simulate_by_hand, simulate_looks};
use crate::simulated::{MARGIN, NARROW, Noise, OTHERS, STUDIES, SYMMETRIC};
use crate::table::{percent, smallest};

const DESIGNED: &str = "
## Seeds that come look by look

`vary.seeds = { first, step, most }`, one comparison a study: it ends with its verdict, or at `most` seeds. *Seeds* is the mean
number of seeds that a comparison without a difference takes, margin ±0.01.

| noise | seeds | `different`, difference 0 | `equivalent`, difference of the margin | coverage | seeds |
|---|---|---:|---:|---:|---:|";

const SEVERAL: &str = "
Studies of four comparisons with the true differences 0, 0, +margin, −margin: the share with any wrong verdict, and the mean
number of seeds of a comparison.

| noise | seeds | any wrong verdict | seeds |
|---|---|---:|---:|";

const BY_HAND: &str = "
## Seeds that are added by hand

A study with a fixed number of seeds and one comparison, to which somebody adds seeds until there is a verdict: what the
caveat `looks` is about. Each row is the design that does the same with its error rates kept.

| noise | seeds | looks | `different`, difference 0 | `equivalent`, difference of the margin |
|---|---|---:|---:|---:|";

pub(crate) fn print() -> Vec<Coverage> {
    println!("{DESIGNED}");
    let covered = SYMMETRIC.map(|noise| DESIGNS.map(|design| print_designed(noise, "", design)));
    for noise in OTHERS {
        for design in DESIGNS {
            print_designed(noise, "*", design);
        }
    }
    println!("{SEVERAL}");
    for noise in [SYMMETRIC[0], SYMMETRIC[1], SYMMETRIC[5]] {
        for design in DESIGNS {
            let rates = simulate_looks(design, MARGIN, noise, &[0.0, 0.0, MARGIN, -MARGIN], STUDIES);
            println!("| {} | {} | {} | {:.1} |", noise.name, name(design), percent(rates.wrong), rates.seeds);
        }
    }
    println!("{BY_HAND}");
    for noise in [SYMMETRIC[0], SYMMETRIC[1], SYMMETRIC[5]] {
        for design in [Sequential { first: 5, step: 5, most: 10 }].into_iter().chain(DESIGNS) {
            println!("{}", by_hand(noise, design));
        }
    }
    vec![("over seeds, look by look (5, 10, …, 30)", smallest(covered.map(|covered| covered[1])))]
}

/// Prints the rates of a design, and returns how many of its intervals hold the true difference.
fn print_designed(noise: Noise, emphasis: &str, design: Sequential) -> f64 {
    let LookRates { different, covered, .. } = simulate_looks(design, NARROW, noise, &[0.0], STUDIES);
    let equivalent = simulate_looks(design, MARGIN, noise, &[MARGIN], STUDIES).equivalent;
    let seeds = simulate_looks(design, MARGIN, noise, &[0.0], STUDIES).seeds;
    let rates = [different, equivalent, covered].map(percent).join(" | ");
    println!("| {emphasis}{}{emphasis} | {} | {rates} | {seeds:.1} |", noise.name, name(design));
    covered
}

fn by_hand(noise: Noise, design: Sequential) -> String {
    let different = simulate_by_hand(design, NARROW, noise, 0.0, STUDIES).different;
    let equivalent = simulate_by_hand(design, MARGIN, noise, MARGIN, STUDIES).equivalent;
    let rates = [different, equivalent].map(percent).join(" | ");
    format!("| {} | {} | {} | {rates} |", noise.name, name(design), design.looks().len())
}

/// `3, 6, …, 12`, or `5, 10` where that is all.
pub(crate) fn name(design: Sequential) -> String {
    let Sequential { first, step, most } = design;
    let second = first + step;
    if second == most { format!("{first}, {most}") } else { format!("{first}, {second}, …, {most}") }
}
