//! Changes of where the pixels of an image lie; planes `[c, h, w]`, zeros where nothing was.

/// Mirrors left and right, top and bottom.
pub(super) fn flip(pixels: &mut [u8], [height, width]: [usize; 2], horizontal: bool, vertical: bool) {
    if horizontal {
        pixels.chunks_exact_mut(width).for_each(<[u8]>::reverse);
    }
    if vertical {
        for plane in pixels.chunks_exact_mut(height * width) {
            for row in 0..height / 2 {
                let (above, below) = plane.split_at_mut((height - 1 - row) * width);
                above[row * width..][..width].swap_with_slice(&mut below[..width]);
            }
        }
    }
}

/// Moves by whole pixels, down and to the right.
pub(super) fn shifted(pixels: &[u8], [height, width]: [usize; 2], [down, right]: [isize; 2]) -> Vec<u8> {
    let at = |plane: &[u8], y: usize, x: usize| {
        let source = [(y as isize - down, height), (x as isize - right, width)];
        let inside = source.iter().all(|&(at, side)| (0..side as isize).contains(&at));
        if inside { plane[source[0].0 as usize * width + source[1].0 as usize] } else { 0 }
    };
    let plane = |plane| (0..height).flat_map(move |y| (0..width).map(move |x| at(plane, y, x)));
    pixels.chunks_exact(height * width).flat_map(plane).collect()
}

/// Turns counter-clockwise about the middle, then moves down and to the right, by any part of a pixel: each pixel is the
/// bilinear mean of the four about the point that it comes from, rounded.
pub(super) fn turned(pixels: &[u8], size: [usize; 2], degrees: f64, shift: [f64; 2]) -> Vec<u8> {
    let [height, width] = size;
    let (sine, cosine) = libm::sincos(degrees.to_radians());
    let [middle_y, middle_x] = size.map(|side| (side - 1) as f64 / 2.0);
    let source = |y: usize, x: usize| {
        let (y, x) = (y as f64 - middle_y - shift[0], x as f64 - middle_x - shift[1]);
        [middle_y + cosine * y + sine * x, middle_x + cosine * x - sine * y]
    };
    let points: Vec<[f64; 2]> = (0..height).flat_map(|y| (0..width).map(move |x| source(y, x))).collect();
    let plane = |plane| points.iter().map(move |&point| bilinear(plane, size, point));
    pixels.chunks_exact(height * width).flat_map(plane).collect()
}

fn bilinear(plane: &[u8], [height, width]: [usize; 2], [y, x]: [f64; 2]) -> u8 {
    let (top, left) = (y.floor(), x.floor());
    let pixel = |row: f64, column: f64| {
        let inside = (0.0..height as f64).contains(&row) && (0.0..width as f64).contains(&column);
        if inside { f64::from(plane[row as usize * width + column as usize]) } else { 0.0 }
    };
    let (down, right) = (y - top, x - left);
    let row = |row: f64| (1.0 - right) * pixel(row, left) + right * pixel(row, left + 1.0);
    ((1.0 - down) * row(top) + down * row(top + 1.0)).round() as u8
}

#[cfg(test)]
mod tests {
    use super::*;

    const SIZE: [usize; 2] = [2, 3];
    const IMAGE: [u8; 12] = [1, 2, 3, 4, 5, 6, 11, 12, 13, 14, 15, 16];

    #[test]
    fn mirrors_swap_columns_or_rows_within_planes() {
        let flipped = |horizontal, vertical| {
            let mut pixels = IMAGE;
            flip(&mut pixels, SIZE, horizontal, vertical);
            pixels
        };
        assert_eq!(flipped(false, false), IMAGE);
        assert_eq!(flipped(true, false), [3, 2, 1, 6, 5, 4, 13, 12, 11, 16, 15, 14]);
        assert_eq!(flipped(false, true), [4, 5, 6, 1, 2, 3, 14, 15, 16, 11, 12, 13]);
        assert_eq!(flipped(true, true), [6, 5, 4, 3, 2, 1, 16, 15, 14, 13, 12, 11]);
    }

    #[test]
    fn whole_shifts_bring_in_zeros() {
        assert_eq!(shifted(&IMAGE, SIZE, [0, 0]), IMAGE);
        assert_eq!(shifted(&IMAGE, SIZE, [1, -1]), [0, 0, 0, 2, 3, 0, 0, 0, 0, 12, 13, 0]);
    }

    #[test]
    fn turns_are_those_of_the_plane() {
        let square: Vec<u8> = (1..=9).map(|value| value * 10).collect();
        assert_eq!(turned(&square, [3, 3], 0.0, [0.0, 0.0]), square);
        assert_eq!(turned(&square, [3, 3], 90.0, [0.0, 0.0]), [30, 60, 90, 20, 50, 80, 10, 40, 70]);
        assert_eq!(turned(&square, [3, 3], 180.0, [0.0, 0.0]), square.iter().rev().copied().collect::<Vec<u8>>());
        assert_eq!(turned(&square, [3, 3], 0.0, [1.0, 0.0]), shifted(&square, [3, 3], [1, 0]));
        // Half a pixel to the right: the mean of each pixel and the one to its left.
        assert_eq!(turned(&square, [3, 3], 0.0, [0.0, 0.5]), [5, 15, 25, 20, 45, 55, 35, 75, 85]);
    }
}
