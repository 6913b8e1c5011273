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
    let mut plane = match kind {
        ShiftPattern::Uniform => vec![if draw.is_multiple_of(2) { 1.0 } else { -1.0 }; height * width],
        ShiftPattern::Smooth => centred(smooth(&mut stream, height, width)),
        ShiftPattern::White => centred((0..height * width).map(|_| stream.normal()).collect()),
    };
    let square = plane.iter().map(|value| value * value).sum::<f64>() / plane.len() as f64;
    let scale = if square > 0.0 { strength / square.sqrt() } else { 0.0 };
    for value in &mut plane {
        *value *= scale;
    }
    plane.repeat(channels)
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
