use untied_study::{CanvasConfig, CanvasLabel};

use crate::data::{Dataset, Split};
use crate::random::{Generator, Stream};

/// The classes of [`CanvasLabel::Quadrant`].
const QUADRANTS: [&str; 4] = ["top left", "top right", "bottom left", "bottom right"];

/// Puts every image at a random place of a larger, empty one.
///
/// The places are drawn from a stream of their own for training and for testing, the same for every seed: a canvas is a data
/// set like any other. Checksums stay those of the source. A data set without pixels, of which only the outline is known, stays
/// one.
pub(crate) fn on_canvas(dataset: Dataset, canvas: CanvasConfig) -> Dataset {
    let generator = Generator::new(0);
    let place = |split: &Split, name: &str| placed(split, canvas, &mut generator.stream(name));
    let classes = match canvas.label {
        CanvasLabel::Class => dataset.classes,
        CanvasLabel::Quadrant => QUADRANTS.len(),
    };
    let class_names = match canvas.label {
        CanvasLabel::Class => dataset.class_names,
        CanvasLabel::Quadrant => Some(QUADRANTS.map(str::to_owned).into()),
    };
    Dataset {
        train: place(&dataset.train, "canvas/train"),
        test: place(&dataset.test, "canvas/test"),
        validation: dataset.validation.as_ref().map(|split| place(split, "canvas/validation")),
        classes,
        class_names,
        test_files: dataset.test_files,
        checksums: dataset.checksums,
        notes: dataset.notes,
    }
}

fn placed(split: &Split, canvas: CanvasConfig, stream: &mut Stream) -> Split {
    let size = canvas.size;
    let mut placed = Split::empty([split.channels, size, size]);
    let mut pixels = vec![0; if split.images.is_empty() { 0 } else { placed.image_length() }];
    for index in 0..split.count {
        let corner = [split.height, split.width].map(|side| offset(size - side, canvas.jitter, stream));
        if !pixels.is_empty() {
            draw(split, index, corner, size, &mut pixels);
        }
        let label = match canvas.label {
            CanvasLabel::Class => split.labels[index],
            CanvasLabel::Quadrant => quadrant(split, corner, size),
        };
        placed.push(&pixels, label);
    }
    placed
}

/// Draws one image, with its first row and column at `[top, left]`, on an empty canvas.
fn draw(split: &Split, index: usize, [top, left]: [usize; 2], size: usize, pixels: &mut [u8]) {
    pixels.fill(0);
    for (row, line) in split.image(index).chunks_exact(split.width).enumerate() {
        let (channel, y) = (row / split.height, row % split.height);
        let start = (channel * size + top + y) * size + left;
        pixels[start..start + split.width].copy_from_slice(line);
    }
}

/// The quarter that the middle of an image lies in; the very middle counts as above and to the left.
fn quadrant(split: &Split, [top, left]: [usize; 2], size: usize) -> u8 {
    let beyond = |offset: usize, side: usize| u8::from(2 * offset + side > size);
    2 * beyond(top, split.height) + beyond(left, split.width)
}

/// The first row or column of an image for which `room` is left, at most `jitter` from the middle.
fn offset(room: usize, jitter: Option<usize>, stream: &mut Stream) -> usize {
    let middle = room / 2;
    let least = jitter.map_or(0, |jitter| middle.saturating_sub(jitter));
    let most = jitter.map_or(room, |jitter| room.min(middle + jitter));
    least + stream.below((most - least + 1) as u64) as usize
}

#[cfg(test)]
mod tests {
    use untied_study::DataSource;

    use super::*;

    fn digits(canvas: CanvasConfig) -> (Dataset, Dataset) {
        let digits = crate::data::load(&DataSource::Digits).unwrap();
        (digits.clone(), on_canvas(digits, canvas))
    }

    #[test]
    fn every_pixel_of_an_image_is_on_its_canvas_and_nothing_else() {
        let (digits, placed) = digits(CanvasConfig { size: 16, jitter: None, label: CanvasLabel::Class });
        assert_eq!((placed.test.height, placed.test.width, placed.test.count), (16, 16, digits.test.count));
        let mut corners = std::collections::BTreeSet::new();
        for index in 0..digits.test.count {
            let (small, large) = (digits.test.image(index), placed.test.image(index));
            let found = (0..=8).flat_map(|top| (0..=8).map(move |left| (top, left))).find(|(top, left)| {
                (0..8).all(|row| {
                    let start = (top + row) * 16 + left;
                    large[start..start + 8] == small[8 * row..8 * row + 8]
                })
            });
            corners.insert(found.expect("the image lies somewhere"));
            let sum = |pixels: &[u8]| pixels.iter().map(|&pixel| u64::from(pixel)).sum::<u64>();
            assert_eq!(sum(small), sum(large));
        }
        assert_eq!(placed.test.labels, digits.test.labels);
        assert!(corners.len() > 70, "{} of 81 places", corners.len());
    }

    #[test]
    fn quadrants_are_told_by_where_the_pixels_are() {
        let (_, placed) = digits(CanvasConfig { size: 20, jitter: None, label: CanvasLabel::Quadrant });
        let mut right = 0;
        for index in 0..placed.train.count {
            let weight = |row: bool| {
                let at = |place: usize| if row { place / 20 } else { place % 20 };
                let pixels = || placed.train.image(index).iter().enumerate();
                let all: f64 = pixels().map(|(_, &pixel)| f64::from(pixel)).sum();
                pixels().map(|(place, &pixel)| at(place) as f64 * f64::from(pixel)).sum::<f64>() / all
            };
            let expected = 2 * u8::from(weight(true) > 9.5) + u8::from(weight(false) > 9.5);
            right += usize::from(expected == placed.train.labels[index]);
        }
        // The centre of mass is near the middle of the image, not at it.
        assert!(right as f64 > 0.9 * placed.train.count as f64, "{right} of {}", placed.train.count);
    }

    #[test]
    fn quadrants_are_known_without_a_pixel() {
        let digits = crate::data::load(&DataSource::Digits).unwrap();
        let outline = |split: &Split| Split { images: Vec::new(), ..split.clone() };
        let outlined = Dataset { train: outline(&digits.train), test: outline(&digits.test), ..digits.clone() };
        let canvas = CanvasConfig { size: 20, jitter: Some(3), label: CanvasLabel::Quadrant };
        let [whole, outlined] = [digits, outlined].map(|dataset| on_canvas(dataset, canvas));
        assert_eq!([outline(&whole.train), outline(&whole.test)], [outlined.train, outlined.test]);
        assert_eq!(whole.train.images.len(), 400 * whole.train.count);
    }

    #[test]
    fn jitter_bounds_the_distance_from_the_middle() {
        let mut stream = Generator::new(1).stream("offsets");
        let mut drawn: Vec<usize> = (0..200).map(|_| offset(8, Some(2), &mut stream)).collect();
        drawn.sort_unstable();
        drawn.dedup();
        assert_eq!(drawn, [2, 3, 4, 5, 6]);
        assert!((0..200).all(|_| offset(3, Some(9), &mut stream) <= 3));
    }
}
