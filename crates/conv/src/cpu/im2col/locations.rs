//! Locations of many images in memory.

/// Locations `[images, depth, height, width]` at regular distances in memory.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Locations {
    /// Locations of an image along each axis.
    size: [usize; 3],
    /// Distances in memory of neighbours along each axis.
    strides: [usize; 3],
    /// Distance in memory of two images.
    image: usize,
    /// Offset of the first one.
    origin: usize,
}

/// Neighbouring locations of one row of one image.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Run {
    /// Offset of the first one in its image.
    pub(crate) start: usize,
    /// Offset of its image.
    pub(crate) image: usize,
    /// Index of the first one among the locations asked for.
    pub(crate) at: usize,
    pub(crate) len: usize,
}

impl Locations {
    pub(crate) fn new(size: [usize; 3], strides: [usize; 3], image: usize, origin: usize) -> Self {
        let mut locations = Self { size, strides, image, origin };
        // Rows that follow each other in memory make one long row.
        for axis in [1, 0] {
            if locations.strides[axis] == locations.size[2] * locations.strides[2] || locations.size[axis] == 1 {
                locations.size[2] *= locations.size[axis];
                locations.size[axis] = 1;
            } else {
                break;
            }
        }
        locations
    }

    /// Planes without gaps, in images of `channels` of them.
    pub(crate) fn planes(size: [usize; 3], channels: usize) -> Self {
        let plane = size.iter().product::<usize>();
        Self::new(size, [size[1] * size[2], size[2], 1], channels * plane, 0)
    }

    /// Distance in memory of neighbours in a row.
    pub(crate) fn step(&self) -> usize {
        self.strides[2]
    }

    /// Whether those of an image lie next to each other in memory.
    pub(crate) fn is_one_row(&self) -> bool {
        self.step() == 1 && self.size[2] == self.count()
    }

    /// Distance in memory of two images.
    pub(crate) fn image(&self) -> usize {
        self.image
    }

    /// Locations of an image.
    pub(crate) fn count(&self) -> usize {
        self.size.iter().product()
    }

    /// The contiguous runs of `count` locations from `first` on, counted through all images.
    pub(crate) fn runs(&self, first: usize, count: usize, runs: &mut Vec<Run>) {
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
