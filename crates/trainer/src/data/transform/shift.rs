//! Patterns by which images are shifted: one number per location, the same in every channel and every image.

use std::f64::consts::PI;

use untied_study::ShiftPattern;

use crate::random::{Generator, Stream};

/// Waves of a smooth pattern: up to so many half periods along each axis.
const WAVES: usize = 2;

/// The pattern δ of a kind, `[c, h, w]`, with a root mean square of `strength`.
///
/// Uniform: the same everywhere, up for even draws and down for odd ones. Smooth and white patterns have a mean of zero
/// over the locations, so that they hold nothing of a uniform one: any shift is the sum of both.
pub(crate) fn pattern(
    kind: ShiftPattern,
    generator: Generator,
    draw: usize,
    strength: f64,
    [channels, height, width]: [usize; 3],
) -> Vec<f64> {
    let mut stream = generator.stream(&format!("shift/{kind}/{draw}"));
    scaled(plane(kind, &mut stream, draw, height, width), strength).repeat(channels)
}

/// The pattern of one image by its index, where every image has another.
pub(crate) fn changing(
    (generator, draw, strength): (Generator, usize, f64),
    [channels, height, width]: [usize; 3],
    image: usize,
) -> Vec<f64> {
    let mut stream = generator.stream(&format!("shift/changing/{draw}/{image}"));
    scaled(plane(ShiftPattern::Changing, &mut stream, draw, height, width), strength).repeat(channels)
}

fn plane(kind: ShiftPattern, stream: &mut Stream, draw: usize, height: usize, width: usize) -> Vec<f64> {
    match kind {
        ShiftPattern::Uniform => vec![if draw.is_multiple_of(2) { 1.0 } else { -1.0 }; height * width],
        ShiftPattern::Smooth => centred(smooth(stream, height, width)),
        ShiftPattern::White | ShiftPattern::Changing => centred((0..height * width).map(|_| stream.normal()).collect()),
    }
}

/// With a root mean square of `strength`, unless all is 0.
fn scaled(mut plane: Vec<f64>, strength: f64) -> Vec<f64> {
    let square = plane.iter().map(|value| value * value).sum::<f64>() / plane.len() as f64;
    let scale = if square > 0.0 { strength / square.sqrt() } else { 0.0 };
    for value in &mut plane {
        *value *= scale;
    }
    plane
}

fn centred(mut plane: Vec<f64>) -> Vec<f64> {
    let mean = plane.iter().sum::<f64>() / plane.len() as f64;
    for value in &mut plane {
        *value -= mean;
    }
    plane
}

/// Σ a·cos(π·k·(y + ½)/h)·cos(π·l·(x + ½)/w) over k, l up to [`WAVES`] with normal a.
fn smooth(stream: &mut Stream, height: usize, width: usize) -> Vec<f64> {
    let mut plane = vec![0.0; height * width];
    for (k, l) in (0..=WAVES).flat_map(|k| (0..=WAVES).map(move |l| (k, l))).skip(1) {
        let amplitude = stream.normal();
        let wave =
            |at: usize, size: usize, waves: usize| libm::cos(PI * waves as f64 * (at as f64 + 0.5) / size as f64);
        for (place, value) in plane.iter_mut().enumerate() {
            *value += amplitude * wave(place / width, height, k) * wave(place % width, width, l);
        }
    }
    plane
}

#[cfg(test)]
mod tests {
    use super::*;

    const SHAPE: [usize; 3] = [2, 6, 5];

    fn drawn(kind: ShiftPattern, seed: u64, draw: usize) -> Vec<f64> {
        pattern(kind, Generator::new(seed), draw, 1.5, SHAPE)
    }

    fn mean(values: &[f64]) -> f64 {
        values.iter().sum::<f64>() / values.len() as f64
    }

    #[test]
    fn patterns_have_their_strength_and_are_the_same_in_every_channel() {
        for kind in [ShiftPattern::Uniform, ShiftPattern::Smooth, ShiftPattern::White] {
            let values = drawn(kind, 3, 1);
            assert_eq!(values[..30], values[30..], "{kind}");
            let squares: Vec<f64> = values.iter().map(|value| value * value).collect();
            assert!((mean(&squares) - 2.25).abs() < 1e-12, "{kind}");
            assert_eq!(values, drawn(kind, 3, 1), "{kind}");
        }
    }

    #[test]
    fn only_uniform_patterns_move_the_mean() {
        assert_eq!(drawn(ShiftPattern::Uniform, 0, 0), [1.5; 60]);
        assert_eq!(drawn(ShiftPattern::Uniform, 0, 1), [-1.5; 60]);
        for kind in [ShiftPattern::Smooth, ShiftPattern::White] {
            assert!(mean(&drawn(kind, 0, 0)).abs() < 1e-12, "{kind}");
            assert_ne!(drawn(kind, 0, 0), drawn(kind, 0, 1), "{kind}");
            assert_ne!(drawn(kind, 0, 0), drawn(kind, 1, 0), "{kind}");
        }
    }

    #[test]
    fn changing_patterns_are_white_ones_of_their_images() {
        let of = |draw, image| changing((Generator::new(3), draw, 1.5), SHAPE, image);
        let values = of(1, 4);
        let squares: Vec<f64> = values.iter().map(|value| value * value).collect();
        assert!((mean(&squares) - 2.25).abs() < 1e-12 && mean(&values).abs() < 1e-12);
        assert_eq!((&values[..30], &values), (&values[30..], &of(1, 4)));
        assert!(values != of(1, 5) && values != of(0, 4));
        // What they have in common fades as 1/√n: 1.5/20 for 400 images.
        let images: Vec<Vec<f64>> = (0..400).map(|image| of(0, image)).collect();
        let common = (0..60).map(|at| images.iter().map(|image| image[at]).sum::<f64>() / 400.0);
        let common = common.map(|mean| mean * mean).sum::<f64>() / 60.0;
        assert!((common.sqrt() - 0.075).abs() < 0.025, "{}", common.sqrt());
    }

    #[test]
    fn smooth_patterns_change_little_between_neighbours() {
        let shape = [1, 28, 28];
        let roughness = |kind| {
            let values = pattern(kind, Generator::new(5), 0, 1.0, shape);
            let steps = values.windows(2).enumerate().filter(|(at, _)| at % 28 != 27);
            steps.map(|(_, pair)| (pair[1] - pair[0]).powi(2)).sum::<f64>() / (28.0 * 27.0)
        };
        assert!(roughness(ShiftPattern::Smooth) < 0.1);
        assert!(roughness(ShiftPattern::White) > 1.0);
    }

    #[test]
    fn a_single_location_has_no_pattern_but_a_uniform_one() {
        assert_eq!(pattern(ShiftPattern::White, Generator::new(0), 0, 1.0, [1, 1, 1]), [0.0]);
    }
}
