//! Runs that fail rarely, and caveats where none does.

use crate::Coverage;
use crate::looks::name;
use crate::simulated::looks::{DESIGNS, simulate_looks};
use crate::simulated::{COLLAPSES, MARGIN, Noise, Rates, STUDIES, SYMMETRIC, simulate};
use crate::table::{header, percent, row};

const HEAD: &str = "
## Runs that fail rarely

One seed in ten loses ten margins, or one in 20 loses 20, so that the true difference is −margin; the others scatter by 0.2
margins around no difference. No test of a few seeds can see failures that are not among them: the promise of 5 % does **not**
hold. Every such verdict comes with the caveat `collapse`, which says the failure rate that its seeds leave open. (*No caveat*:
the share of studies with a false `equivalent` that lacks it. *Seen*: verdicts other than `equivalent`, with the caveat that a
seed lies far from all others.)
";

const LOOKS: &str = "
The same with seeds that come look by look:

| noise | seeds | `equivalent`, difference of −margin | no caveat |
|---|---|---:|---:|";

const FALSE_ALARMS: &str = "
## Caveats where no run fails

The share of comparisons whose verdict is said to hang on one seed (`one_seed`), and of those that are not equivalent and said
to have a seed far from all others (`collapse`), where every seed scatters alike.
";

pub(crate) fn print() -> Vec<Coverage> {
    println!("{HEAD}\n{}", header("rate"));
    for noise in COLLAPSES {
        let rates = over(noise, -MARGIN);
        print_rows(
            noise.name,
            &rates,
            &[
                ("`equivalent`", |rates| rates.equivalent),
                ("no caveat", |rates| rates.unwarned),
                ("seen", |rates| rates.far),
                ("intervals without the true difference", |rates| 1.0 - rates.covered),
            ],
        );
    }
    println!("{LOOKS}");
    for noise in COLLAPSES {
        for design in DESIGNS {
            let rates = simulate_looks(design, MARGIN, noise, &[-MARGIN], STUDIES);
            let shares = [rates.equivalent, rates.unwarned].map(percent).join(" | ");
            println!("| {} | {} | {shares} |", noise.name, name(design));
        }
    }
    println!("{FALSE_ALARMS}\n{}", header("noise"));
    for noise in [SYMMETRIC[0], SYMMETRIC[1], SYMMETRIC[2], SYMMETRIC[5]] {
        for (difference, words) in [(0.0, "difference 0"), (MARGIN, "difference of the margin")] {
            let rates = over(noise, difference);
            print_rows(
                &format!("{}, {words}", noise.name),
                &rates,
                &[("`one_seed`", |rates| rates.one_seed), ("`collapse`", |rates| rates.far)],
            );
        }
    }
    Vec::new()
}

/// For 2 to 20 seeds.
fn over(noise: Noise, difference: f64) -> Vec<Rates> {
    (2..=20).map(|seeds| simulate(noise, seeds, &[difference])).collect()
}

/// What a row shows of the rates.
type Column = fn(&Rates) -> f64;

fn print_rows(noise: &str, rates: &[Rates], columns: &[(&str, Column)]) {
    for (what, of) in columns {
        let rates: Vec<f64> = rates.iter().map(of).collect();
        println!("{}", row(&format!("{noise}: {what}"), &rates, f64::max));
    }
}
