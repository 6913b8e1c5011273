//! Which test images a model classified rightly.

use serde::de::Error;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// One bit for each test image, in the order of the test set: 1 where it was classified rightly.
///
/// In files, hexadecimal digits: two for every eight images, the first of them in the highest bit; the last byte is filled up
/// with zeros. In Python, `numpy.unpackbits(numpy.frombuffer(bytes.fromhex(answers), "uint8"))[:test_images]`.
///
/// ```
/// # use untied_study::Answers;
/// let answers: Answers = [true, true, false, true, false, false, false, false, true].into_iter().collect();
/// assert_eq!(serde_json::to_string(&answers)?, "\"d080\"");
/// assert_eq!(answers.of(9).into_iter().flatten().filter(|&right| right).count(), 4);
/// assert!(answers.of(17).is_none());
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Answers(Vec<u8>);

impl Answers {
    /// True where nothing is known.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Whether each of so many images was classified rightly; `None` if these are the answers to another number of images.
    #[must_use]
    pub fn of(&self, images: usize) -> Option<impl Iterator<Item = bool>> {
        let fits = images > 0 && self.0.len() == images.div_ceil(8);
        fits.then(|| (0..images).map(|image| self.0[image / 8] & bit(image) != 0))
    }
}

/// The place of an image in its byte.
fn bit(image: usize) -> u8 {
    0x80 >> (image % 8)
}

impl FromIterator<bool> for Answers {
    fn from_iter<T: IntoIterator<Item = bool>>(answers: T) -> Self {
        let mut bytes = Vec::new();
        for (image, right) in answers.into_iter().enumerate() {
            if image % 8 == 0 {
                bytes.push(0);
            }
            if let Some(last) = bytes.last_mut().filter(|_| right) {
                *last |= bit(image);
            }
        }
        Self(bytes)
    }
}

impl Serialize for Answers {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&hex::encode(&self.0))
    }
}

impl<'de> Deserialize<'de> for Answers {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let digits = String::deserialize(deserializer)?;
        let bytes = hex::decode(digits);
        bytes.map(Self).map_err(|error| D::Error::custom(format!("expected hexadecimal digits of answers: {error}")))
    }
}
