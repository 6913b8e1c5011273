//! Prints which part of a bias is redundant in a layer with 8 channels of 6×5.
#![expect(clippy::print_stdout, reason = "an example shows its result")]

use untied_redundancy::{Bias, BiasTerms, Mode, Normalization, Redundancy, RedundancyError};

fn main() -> Result<(), RedundancyError> {
    let spatial = [6, 5];
    let biases = [Bias::Tied, Bias::UntiedAlong(vec![0]), Bias::Untied];
    let normalizations = [
        (Normalization::Batch, Mode::Training),
        (Normalization::BatchPerActivation, Mode::Training),
        (Normalization::Instance, Mode::Training),
        (Normalization::Group(4), Mode::Training),
        (Normalization::Layer, Mode::Training),
        (Normalization::Rms, Mode::Training),
        (Normalization::None, Mode::Training),
        (Normalization::Batch, Mode::Evaluation),
    ];
    println!("{:<28} {:>12} {:>16} {:>12}", "redundant of all parameters", "tied", "untied along y", "untied");
    for (normalization, mode) in normalizations {
        let mut cells = Vec::new();
        for bias in &biases {
            let map = BiasTerms::new(bias, 8, &spatial)?;
            let redundancy = Redundancy::new(normalization.removed(mode, 8, spatial.iter().product())?, &map)?;
            cells.push(format!("{} of {}", redundancy.dimensions(), redundancy.parameters()));
        }
        let title = normalization.spec().map_or("none", |spec| spec.title);
        println!("{title:<28} {:>12} {:>16} {:>12}", cells[0], cells[1], cells[2]);
    }
    Ok(())
}
