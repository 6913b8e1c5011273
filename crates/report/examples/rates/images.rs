//! The rates of intervals and verdicts over seeds and test images.

use crate::Coverage;
use crate::simulated::images::{Rates, SCENES, Scene, simulate};
use crate::table::{SHOWN, percent, smallest};

/// Studies per rate, and of the largest test set.
const STUDIES: usize = 10_000;
const FEWER: usize = 1_000;
/// A true difference that is the margin.
const MARGIN: f64 = 0.02;
/// A margin far below the scatter.
const NARROW: f64 = 0.0005;

const HEAD: &str = "
## Over seeds and test images

Here both are drawn: whether a variant answers an image rightly depends on the image's difficulty, on how the treatment suits
it, on the seed and on chance (`tests/it/simulated/images.rs`). The true difference is that over all seeds and images there could
be. *Discordant*: the share of answers that differ between the two variants of a seed. 10 000 studies for each number, 1000 of
those on 10 000 images, with `compare.over = \"seeds_and_images\"`.";

type Row = (Scene, [Rates; SHOWN.len()]);

pub(crate) fn print() -> Vec<Coverage> {
    println!("{HEAD}");
    let none = SCENES.map(|scene| simulated(scene, 0.0, NARROW));
    let margin = SCENES.map(|scene| simulated(scene, MARGIN, MARGIN));
    table("Coverage of the 95 % interval on new images, true difference 0", &none, |rates| rates.covered);
    table("The same, true difference 0.02", &margin, |rates| rates.covered);
    table("Of the interval on these images, which promises nothing of new ones", &none, |rates| rates.covered_by_seeds);
    table("`different` where the true difference is 0, margin ±0.0005", &none, |rates| rates.different);
    table("`equivalent` where the true difference is the margin, 0.02", &margin, |rates| rates.equivalent);
    let five = SHOWN.iter().position(|seeds| *seeds == 5).expect("five seeds");
    let covered = none.iter().chain(&margin).map(|(_, rates)| rates[five].covered);
    vec![("over seeds and test images", smallest(covered))]
}

fn simulated(scene: Scene, difference: f64, margin: f64) -> Row {
    let studies = if scene.images > 1000 { FEWER } else { STUDIES };
    (scene, SHOWN.map(|seeds| simulate(scene, seeds, difference, margin, studies)))
}

fn table(title: &str, rows: &[Row], of: fn(&Rates) -> f64) {
    let seeds: Vec<String> = SHOWN.iter().map(|seeds| format!(" {seeds} seeds |")).collect();
    println!("\n### {title}\n\n| answers | discordant |{}", seeds.concat());
    println!("|---|---:|{}", "---:|".repeat(SHOWN.len()));
    for (scene, rates) in rows {
        let cells = rates.each_ref().map(|rates| format!(" {} |", percent(of(rates)))).concat();
        println!("| {} | {:.1} % |{cells}", scene.name, 100.0 * rates[0].discordant);
    }
}
