//! Confusion matrices as squares.

use untied_study::Confusion;

use crate::chart::{Colour, SHARE_STEPS, Square};
use crate::document::number::count;

/// Classes of a matrix that is drawn, and of one with its counts in it.
pub(crate) const DRAWN: usize = 40;
const WRITTEN: usize = 12;

/// The squares of a matrix: their colours the share of a class's images, which are written in the squares of few classes.
pub(crate) fn squares(confusion: &Confusion, writes: bool) -> Vec<Vec<Square>> {
    let writes = writes && confusion.classes() <= WRITTEN;
    let row = |class: usize| {
        let images = confusion.images(class).max(1) as f64;
        let square = |(answer, &found): (usize, &u32)| Square {
            colour: Colour::Share(step(f64::from(found) / images)),
            text: if writes && found > 0 { count(found as usize) } else { String::new() },
            bold: class == answer,
        };
        confusion.rows()[class].iter().enumerate().map(square).collect()
    };
    (0..confusion.classes()).map(row).collect()
}

/// The step of a share: 0 for none, the others for quarters, so that a single image shows.
fn step(share: f64) -> usize {
    (share * (SHARE_STEPS - 1) as f64).ceil() as usize
}

/// The pairs of a class and another answer, those with the most images first.
pub(crate) fn most_confused(confusion: &Confusion) -> Vec<([usize; 2], u32)> {
    let rows = confusion.rows().iter().enumerate();
    let pairs =
        rows.flat_map(|(class, row)| row.iter().enumerate().map(move |(answer, &found)| ([class, answer], found)));
    let mut pairs: Vec<_> = pairs.filter(|([class, answer], found)| class != answer && *found > 0).collect();
    pairs.sort_by_key(|&(_, found)| std::cmp::Reverse(found));
    pairs
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_single_image_shows_and_all_are_the_last_step() {
        assert_eq!([0.0, 0.001, 0.25, 0.26, 1.0].map(step), [0, 1, 1, 2, SHARE_STEPS - 1]);
    }
}
