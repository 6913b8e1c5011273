//! Where the locations of many images lie in memory.

/// Locations `[images, depth, height, width]` that lie in memory at regular distances.
#[derive(Debug, Clone, Copy)]
pub(super) struct Grid {
    /// Locations of an image along each axis.
    size: [usize; 3],
    /// Distances in memory of neighbours along each axis.
    strides: [usize; 3],
    /// Distance in memory of two images.
    image: usize,
    /// Where the first one lies.
    origin: usize,
}

/// Neighbouring locations of one row of one image.
#[derive(Debug, Clone, Copy)]
pub(super) struct Run {
    /// Where the first one lies, from the beginning of its image.
    pub(super) start: usize,
    /// Where its image lies.
    pub(super) image: usize,
    /// Its number among the locations asked for.
    pub(super) at: usize,
    pub(super) len: usize,
}

impl Grid {
    pub(super) fn new(size: [usize; 3], strides: [usize; 3], image: usize, origin: usize) -> Self {
        let mut grid = Self { size, strides, image, origin };
        // Rows that follow each other in memory make one long row.
        for axis in [1, 0] {
            if grid.strides[axis] == grid.size[2] * grid.strides[2] || grid.size[axis] == 1 {
                grid.size[2] *= grid.size[axis];
                grid.size[axis] = 1;
            } else {
                break;
            }
        }
        grid
    }

    /// Planes without gaps, in images of `channels` of them.
    pub(super) fn planes(size: [usize; 3], channels: usize) -> Self {
        let locations = size.iter().product::<usize>();
        Self::new(size, [size[1] * size[2], size[2], 1], channels * locations, 0)
    }

    /// Distance in memory of neighbours in a row.
    pub(super) fn step(&self) -> usize {
        self.strides[2]
    }

    /// Distance in memory of two images.
    pub(super) fn image(&self) -> usize {
        self.image
    }

    pub(super) fn locations(&self) -> usize {
        self.size.iter().product()
    }

    /// The runs of `count` locations from `first` on, counted through all images.
    pub(super) fn runs(&self, first: usize, count: usize, runs: &mut Vec<Run>) {
        runs.clear();
        let [depth, height, width] = self.size;
        let (mut row, mut column) = (first / width, first % width);
        let mut at = 0;
        while at < count {
            let (slice, y) = (row / height, row % height);
            let (image, z) = (slice / depth, slice % depth);
            let len = (width - column).min(count - at);
            let start = self.origin + z * self.strides[0] + y * self.strides[1] + column * self.strides[2];
            runs.push(Run { start, image: image * self.image, at, len });
            (row, column, at) = (row + 1, 0, at + len);
        }
    }
}
