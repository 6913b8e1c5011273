//! The biases that are drawn as images, their values turned into a few colours.

use untied_study::BiasMap;

use crate::chart::STEPS;
use crate::results::variant::Variant;

/// Drawn at most: variants, layers of each, channels of each.
pub(crate) const VARIANTS: usize = 6;
const LAYERS: usize = 2;
pub(crate) const CHANNELS: usize = 8;

/// The first channels of one layer's bias in one run.
pub(crate) struct Images<'a> {
    pub(crate) layer: &'a str,
    pub(crate) rows: usize,
    pub(crate) columns: usize,
    /// Channels of the whole bias.
    pub(crate) channels: usize,
    /// The largest |value| of those shown: the ends of the colours.
    pub(crate) scale: f64,
    /// The colour of each location, row by row, one list a channel.
    pub(crate) colours: Vec<Vec<usize>>,
}

/// The layers whose bias differs between locations, of the variant's first run with maps; its seed comes along.
pub(crate) fn images<'a>(variant: &Variant<'a>) -> Option<(u64, Vec<Images<'a>>)> {
    let cell = variant.finished().find(|cell| !cell.measured.bias_maps.is_empty())?;
    let layers: Vec<Images<'_>> = cell.measured.bias_maps.iter().filter_map(layer).take(LAYERS).collect();
    (!layers.is_empty()).then_some((cell.seed, layers))
}

fn layer(map: &BiasMap) -> Option<Images<'_>> {
    let [channels, rows, columns] = map.shape;
    let size = rows * columns;
    if size < 2 || map.values.len() != channels * size || map.values.iter().any(|value| !value.is_finite()) {
        return None;
    }
    let shown = &map.values[..channels.min(CHANNELS) * size];
    let scale = shown.iter().fold(0.0, |largest: f64, value| largest.max(value.abs()));
    let colours =
        shown.chunks(size).map(|channel| channel.iter().map(|value| colour(*value, scale)).collect()).collect();
    Some(Images { layer: &map.layer, rows, columns, channels, scale, colours })
}

/// The number of a colour of the [`STEPS`]; zero is its middle.
fn colour(value: f64, scale: f64) -> usize {
    let middle = (STEPS / 2) as f64;
    if scale > 0.0 { (middle + (value / scale * middle).round()) as usize } else { middle as usize }
}

/// A path of horizontal strokes, one unit a location: the runs of one colour.
pub(crate) fn strokes(image: &[usize], columns: usize, colour: usize) -> String {
    image.chunks(columns).enumerate().map(|(row, line)| row_strokes(row, line, colour)).collect()
}

fn row_strokes(row: usize, line: &[usize], colour: usize) -> String {
    let (mut path, mut column, mut pen) = (String::new(), 0, None);
    for run in line.chunk_by(|a, b| a == b) {
        if run[0] == colour {
            let start = pen.map_or_else(|| format!("M{column} {row}.5"), |pen| format!("m{} 0", column - pen));
            path.extend([start, format!("h{}", run.len())]);
            pen = Some(column + run.len());
        }
        column += run.len();
    }
    path
}

/// The colour that most locations have.
pub(crate) fn background(image: &[usize]) -> usize {
    let count = |colour: usize| image.iter().filter(|one| **one == colour).count();
    (0..STEPS).max_by_key(|colour| count(*colour)).unwrap_or(STEPS / 2)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn zero_is_neutral_and_the_ends_are_the_largest_value() {
        let middle = STEPS / 2;
        assert_eq!([0.0, 0.3, -0.3].map(|value| colour(value, 0.3)), [middle, STEPS - 1, 0]);
        assert_eq!(colour(0.0, 0.0), middle);
    }

    #[test]
    fn equal_neighbours_are_one_stroke() {
        let image = [1, 1, 2, 1, 2, 2, 2, 2];
        assert_eq!(strokes(&image, 4, 1), "M0 0.5h2m1 0h1");
        assert_eq!(strokes(&image, 4, 2), "M2 0.5h1M0 1.5h4");
        assert_eq!(background(&image), 2);
    }

    #[test]
    fn only_whole_maps_that_differ_between_locations_are_drawn() {
        let map = |shape: [usize; 3], values: Vec<f64>| BiasMap { layer: "block1".into(), shape, values };
        assert!(layer(&map([2, 1, 1], vec![0.1; 2])).is_none());
        assert!(layer(&map([2, 2, 1], vec![0.1; 3])).is_none());
        assert!(layer(&map([1, 2, 1], vec![0.1, f64::NAN])).is_none());
        let map = map([9, 2, 1], vec![0.1; 18]);
        let drawn = layer(&map).unwrap();
        assert_eq!((drawn.colours.len(), drawn.channels), (8, 9));
    }
}
