//! Random changes of training images, drawn on the host.
//!
//! Each kind of change has a random stream of its own for each epoch and image, so that what an image becomes depends neither
//! on threads, nor on where a run was interrupted, nor on which other changes there are.

mod geometry;

use rayon::prelude::*;
use untied_study::{Augment, Flip};

use super::batch::Input;
use crate::data::Split;
use crate::random::{Generator, Stream};

/// The changes that a config asks for, drawn from a cell's seed.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Augmentation {
    config: Augment,
    generator: Generator,
}

/// What a batch is mixed with: λ of each image, and 1 − λ of another one.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Mixup {
    /// λ
    pub(crate) share: f64,
    /// For each image of the batch, the place in the batch of the other one.
    pub(crate) partners: Vec<usize>,
}

impl Augmentation {
    pub(crate) fn new(config: Augment, generator: Generator) -> Self {
        Self { config, generator }
    }

    /// The changed and standardised images, `[n, c, h, w]`, with the input's shift.
    pub(crate) fn values(&self, input: &Input, split: &Split, indices: &[usize], epoch: usize) -> Vec<f64> {
        let images = indices.par_iter().flat_map_iter(|&index| self.image(input, split, index, epoch));
        images.collect()
    }

    fn image(&self, input: &Input, split: &Split, index: usize, epoch: usize) -> Vec<f64> {
        let stream = |kind: &str| self.generator.stream(&format!("augment/{kind}/{epoch}/{index}"));
        let size = [split.height, split.width];
        let pixels = self.moved(split.image(index).to_vec(), size, &stream);
        let mut values = input.standardisation.image(&pixels, split.height * split.width);
        if let Some(side) = self.config.cutout {
            cut_out(&mut values, size, side, &mut stream("cutout"));
        }
        if let Some(deviation) = self.config.noise {
            let mut stream = stream("noise");
            for value in &mut values {
                *value += deviation * stream.normal();
            }
        }
        if let Some(shift) = &input.shift {
            values.iter_mut().zip(shift).for_each(|(value, shift)| *value += shift);
        }
        values
    }

    /// Changes of where pixels lie, on bytes.
    fn moved(&self, mut pixels: Vec<u8>, size: [usize; 2], stream: &impl Fn(&str) -> Stream) -> Vec<u8> {
        let Augment { flip, rotate, translate, crop, .. } = self.config;
        if let Some(flip) = flip {
            let mut stream = stream("flip");
            let [horizontal, vertical] = [(); 2].map(|()| stream.below(2) == 1);
            geometry::flip(
                &mut pixels,
                size,
                horizontal && flip != Flip::Vertical,
                vertical && flip != Flip::Horizontal,
            );
        }
        if rotate.is_some() || translate.is_some() {
            let degrees = rotate.map_or(0.0, |most| stream("rotate").uniform(-most, most));
            let mut stream = stream("translate");
            let shift = size.map(|side| translate.map_or(0.0, |most| side as f64 * stream.uniform(-most, most)));
            pixels = geometry::turned(&pixels, size, degrees, shift);
        }
        if let Some(padding) = crop {
            let mut stream = stream("crop");
            let offset = [(); 2].map(|()| stream.below(2 * padding as u64 + 1) as isize - padding as isize);
            pixels = geometry::shifted(&pixels, size, offset);
        }
        pixels
    }

    /// What the batch of a step is mixed with, where the config asks for it.
    pub(crate) fn mixup(&self, step: usize, images: usize) -> Option<Mixup> {
        let alpha = self.config.mixup?;
        let mut stream = self.generator.stream(&format!("augment/mixup/{step}"));
        let share = beta(alpha, &mut stream);
        Some(Mixup { share, partners: stream.permutation(images) })
    }
}

impl Mixup {
    /// λ·x + (1 − λ)·x′ of the images of a batch, and the partners x′.
    pub(crate) fn mix(&self, values: &[f64]) -> Vec<f64> {
        let length = values.len() / self.partners.len();
        let partners = self.partners.iter().flat_map(|&partner| &values[partner * length..(partner + 1) * length]);
        values.iter().zip(partners).map(|(own, other)| self.share * own + (1.0 - self.share) * other).collect()
    }
}

/// Zeros, which are the mean of standardised pixels, in a square about some pixel, as far as it lies on the image.
///
/// Source: DeVries, Taylor 2017, Improved regularization of convolutional neural networks with cutout.
fn cut_out(values: &mut [f64], [height, width]: [usize; 2], side: usize, stream: &mut Stream) {
    let range = |middle: usize, length: usize| middle.saturating_sub(side / 2)..(middle + side - side / 2).min(length);
    let rows = range(stream.below(height as u64) as usize, height);
    let columns = range(stream.below(width as u64) as usize, width);
    for plane in values.chunks_exact_mut(height * width) {
        for row in rows.clone() {
            plane[row * width..][columns.clone()].fill(0.0);
        }
    }
}

/// A number from Beta(α, α): u^(1/α)/(u^(1/α) + v^(1/α)) of uniform u and v whose powers add up to 1 at most.
///
/// Source: Jöhnk 1964, Erzeugung von betaverteilten und gammaverteilten Zufallszahlen. In logarithms, since the powers of a
/// small α underflow.
fn beta(alpha: f64, stream: &mut Stream) -> f64 {
    loop {
        let [u, v] = [(); 2].map(|()| libm::log(stream.unit()) / alpha);
        let larger = u.max(v);
        let sum = larger + libm::log(libm::exp(u - larger) + libm::exp(v - larger));
        // Not so where a draw was 0.
        if sum <= 0.0 && sum.is_finite() {
            return libm::exp(u - sum);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::Standardisation;

    /// Digits, standardised.
    fn digits() -> (Input, Split) {
        let data = crate::data::load(&untied_study::DataSource::Digits).unwrap();
        let standardisation = Standardisation::of(&data.train, untied_study::Standardise::Channel).unwrap();
        (Input::new(standardisation, None), data.train)
    }

    fn all() -> Augment {
        Augment {
            flip: Some(Flip::Both),
            rotate: Some(20.0),
            translate: Some(0.1),
            crop: Some(1),
            cutout: Some(3),
            noise: Some(0.1),
            mixup: Some(0.3),
        }
    }

    fn values(config: Augment, indices: &[usize], epoch: usize) -> Vec<f64> {
        let (input, split) = digits();
        Augmentation::new(config, Generator::new(3)).values(&input, &split, indices, epoch)
    }

    #[test]
    fn an_image_changes_by_seed_epoch_and_index_alone() {
        let both = values(all(), &[5, 9], 2);
        assert_eq!(both[64..], values(all(), &[9], 2));
        let pool = rayon::ThreadPoolBuilder::new().num_threads(3).build().unwrap();
        assert_eq!(both, pool.install(|| values(all(), &[5, 9], 2)));
        assert_ne!(both[..64], values(all(), &[5], 3));
        assert_ne!(both[64..], values(all(), &[5], 2));
    }

    #[test]
    fn one_kind_of_change_does_not_move_the_others() {
        let noise = Augment { noise: Some(0.1), ..Augment::default() };
        let cutout = Augment { cutout: Some(3), ..Augment::default() };
        let both = Augment { noise: Some(0.1), cutout: Some(3), ..Augment::default() };
        let [plain, noise, cutout, both] = [Augment::default(), noise, cutout, both].map(|c| values(c, &[7], 1));
        for index in 0..64 {
            let noise = noise[index] - plain[index];
            assert!((both[index] - cutout[index] - noise).abs() < 1e-12, "{index}");
        }
        assert!(cutout.iter().filter(|value| **value == 0.0).count() >= 4);
    }

    #[test]
    fn no_change_is_the_standardised_image() {
        let (input, split) = digits();
        let mut expected: Vec<f64> = Vec::new();
        input.standardisation.fill(&split, &[4, 1], &mut expected);
        assert_eq!(values(Augment::default(), &[4, 1], 1), expected);
    }

    #[test]
    fn half_of_the_images_are_mirrored() {
        let (input, split) = digits();
        let indices: Vec<usize> = (0..400).collect();
        let config = Augment { flip: Some(Flip::Horizontal), ..Augment::default() };
        let flipped = Augmentation::new(config, Generator::new(0)).values(&input, &split, &indices, 1);
        let mut plain: Vec<f64> = Vec::new();
        input.standardisation.fill(&split, &indices, &mut plain);
        let same = flipped.chunks(64).zip(plain.chunks(64)).filter(|(a, b)| a == b).count();
        // Five deviations of √400/2 = 10.
        assert!((150..250).contains(&same), "{same}");
    }

    #[test]
    fn shares_of_mixup_have_the_moments_of_a_beta_distribution() {
        let mut stream = Generator::new(1).stream("beta");
        for alpha in [0.01, 0.2, 1.0, 4.0] {
            let drawn: Vec<f64> = (0..20_000).map(|_| beta(alpha, &mut stream)).collect();
            assert!(drawn.iter().all(|share| (0.0..=1.0).contains(share)));
            let mean = drawn.iter().sum::<f64>() / 20_000.0;
            let variance = drawn.iter().map(|share| (share - 0.5).powi(2)).sum::<f64>() / 20_000.0;
            // Mean ½ and variance 1/(4·(2α + 1)), within five standard errors or so.
            let expected = 0.25 / (2.0 * alpha + 1.0);
            assert!((mean - 0.5).abs() < 5.0 * (expected / 20_000.0).sqrt(), "{alpha}: {mean}");
            assert!((variance / expected - 1.0).abs() < 0.05, "{alpha}: {variance}, {expected}");
        }
    }

    #[test]
    fn a_mixed_batch_is_the_weighted_mean_of_two() {
        let mixup = Mixup { share: 0.75, partners: vec![1, 0, 2] };
        assert_eq!(mixup.mix(&[0.0, 4.0, 8.0, 0.0, 1.0, 1.0]), [2.0, 3.0, 6.0, 1.0, 1.0, 1.0]);
        let augmentation = Augmentation::new(all(), Generator::new(3));
        assert_eq!(augmentation.mixup(7, 20), augmentation.mixup(7, 20));
        assert_ne!(augmentation.mixup(7, 20), augmentation.mixup(8, 20));
    }
}
