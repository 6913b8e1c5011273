//! Which locations the registers of a product hold.
//!
//! A register takes in locations that lie next to each other in the padded source, so that it is read from where it
//! is; what lies between two rows comes along for nothing. Where that would waste too much, as for tiny images and for
//! strides, locations are packed densely instead, over several images, and their patches copied.

use std::ops::Range;

use super::grid::{Grid, Run};

/// Neighbouring locations of an image in one register.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Piece {
    /// Its image, counted from the first one of the period.
    pub(super) image: usize,
    /// The number in the register of the first one.
    pub(super) lane: usize,
    pub(super) len: usize,
    /// Where the patch of the first one begins in its padded image.
    pub(super) from: usize,
    /// Where the output of the first one lies in its image.
    pub(super) to: usize,
}

/// The registers of one period of images, after which they repeat.
#[derive(Debug)]
pub(super) struct Strips {
    pieces: Vec<Piece>,
    /// Where the pieces of each register end.
    ends: Vec<usize>,
    /// Images of a period.
    pub(super) period: usize,
    /// Whether registers are read from the source.
    pub(super) in_place: bool,
}

impl Strips {
    /// The cheaper ones for so many filters, with `lanes` numbers in a register.
    pub(super) fn new(source: &Grid, output: &Grid, images: usize, lanes: usize, filters: usize) -> Self {
        let rows = rows(source, output);
        let locations = source.locations();
        // Until registers are filled, or what is left of the last one matters little.
        let period = (1..images)
            .find(|images| (images * locations).is_multiple_of(lanes) || images * locations > 64 * lanes)
            .unwrap_or(images);
        if source.step() == 1 {
            let in_place = Self::in_place(&rows, lanes, output.step());
            let packed = (period * locations).div_ceil(lanes);
            let copies = packed + period * rows.len();
            // A filter's multiplication takes half a cycle, a copy two.
            if period * in_place.count() * filters <= packed * filters + 4 * copies {
                return in_place;
            }
        }
        Self::packed(&rows, period, lanes, [source.step(), output.step()])
    }

    /// Registers without gaps.
    fn packed(rows: &[Row], period: usize, lanes: usize, [step, to_step]: [usize; 2]) -> Self {
        let mut strips = Self { pieces: Vec::new(), ends: Vec::new(), period, in_place: false };
        let mut lane = 0;
        for image in 0..period {
            for row in rows {
                let mut done = 0;
                while done < row.len {
                    if lane == lanes {
                        strips.ends.push(strips.pieces.len());
                        lane = 0;
                    }
                    let len = (row.len - done).min(lanes - lane);
                    let (from, to) = (row.from + done * step, row.to + done * to_step);
                    strips.pieces.push(Piece { image, lane, len, from, to });
                    (lane, done) = (lane + len, done + len);
                }
            }
        }
        strips.ends.push(strips.pieces.len());
        strips
    }

    /// Each register begins at the first location that none before it holds.
    fn in_place(rows: &[Row], lanes: usize, to_step: usize) -> Self {
        let mut strips = Self { pieces: Vec::new(), ends: Vec::new(), period: 1, in_place: true };
        let mut first: Option<usize> = None;
        for row in rows {
            let mut done = 0;
            while done < row.len {
                let from = row.from + done;
                let lane = match first {
                    Some(first) if from < first + lanes => from - first,
                    _ => {
                        if first.replace(from).is_some() {
                            strips.ends.push(strips.pieces.len());
                        }
                        0
                    }
                };
                let len = (row.len - done).min(lanes - lane);
                strips.pieces.push(Piece { image: 0, lane, len, from, to: row.to + done * to_step });
                done += len;
            }
        }
        strips.ends.push(strips.pieces.len());
        strips
    }

    /// Registers of a period.
    pub(super) fn count(&self) -> usize {
        self.ends.len()
    }

    /// Registers that so many images need, through all periods.
    pub(super) fn all(&self, images: usize) -> usize {
        let (whole, rest) = (images / self.period, images % self.period);
        let of_rest = (0..self.count()).take_while(|&strip| self.pieces(strip)[0].image < rest).count();
        whole * self.count() + of_rest
    }

    /// The pieces of a period's register.
    pub(super) fn pieces(&self, strip: usize) -> &[Piece] {
        let first = if strip == 0 { 0 } else { self.ends[strip - 1] };
        &self.pieces[first..self.ends[strip]]
    }

    /// The images of some registers, counted through all periods.
    pub(super) fn images(&self, strips: &Range<usize>, all: usize) -> Range<usize> {
        let pieces = |strip: usize| (strip / self.count() * self.period, self.pieces(strip % self.count()));
        let (first, firsts) = pieces(strips.start);
        let (last, lasts) = pieces(strips.end - 1);
        first + firsts[0].image..all.min(last + lasts[lasts.len() - 1].image + 1)
    }
}

/// Locations that are neighbours in the source and in the output.
#[derive(Debug, Clone, Copy)]
struct Row {
    from: usize,
    to: usize,
    len: usize,
}

/// The rows of one image.
fn rows(source: &Grid, output: &Grid) -> Vec<Row> {
    let [sources, outputs] = [source, output].map(|grid| {
        let mut runs = Vec::new();
        grid.runs(0, grid.locations(), &mut runs);
        runs
    });
    let (mut rows, mut at) = (Vec::new(), 0);
    let (mut sources_left, mut outputs_left) = (&sources[..], &outputs[..]);
    while let ([from, ..], [to, ..]) = (sources_left, outputs_left) {
        let end = |run: &Run| run.at + run.len;
        let until = end(from).min(end(to));
        rows.push(Row {
            from: from.start + (at - from.at) * source.step(),
            to: to.start + (at - to.at) * output.step(),
            len: until - at,
        });
        at = until;
        if end(from) == at {
            sources_left = &sources_left[1..];
        }
        if end(to) == at {
            outputs_left = &outputs_left[1..];
        }
    }
    rows
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Images of 3 × 3 locations in planes of 5 × 5, registers of 4 numbers.
    fn grids() -> [Grid; 2] {
        [Grid::new([1, 3, 3], [25, 5, 1], 25, 0), Grid::planes([1, 3, 3], 1)]
    }

    fn places(strips: &Strips, strip: usize) -> Vec<(usize, usize, usize, usize, usize)> {
        strips.pieces(strip).iter().map(|piece| (piece.image, piece.lane, piece.len, piece.from, piece.to)).collect()
    }

    #[test]
    fn registers_in_place_begin_at_a_location_and_skip_what_lies_between_rows() {
        let [source, output] = grids();
        assert!(!Strips::new(&source, &output, 8, 4, 64).in_place, "a quarter of the registers would be wasted");
        let strips = Strips::new(&source, &output, 1, 4, 64);
        assert!(strips.in_place);
        assert_eq!((strips.count(), strips.period), (3, 1));
        assert_eq!(places(&strips, 0), [(0, 0, 3, 0, 0)]);
        assert_eq!(places(&strips, 1), [(0, 0, 3, 5, 3)]);
        let strips = Strips::in_place(&rows(&source, &output), 8, 1);
        assert_eq!(strips.count(), 2);
        assert_eq!(places(&strips, 0), [(0, 0, 3, 0, 0), (0, 5, 3, 5, 3)]);
    }

    #[test]
    fn packed_registers_have_no_gaps_and_go_on_in_the_next_image() {
        let [source, output] = grids();
        let strips = Strips::packed(&rows(&source, &output), 4, 4, [1, 1]);
        assert_eq!((strips.count(), strips.period), (9, 4));
        assert_eq!(places(&strips, 0), [(0, 0, 3, 0, 0), (0, 3, 1, 5, 3)]);
        assert_eq!(places(&strips, 2), [(0, 0, 1, 12, 8), (1, 1, 3, 0, 0)]);
        let all: usize = (0..9).flat_map(|strip| strips.pieces(strip)).map(|piece| piece.len).sum();
        assert_eq!(all, 4 * 9);
    }

    #[test]
    fn a_task_pads_only_the_images_of_its_registers() {
        let [source, output] = grids();
        let strips = Strips::in_place(&rows(&source, &output), 4, 1);
        assert_eq!(strips.images(&(0..9), 3), 0..3);
        assert_eq!(strips.images(&(3..6), 3), 1..2);
        assert_eq!(strips.images(&(4..5), 3), 1..2);
        assert_eq!(strips.images(&(4..7), 3), 1..3);
        let strips = Strips::packed(&rows(&source, &output), 4, 4, [1, 1]);
        assert_eq!(strips.images(&(9..18), 6), 4..6);
        assert_eq!(strips.images(&(3..5), 6), 1..3);
        // The last period begins with the fifth image, of whose nine locations the third register holds the last.
        assert_eq!(strips.all(5), 9 + 3);
        assert_eq!(strips.images(&(11..12), 5), 4..5);
        assert_eq!(strips.all(8), 18);
    }
}
