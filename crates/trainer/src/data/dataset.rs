//! Images with their labels.

use std::collections::BTreeMap;

use super::DataError;

/// A training set and a test set of images of one size.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Dataset {
    /// What the weights are trained on.
    pub train: Split,
    /// What accuracies are measured on.
    pub test: Split,
    /// What is held out of the training images, where `data.validation` asks for it.
    pub validation: Option<Split>,
    /// Labels lie below it.
    pub classes: usize,
    /// The name of each class, where the source has names.
    pub class_names: Option<Vec<String>>,
    /// The file of each test image, where each lies in one of its own; otherwise empty.
    pub test_files: Vec<String>,
    /// What was loaded.
    pub checksums: Checksums,
    /// What was passed over or looks odd, a line each.
    pub notes: Vec<String>,
}

/// Images and their labels.
///
/// # Shapes
/// `images` is `[count, channels, height, width]`, row-major.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Split {
    /// The pixels as they stand in the file.
    pub images: Vec<u8>,
    /// The class of each image.
    pub labels: Vec<u8>,
    /// The number of images.
    pub count: usize,
    /// 1: grey; 3: red, green and blue.
    pub channels: usize,
    /// Pixels from top to bottom.
    pub height: usize,
    /// Pixels from left to right.
    pub width: usize,
}

impl Split {
    /// The share of images that are of the largest class; None without images.
    #[must_use]
    pub fn largest_class(&self) -> Option<f64> {
        let mut counts = [0usize; 256];
        self.labels.iter().for_each(|&label| counts[usize::from(label)] += 1);
        let largest = counts.into_iter().max().unwrap_or_default();
        (!self.labels.is_empty()).then(|| largest as f64 / self.labels.len() as f64)
    }
}

/// SHA-256 in hexadecimal: of the four IDX files, decompressed, the same whether a file is compressed or not; of other
/// sources, of the pixels and the labels of each split.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Checksums {
    /// Of the training images.
    pub train_images: String,
    /// Of the training labels.
    pub train_labels: String,
    /// Of the test images.
    pub test_images: String,
    /// Of the test labels.
    pub test_labels: String,
}

impl Checksums {
    /// By the names of the fields.
    pub fn entries(&self) -> BTreeMap<String, String> {
        let Self { train_images, train_labels, test_images, test_labels } = self;
        let named = [
            ("train_images", train_images),
            ("train_labels", train_labels),
            ("test_images", test_images),
            ("test_labels", test_labels),
        ];
        named.map(|(name, checksum)| (name.to_owned(), checksum.clone())).into()
    }
}

/// The number of classes of two splits, whose images have one size and whose labels are those of the training set; errors
/// name the test set's images or labels.
pub(super) fn classes(train: &Split, test: Option<&Split>, [images, labels]: [&str; 2]) -> Result<usize, DataError> {
    let classes = train.labels.iter().max().map_or(0, |&label| usize::from(label) + 1);
    let Some(test) = test else { return Ok(classes) };
    let [expected, found] = [train, test].map(Split::size);
    if expected != found {
        return Err(DataError::invalid(images, format!("images of {expected} as in the training set"), found));
    }
    match test.labels.iter().position(|&label| usize::from(label) >= classes) {
        Some(index) => {
            let found = format!("{} at image {index}", test.labels[index]);
            Err(DataError::invalid(labels, format!("labels below {classes}, as in the training set"), found))
        }
        None => Ok(classes),
    }
}

impl Split {
    /// No images yet.
    pub(crate) fn empty([channels, height, width]: [usize; 3]) -> Self {
        Self { images: Vec::new(), labels: Vec::new(), count: 0, channels, height, width }
    }

    pub(crate) fn push(&mut self, image: &[u8], label: u8) {
        self.images.extend_from_slice(image);
        self.labels.push(label);
        self.count += 1;
    }

    /// The images moved down and to the right by some pixels, or up and to the left where they are negative; what leaves an
    /// image is lost, and what comes in is 0.
    pub(crate) fn moved(&self, [down, right]: [isize; 2]) -> Self {
        let (height, width) = (self.height as isize, self.width as isize);
        let source = |place: usize| {
            let (row, column) = (place / self.width, (place % self.width) as isize - right);
            let (plane, row) = (row / self.height, (row % self.height) as isize - down);
            let inside = (0..height).contains(&row) && (0..width).contains(&column);
            inside.then(|| (plane * self.height + row as usize) * self.width + column as usize)
        };
        let places: Vec<Option<usize>> = (0..self.image_length()).map(source).collect();
        let images = (0..self.count).flat_map(|index| {
            let image = self.image(index);
            places.iter().map(|place| place.map_or(0, |place| image[place]))
        });
        Self { images: images.collect(), labels: self.labels.clone(), ..*self }
    }

    /// The images of these indices, in their order.
    pub(super) fn subset(&self, indices: &[usize]) -> Self {
        let images = indices.iter().flat_map(|&index| self.image(index)).copied().collect();
        let labels = indices.iter().map(|&index| self.labels[index]).collect();
        Self { images, labels, count: indices.len(), ..*self }
    }

    /// `28x28`, or `28x28x3` with several channels.
    fn size(&self) -> String {
        let channels = if self.channels == 1 { String::new() } else { format!("x{}", self.channels) };
        format!("{}x{}{channels}", self.height, self.width)
    }

    /// The number of pixels of one image, over all channels.
    pub fn image_length(&self) -> usize {
        self.channels * self.height * self.width
    }

    /// The pixels of one image.
    ///
    /// # Panics
    /// If there is no image `index`.
    pub fn image(&self, index: usize) -> &[u8] {
        let length = self.image_length();
        &self.images[index * length..(index + 1) * length]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn images_move_within_their_channels() {
        let mut split = Split::empty([2, 2, 3]);
        split.push(&[1, 2, 3, 4, 5, 6, 11, 12, 13, 14, 15, 16], 7);
        assert_eq!(split.moved([0, 0]), split);
        assert_eq!(split.moved([1, 0]).images, [0, 0, 0, 1, 2, 3, 0, 0, 0, 11, 12, 13]);
        assert_eq!(split.moved([-1, 1]).images, [0, 4, 5, 0, 0, 0, 0, 14, 15, 0, 0, 0]);
        assert_eq!(split.moved([0, -3]).images, [0; 12]);
    }
}
