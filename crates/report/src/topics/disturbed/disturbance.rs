//! The ways in which test images are disturbed, as data.

use untied_study::Measured;

/// A way in which test images are disturbed, by some amount.
pub(crate) struct Disturbance {
    /// Of the section and the plot.
    pub(super) id: &'static str,
    /// The plot's.
    pub(super) file: &'static str,
    pub(super) title: &'static str,
    pub(super) introduction: &'static str,
    /// Heads the column of the amounts.
    pub(super) column: &'static str,
    /// The unit of the plot's axis.
    pub(super) unit: &'static str,
    /// Whether amounts are whole numbers.
    pub(super) whole: bool,
    pub(super) caption: &'static str,
    pub(super) plot_title: &'static str,
    pub(super) plot_caption: &'static str,
    pub(super) alt: &'static str,
    /// How often each test image is seen: an accuracy is a mean over so many of them.
    pub(super) repeats: f64,
    /// Amounts above 0, and the accuracy at each.
    pub(super) accuracies: fn(&Measured) -> Vec<(f64, f64)>,
}

/// `measure.translate`.
pub(crate) const TRANSLATION: Disturbance = Disturbance {
    id: "translation",
    file: "translation.svg",
    title: "Test images moved",
    introduction: "The test images are moved by some pixels to each of the four sides; what leaves the image is lost, and what \
                   comes in is empty. A bias that differs from location to location does not move with them.",
    column: "Pixels",
    unit: "pixels",
    whole: true,
    caption: "Accuracy by distance, mean over the four sides and the finished seeds; differences are paired by seed, and their \
              intervals not adjusted for their number.",
    plot_title: "Accuracy on moved test images",
    plot_caption: "Means over the finished seeds; at 0 pixels the plain test accuracy. Bands are 95 % intervals of the mean, \
                   which hold the spread between seeds that paired differences are free of.",
    alt: "Line plots of the accuracy by the distance that the test images were moved, one line a variant. The table of moved \
          images has the numbers.",
    repeats: 4.0,
    accuracies: |measured| measured.translated.iter().map(|one| (one.pixels as f64, one.accuracy)).collect(),
};

/// `measure.noise`.
pub(crate) const NOISE: Disturbance = Disturbance {
    id: "noise",
    file: "noise.svg",
    title: "Test images with noise",
    introduction: "Normal noise, independent for each pixel, is added to the test images, the same noise for every variant of a \
                   seed; strengths are its standard deviations, in those of the pixels.",
    column: "Noise",
    unit: "standard deviation of the noise",
    whole: false,
    caption: "Accuracy by the strength of the noise, mean over the finished seeds; differences are paired by seed, and their \
              intervals not adjusted for their number.",
    plot_title: "Accuracy on test images with noise",
    plot_caption: "Means over the finished seeds; without noise the plain test accuracy. Bands are 95 % intervals of the mean, \
                   which hold the spread between seeds that paired differences are free of.",
    alt: "Line plots of the accuracy by the strength of the noise that was added to the test images, one line a variant. The \
          table of images with noise has the numbers.",
    repeats: 1.0,
    accuracies: |measured| measured.noisy.iter().map(|one| (one.strength, one.accuracy)).collect(),
};
