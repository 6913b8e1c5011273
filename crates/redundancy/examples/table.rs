//! Prints which part of a bias is redundant in a layer with 8 channels of 6×5.
#![expect(clippy::print_stdout, reason = "an example shows its result")]

use untied_redundancy::{BiasShape, Normalization, Redundancy, RedundancyError};

fn main() -> Result<(), RedundancyError> {
    let spatial = [6, 5];
    let biases =
        [BiasShape::tied(8, &spatial)?, BiasShape::untied_along(8, &spatial, &[0])?, BiasShape::untied(8, &spatial)?];
    let normalizations = [
        Normalization::BatchPerChannel,
        Normalization::BatchPerActivation,
        Normalization::Instance,
        Normalization::Group { groups: 4 },
        Normalization::Layer,
        Normalization::Rms,
        Normalization::None,
        Normalization::BatchFrozen,
    ];
    println!("{:<28} {:>12} {:>16} {:>12}", "redundant of all numbers", "tied", "untied along y", "untied");
    for normalization in normalizations {
        let mut cells = Vec::new();
        for bias in &biases {
            let redundancy = Redundancy::new(normalization, bias)?;
            cells.push(format!("{} of {}", redundancy.dimensions(), redundancy.numbers()));
        }
        println!("{normalization:<28} {:>12} {:>16} {:>12}", cells[0], cells[1], cells[2]);
    }
    Ok(())
}
