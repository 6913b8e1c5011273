use std::collections::BTreeMap;
use std::io::Read;

use super::DataError;
use super::file::sha256;
use super::idx::{self, Idx};

/// A training set and a test set of images of one size.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Dataset {
    /// What the weights are trained on.
    pub train: Split,
    /// What accuracies are measured on.
    pub test: Split,
    /// Labels lie below it.
    pub classes: usize,
    /// The name of each class, where the source has names.
    pub class_names: Option<Vec<String>>,
    /// What was loaded.
    pub checksums: Checksums,
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

/// Four IDX files, plain or gzip, each with the name that errors give it.
#[derive(Debug, Clone)]
pub struct IdxFiles<R> {
    /// `[count, height, width]`.
    pub train_images: (String, R),
    /// `[count]`.
    pub train_labels: (String, R),
    /// `[count, height, width]`.
    pub test_images: (String, R),
    /// `[count]`.
    pub test_labels: (String, R),
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

impl Dataset {
    /// Reads a data set from IDX files of unsigned bytes.
    ///
    /// # Errors
    /// If a file is damaged or not what it should be, or the files do not belong together; see [`DataError`].
    pub fn from_idx<R: Read>(files: IdxFiles<R>) -> Result<Self, DataError> {
        let test_images = files.test_images.0.clone();
        let test_labels = files.test_labels.0.clone();
        let (train, [train_images_sha256, train_labels_sha256]) = Split::read(files.train_images, files.train_labels)?;
        let (test, [test_images_sha256, test_labels_sha256]) = Split::read(files.test_images, files.test_labels)?;

        let classes = train.labels.iter().max().map_or(0, |&label| usize::from(label) + 1);
        check_size(test_images, &train, &test)?;
        check_labels(test_labels, classes, &test)?;
        let checksums = Checksums {
            train_images: train_images_sha256,
            train_labels: train_labels_sha256,
            test_images: test_images_sha256,
            test_labels: test_labels_sha256,
        };
        Ok(Self { train, test, classes, class_names: None, checksums })
    }

    /// A data set of splits that fit each other.
    pub(super) fn of_splits(train: Split, test: Split, classes: usize, class_names: Option<Vec<String>>) -> Self {
        let checksums = Checksums {
            train_images: sha256(&train.images),
            train_labels: sha256(&train.labels),
            test_images: sha256(&test.images),
            test_labels: sha256(&test.labels),
        };
        Self { train, test, classes, class_names, checksums }
    }
}

impl Split {
    /// No images yet.
    pub(super) fn empty([channels, height, width]: [usize; 3]) -> Self {
        Self { images: Vec::new(), labels: Vec::new(), count: 0, channels, height, width }
    }

    pub(super) fn push(&mut self, image: &[u8], label: u8) {
        self.images.extend_from_slice(image);
        self.labels.push(label);
        self.count += 1;
    }

    /// The split and the checksums of its two files.
    fn read<R: Read>(images: (String, R), labels: (String, R)) -> Result<(Self, [String; 2]), DataError> {
        let images: Idx<3> = idx::read(&images.0, images.1)?;
        let file = labels.0;
        let labels: Idx<1> = idx::read(&file, labels.1)?;
        let ([count, height, width], [found]) = (images.dimensions, labels.dimensions);
        if found != count {
            return Err(DataError::Count { file, expected: count, found });
        }
        let split = Self { images: images.values, labels: labels.values, count, channels: 1, height, width };
        Ok((split, [images.sha256, labels.sha256]))
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

fn check_size(file: String, train: &Split, test: &Split) -> Result<(), DataError> {
    let [expected, found] = [train, test].map(|split| [split.height, split.width]);
    if expected == found { Ok(()) } else { Err(DataError::Size { file, expected, found }) }
}

fn check_labels(file: String, classes: usize, test: &Split) -> Result<(), DataError> {
    match test.labels.iter().position(|&label| usize::from(label) >= classes) {
        Some(index) => Err(DataError::Label { file, classes, found: test.labels[index], index }),
        None => Ok(()),
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
