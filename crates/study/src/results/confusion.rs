//! Which classes a model takes for which.

use serde::de::Error;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// A confusion matrix: how many images of each class (rows) got which answer (columns).
///
/// In files, its rows separated by `;`, the counts of a row by spaces. In Python,
/// `numpy.array([row.split() for row in confusion.split(";")], int)`.
///
/// ```
/// # use untied_study::Confusion;
/// let mut confusion = Confusion::new(2);
/// for (class, answer) in [(0, 0), (0, 1), (1, 1), (1, 1)] {
///     confusion.count(class, answer);
/// }
/// assert_eq!(serde_json::to_string(&confusion)?, "\"1 1;0 2\"");
/// assert_eq!((confusion.recall(0), confusion.precision(1)), (Some(0.5), Some(2.0 / 3.0)));
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Confusion {
    /// One list a class, each with one count an answer.
    rows: Vec<Vec<u32>>,
}

impl Confusion {
    /// No images of so many classes.
    #[must_use]
    pub fn new(classes: usize) -> Self {
        Self { rows: vec![vec![0; classes]; classes] }
    }

    /// Counts an image of a class with its answer.
    ///
    /// # Panics
    /// If there is no such class or answer.
    pub fn count(&mut self, class: usize, answer: usize) {
        self.rows[class][answer] += 1;
    }

    /// Adds the counts of another matrix of as many classes; one of nothing takes those of any.
    ///
    /// # Panics
    /// If it has another number of classes.
    pub fn add(&mut self, other: &Self) {
        if self.is_empty() {
            self.rows.clone_from(&other.rows);
            return;
        }
        assert_eq!(self.classes(), other.classes(), "expected as many classes");
        for (own, other) in self.rows.iter_mut().flatten().zip(other.rows.iter().flatten()) {
            *own += other;
        }
    }

    /// True where nothing is known.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    /// The number of classes.
    #[must_use]
    pub fn classes(&self) -> usize {
        self.rows.len()
    }

    /// The counts: one list a class, each with one count an answer.
    #[must_use]
    pub fn rows(&self) -> &[Vec<u32>] {
        &self.rows
    }

    /// The number of images of a class.
    ///
    /// # Panics
    /// If there is no such class.
    #[must_use]
    pub fn images(&self, class: usize) -> u64 {
        self.rows[class].iter().map(|&count| u64::from(count)).sum()
    }

    /// The number of all images.
    #[must_use]
    pub fn total(&self) -> u64 {
        (0..self.classes()).map(|class| self.images(class)).sum()
    }

    /// The share of a class's images that are answered rightly; none without images.
    ///
    /// # Panics
    /// If there is no such class.
    #[must_use]
    pub fn recall(&self, class: usize) -> Option<f64> {
        share(self.rows[class][class], self.images(class))
    }

    /// The share of a class's answers that are right; none where it is never answered.
    ///
    /// # Panics
    /// If there is no such class.
    #[must_use]
    pub fn precision(&self, class: usize) -> Option<f64> {
        share(self.rows[class][class], self.rows.iter().map(|row| u64::from(row[class])).sum())
    }
}

fn share(part: u32, of: u64) -> Option<f64> {
    (of > 0).then(|| f64::from(part) / of as f64)
}

impl Serialize for Confusion {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let row = |row: &Vec<u32>| row.iter().map(u32::to_string).collect::<Vec<_>>().join(" ");
        serializer.serialize_str(&self.rows.iter().map(row).collect::<Vec<_>>().join(";"))
    }
}

impl<'de> Deserialize<'de> for Confusion {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        let row = |row: &str| row.split(' ').map(str::parse).collect::<Result<Vec<u32>, _>>();
        let rows = text.split(';').map(row).collect::<Result<Vec<_>, _>>();
        let rows = rows.ok().filter(|rows| rows.iter().all(|row| row.len() == rows.len()));
        rows.map(|rows| Self { rows }).ok_or_else(|| {
            D::Error::custom(
                "expected the counts of a confusion matrix: as many rows, separated by `;`, as counts in each",
            )
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_square_tables_of_counts_are_read() {
        let read = |text: &str| serde_json::from_value::<Confusion>(text.into());
        assert_eq!(read("1 0;2 3").unwrap().rows(), [[1, 0], [2, 3]]);
        for text in ["", "1 2", "1 2;3", "1 -2;3 4", "1 2;3 x", "1  2;3 4"] {
            let error = read(text).unwrap_err().to_string();
            assert!(error.contains("confusion matrix"), "{text}: {error}");
        }
    }

    #[test]
    fn classes_without_images_or_answers_have_no_shares() {
        let mut confusion = Confusion::new(3);
        confusion.count(0, 1);
        let shares = |class| (confusion.images(class), confusion.recall(class), confusion.precision(class));
        assert_eq!([0, 1, 2].map(shares), [(1, Some(0.0), None), (0, None, Some(0.0)), (0, None, None)]);
    }
}
