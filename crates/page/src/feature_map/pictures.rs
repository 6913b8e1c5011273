//! Three small pictures, the feature maps that four filters make of them, and patterns for an untied bias.

/// Pictures of a batch.
pub(crate) const IMAGES: usize = 3;
/// Filters.
pub(crate) const CHANNELS: usize = 4;
/// Height and width of a feature map.
pub(crate) const SIZE: usize = 6;
/// Height and width of a picture: a 3×3 filter without padding takes two.
const PICTURE: usize = SIZE + 2;

/// A one, a seven and a plus; `#` is 1, `+` is ½.
const PICTURES: [[&str; PICTURE]; IMAGES] = [
    ["        ", "   +#   ", "  ###   ", "   ##   ", "   ##   ", "   ##   ", "  ####+ ", "        "],
    ["        ", " ###### ", " +++##+ ", "    ##  ", "   ##   ", "  +##   ", "  ##    ", "        "],
    ["   ++   ", "   ##   ", "   ##   ", "+######+", "+######+", "   ##   ", "   ##   ", "   ++   "],
];

/// A blur, edges of two kinds, and a spot with dark surroundings; in quarters.
const FILTERS: [[[i8; 3]; 3]; CHANNELS] = [
    [[0, 1, 0], [1, 2, 1], [0, 1, 0]],
    [[1, 2, 1], [0, 0, 0], [-1, -2, -1]],
    [[1, 0, -1], [2, 0, -2], [1, 0, -1]],
    [[-1, -1, -1], [-1, 8, -1], [-1, -1, -1]],
];

/// Of each picture, the elements `[c, y, x]` of its convolution, row-major. Sums of quarters and eighths are exact.
pub(super) fn feature_maps() -> Vec<Vec<f64>> {
    PICTURES.iter().map(|picture| drawn(|c, y, x| convolved(picture, c, y, x))).collect()
}

fn convolved(picture: &[&str; PICTURE], c: usize, y: usize, x: usize) -> f64 {
    let brightness = |y: usize, x: usize| match picture[y].as_bytes()[x] {
        b'#' => 1.0,
        b'+' => 0.5,
        _ => 0.0,
    };
    let window = (0..3).flat_map(|dy| (0..3).map(move |dx| (dy, dx)));
    window.map(|(dy, dx)| f64::from(FILTERS[c][dy][dx]) / 4.0 * brightness(y + dy, x + dx)).sum()
}

/// A tensor `[c, y, x]`, row-major.
pub(super) fn drawn(of: impl Fn(usize, usize, usize) -> f64) -> Vec<f64> {
    let locations = |c| (0..SIZE).flat_map(move |y| (0..SIZE).map(move |x| (c, y, x)));
    (0..CHANNELS).flat_map(locations).map(|(c, y, x)| of(c, y, x)).collect()
}

type Drawing = fn(usize, usize, usize) -> f64;

/// Patterns by name. Not all of them have the mean 0: what of it is constant in a channel is removed like a tied bias.
pub(super) const PATTERNS: [(&str, Drawing); 4] = [
    ("slope", |c, y, x| {
        let along = if c % 2 == 0 { x } else { y };
        (along as f64 - 2.5) / 2.5
    }),
    ("spot", |c, y, x| {
        let [spot_y, spot_x] = [[1, 1], [1, 4], [4, 1], [4, 4]][c];
        match y.abs_diff(spot_y) + x.abs_diff(spot_x) {
            0 => 2.0,
            1 => 1.0,
            _ => 0.0,
        }
    }),
    ("border", |_, y, x| if [y, x].iter().any(|&at| at == 0 || at == SIZE - 1) { -1.0 } else { 0.0 }),
    ("chessboard", |c, y, x| if (c + y + x).is_multiple_of(2) { 0.75 } else { -0.75 }),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_filter_sees_its_window() {
        let maps = feature_maps();
        // The first picture's corner is empty; one step to the right, the blur sees ½ beside and 1 below its middle.
        assert_eq!(maps[0][0..2], [0.0, (0.5 + 1.0) / 4.0]);
        assert_eq!(maps[0].len(), CHANNELS * SIZE * SIZE);
        // The plus is symmetric: its horizontal edges are the transpose of its vertical ones.
        let plus = |c: usize, y: usize, x: usize| maps[2][(c * SIZE + y) * SIZE + x];
        assert!((0..SIZE * SIZE).all(|at| plus(1, at / SIZE, at % SIZE) == -plus(1, SIZE - 1 - at / SIZE, at % SIZE)));
        assert!((0..SIZE * SIZE).all(|at| plus(1, at / SIZE, at % SIZE) == plus(2, at % SIZE, at / SIZE)));
    }
}
