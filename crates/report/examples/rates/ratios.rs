//! Coverage of the intervals of recovered shares.

use crate::Coverage;
use crate::simulated::STUDIES;
use crate::simulated::ratios::{SCENES, coverage};
use crate::table::{at, header, over_seeds, row, smallest};

const HEAD: &str = "
## Recovered shares

Coverage of the 95 % interval of a ratio (Student's t of the linearised ratio with residuals of the jackknife, by
`untied_report::ratio`): the share of an accuracy lost by a shift that an adapted bias brings back, two draws of the shift a
seed, accuracies in whole images of 1000 (`tests/it/simulated/ratios.rs`).
";

pub(crate) fn print() -> Vec<Coverage> {
    println!("{HEAD}\n{}", header("shares"));
    let covered = SCENES.map(|scene| over_seeds(|seeds| coverage(scene, seeds, STUDIES)));
    for (scene, covered) in SCENES.iter().zip(&covered) {
        println!("{}", row(scene.name, covered, f64::min));
    }
    vec![("of recovered shares, over seeds", smallest(covered.iter().map(|covered| at(covered, 5))))]
}
