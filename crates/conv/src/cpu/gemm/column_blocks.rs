//! Column blocks: the locations that each register of a product's columns holds.
//!
//! A register takes in locations that lie next to each other in the padded source, so that its patches are read in place;
//! the padding between two rows comes along for nothing. Or else each row begins a register, which is then written
//! without looking at its lanes: patches of few elements are multiplied again sooner than that is done. Where that would
//! waste too much, as for tiny images, locations are packed densely instead, over several images, and their patches
//! copied to a panel.
//!
//! ```text
//! rows of 3 locations in a padded plane of width 5, registers of 8 lanes (· lanes that are computed and not written):
//! in place   | a b c · · d e f | g h i · · · · · |
//! row by row | a b c · · · · · | d e f · · · · · | g h i · · · · · |
//! packed     | a b c d e f g h | i a b c d e f g |   the second image begins in the second register
//! ```

use std::ops::Range;

use untied_kernels::cpu::Real;

use super::product::Gemm;
use crate::cpu::im2col::Patches;
use crate::cpu::im2col::locations::{Locations, Run};

/// Lines of memory that one place of the nearest cache holds, of the 8 to 12 of today's processors.
const WAYS: usize = 8;

/// Elements of a patch that are multiplied as fast as locations of two rows are written apart.
const APART: usize = 32;

/// Neighbouring locations of an image in one register.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Piece {
    /// Index of its image in the period.
    pub(crate) image: usize,
    /// Lane of the first one.
    pub(crate) lane: usize,
    pub(crate) len: usize,
    /// Start of the first one's patch in its padded image.
    pub(crate) from: usize,
    /// Offset of the first one's output in its image.
    pub(crate) to: usize,
}

/// The registers of one period of images, after which they repeat.
#[derive(Debug)]
pub(crate) struct ColumnBlocks {
    pieces: Vec<Piece>,
    /// End of each register's pieces.
    ends: Vec<usize>,
    /// Images of a period.
    pub(crate) period: usize,
    /// Whether patches are read from the source itself.
    pub(crate) in_place: bool,
}

impl ColumnBlocks {
    /// Chooses in-place or packed columns by cost, for outputs at such locations and `lanes` elements in a register.
    pub(crate) fn new<T: Real>(gemm: &Gemm<T>, output: &Locations, lanes: usize) -> Self {
        let Gemm { patches: Patches { locations, offsets, .. }, images, weights, .. } = gemm;
        let filters = weights[0].count;
        // Where there are more filters than rows of a tile, patches are read again.
        let together = &offsets[..offsets.len().min(weights[0].depth())];
        let collide = filters > weights[0].rows && collide::<T>(together);
        Self::choose(locations, output, *images, lanes, [filters, weights[0].length], collide)
    }

    fn choose(
        source: &Locations,
        output: &Locations,
        images: usize,
        lanes: usize,
        [filters, length]: [usize; 2],
        collide: bool,
    ) -> Self {
        let runs = common_runs(source, output);
        let locations = source.count();
        // Images after which packed registers begin anew: when the last one is full, or its rest matters little.
        let period = (1..images)
            .find(|images| (images * locations).is_multiple_of(lanes) || images * locations > 64 * lanes)
            .unwrap_or(images);
        let cost = |blocks: &Self| {
            let apart = (0..blocks.count()).filter(|&register| blocks.pieces(register).len() > 1);
            blocks.count() * length + APART * apart.count()
        };
        let in_place = [false, true].map(|row_by_row| Self::in_place(&runs, lanes, output.step(), row_by_row));
        let in_place = in_place.into_iter().min_by_key(cost).expect("both");
        let packed = (period * locations).div_ceil(lanes);
        let copies = packed + period * runs.len();
        // A filter's multiplication takes half a cycle, a copy two.
        if !collide && period * in_place.count() * filters <= packed * filters + 4 * copies {
            in_place
        } else {
            Self::packed(&runs, period, lanes, output.step())
        }
    }

    /// Packed columns: registers without gaps.
    fn packed(runs: &[CommonRun], period: usize, lanes: usize, to_step: usize) -> Self {
        let mut blocks = Self { pieces: Vec::new(), ends: Vec::new(), period, in_place: false };
        let mut lane = 0;
        for image in 0..period {
            for run in runs {
                let mut done = 0;
                while done < run.len {
                    if lane == lanes {
                        blocks.ends.push(blocks.pieces.len());
                        lane = 0;
                    }
                    let len = (run.len - done).min(lanes - lane);
                    let (from, to) = (run.from + done, run.to + done * to_step);
                    blocks.pieces.push(Piece { image, lane, len, from, to });
                    (lane, done) = (lane + len, done + len);
                }
            }
        }
        blocks.ends.push(blocks.pieces.len());
        blocks
    }

    /// Columns in place: each register begins at the first location that none before it holds, or that none before it of
    /// the same row does.
    fn in_place(runs: &[CommonRun], lanes: usize, to_step: usize, row_by_row: bool) -> Self {
        let mut blocks = Self { pieces: Vec::new(), ends: Vec::new(), period: 1, in_place: true };
        let mut first: Option<usize> = None;
        for run in runs {
            let mut done = 0;
            while done < run.len {
                let from = run.from + done;
                let lane = match first {
                    Some(first) if from < first + lanes && !(row_by_row && done == 0) => from - first,
                    _ => {
                        if first.replace(from).is_some() {
                            blocks.ends.push(blocks.pieces.len());
                        }
                        0
                    }
                };
                let len = (run.len - done).min(lanes - lane);
                blocks.pieces.push(Piece { image: 0, lane, len, from, to: run.to + done * to_step });
                done += len;
            }
        }
        blocks.ends.push(blocks.pieces.len());
        blocks
    }

    /// Registers of a period.
    pub(crate) fn count(&self) -> usize {
        self.ends.len()
    }

    /// Registers that so many images need, through all periods.
    pub(crate) fn all(&self, images: usize) -> usize {
        let (whole, rest) = (images / self.period, images % self.period);
        let of_rest = (0..self.count()).take_while(|&block| self.pieces(block)[0].image < rest).count();
        whole * self.count() + of_rest
    }

    /// The pieces of a period's register.
    #[inline]
    pub(crate) fn pieces(&self, block: usize) -> &[Piece] {
        let first = if block == 0 { 0 } else { self.ends[block - 1] };
        &self.pieces[first..self.ends[block]]
    }

    /// The first location of a register, both counted through all periods, of `count` locations in an image.
    pub(crate) fn location(&self, block: usize, count: usize) -> usize {
        let piece = self.pieces(block % self.count())[0];
        (block / self.count() * self.period + piece.image) * count + piece.to
    }

    /// The images of some registers, counted through all periods.
    pub(crate) fn images(&self, blocks: &Range<usize>, all: usize) -> Range<usize> {
        let pieces = |block: usize| (block / self.count() * self.period, self.pieces(block % self.count()));
        let (first, firsts) = pieces(blocks.start);
        let (last, lasts) = pieces(blocks.end - 1);
        first + firsts[0].image..all.min(last + lasts[lasts.len() - 1].image + 1)
    }
}

/// Whether elements of a patch, multiplied at once, drive each other out of the nearest cache: planes of 32×32
/// elements lie as far apart as lines of memory that take the same place in it.
fn collide<T>(offsets: &[usize]) -> bool {
    const LINE: usize = 64;
    let mut lines: Vec<usize> = offsets.iter().map(|offset| offset * size_of::<T>() / LINE).collect();
    lines.sort_unstable();
    lines.dedup();
    let mut places = [0; 64];
    for line in lines {
        places[line % places.len()] += 1;
    }
    places.iter().any(|&lines| lines > WAYS)
}

/// Locations that are neighbours in the source and in the output: contiguous in both.
#[derive(Debug, Clone, Copy)]
struct CommonRun {
    from: usize,
    to: usize,
    len: usize,
}

/// The common runs of one image.
fn common_runs(source: &Locations, output: &Locations) -> Vec<CommonRun> {
    let [sources, outputs] = [source, output].map(|locations| {
        let mut runs = Vec::new();
        locations.runs(0, locations.count(), &mut runs);
        runs
    });
    let (mut common, mut at) = (Vec::new(), 0);
    let (mut sources_left, mut outputs_left) = (&sources[..], &outputs[..]);
    while let ([from, ..], [to, ..]) = (sources_left, outputs_left) {
        let end = |run: &Run| run.at + run.len;
        let until = end(from).min(end(to));
        common.push(CommonRun {
            from: from.start + (at - from.at),
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
    common
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Images of 3 × 3 locations in planes of 5 × 5, registers of 4 lanes.
    fn grids() -> [Locations; 2] {
        [Locations::new([1, 3, 3], [25, 5, 1], 25, 0), Locations::planes([1, 3, 3], 1)]
    }

    fn pieces(blocks: &ColumnBlocks, block: usize) -> Vec<(usize, usize, usize, usize, usize)> {
        blocks.pieces(block).iter().map(|piece| (piece.image, piece.lane, piece.len, piece.from, piece.to)).collect()
    }

    #[test]
    fn registers_in_place_begin_at_a_location_and_skip_what_lies_between_rows() {
        let [source, output] = grids();
        assert!(
            !ColumnBlocks::choose(&source, &output, 8, 4, [64, 9], false).in_place,
            "a quarter of the registers would be wasted"
        );
        let blocks = ColumnBlocks::choose(&source, &output, 1, 4, [64, 9], false);
        assert!(blocks.in_place);
        assert_eq!((blocks.count(), blocks.period), (3, 1));
        assert_eq!(pieces(&blocks, 0), [(0, 0, 3, 0, 0)]);
        assert_eq!(pieces(&blocks, 1), [(0, 0, 3, 5, 3)]);
        let blocks = ColumnBlocks::in_place(&common_runs(&source, &output), 8, 1, false);
        assert_eq!(blocks.count(), 2);
        assert_eq!(pieces(&blocks, 0), [(0, 0, 3, 0, 0), (0, 5, 3, 5, 3)]);
        let blocks = ColumnBlocks::in_place(&common_runs(&source, &output), 8, 1, true);
        assert_eq!([0, 1, 2].map(|block| pieces(&blocks, block)[..] == [(0, 0, 3, 5 * block, 3 * block)]), [true; 3]);
    }

    #[test]
    fn planes_of_the_size_of_the_nearest_cache_are_packed() {
        let planes = |channels: usize, plane: usize| (0..channels).map(|channel| channel * plane).collect::<Vec<_>>();
        assert!(collide::<f32>(&planes(32, 32 * 32)) && collide::<f64>(&planes(9, 32 * 16)));
        assert!(!collide::<f32>(&planes(8, 32 * 32)) && !collide::<f32>(&planes(32, 34 * 34)));
        let [source, output] = grids();
        assert!(!ColumnBlocks::choose(&source, &output, 1, 4, [64, 9], true).in_place);
    }

    #[test]
    fn packed_registers_have_no_gaps_and_go_on_in_the_next_image() {
        let [source, output] = grids();
        let blocks = ColumnBlocks::packed(&common_runs(&source, &output), 4, 4, 1);
        assert_eq!((blocks.count(), blocks.period), (9, 4));
        assert_eq!(pieces(&blocks, 0), [(0, 0, 3, 0, 0), (0, 3, 1, 5, 3)]);
        assert_eq!(pieces(&blocks, 2), [(0, 0, 1, 12, 8), (1, 1, 3, 0, 0)]);
        let all: usize = (0..9).flat_map(|block| blocks.pieces(block)).map(|piece| piece.len).sum();
        assert_eq!(all, 4 * 9);
    }

    #[test]
    fn registers_begin_where_those_before_them_end() {
        let [source, output] = grids();
        let runs = common_runs(&source, &output);
        let firsts = |blocks: &ColumnBlocks| (0..7).map(|register| blocks.location(register, 9)).collect::<Vec<_>>();
        assert_eq!(firsts(&ColumnBlocks::in_place(&runs, 4, 1, false)), [0, 3, 6, 9, 12, 15, 18]);
        assert_eq!(firsts(&ColumnBlocks::packed(&runs, 4, 4, 1)), [0, 4, 8, 12, 16, 20, 24]);
        assert_eq!(ColumnBlocks::packed(&runs, 4, 4, 1).location(10, 9), 40);
    }

    #[test]
    fn a_task_pads_only_the_images_of_its_registers() {
        let [source, output] = grids();
        let blocks = ColumnBlocks::in_place(&common_runs(&source, &output), 4, 1, false);
        assert_eq!(blocks.images(&(0..9), 3), 0..3);
        assert_eq!(blocks.images(&(3..6), 3), 1..2);
        assert_eq!(blocks.images(&(4..5), 3), 1..2);
        assert_eq!(blocks.images(&(4..7), 3), 1..3);
        let blocks = ColumnBlocks::packed(&common_runs(&source, &output), 4, 4, 1);
        assert_eq!(blocks.images(&(9..18), 6), 4..6);
        assert_eq!(blocks.images(&(3..5), 6), 1..3);
        // The last period begins with the fifth image, of whose nine locations the third register holds the last.
        assert_eq!(blocks.all(5), 9 + 3);
        assert_eq!(blocks.images(&(11..12), 5), 4..5);
        assert_eq!(blocks.all(8), 18);
    }
}
