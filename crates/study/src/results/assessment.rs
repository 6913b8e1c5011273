//! What `untied evaluate` finds of a trained model.

use serde::Serialize;

use super::Confusion;

/// A trained model on images with known classes.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Assessment {
    /// The model's file.
    pub model: String,
    /// The images.
    pub data: String,
    /// Number of the images.
    pub images: usize,
    /// Share of the images that are answered rightly.
    pub accuracy: f64,
    /// Mean cross-entropy in nats.
    pub loss: f64,
    /// Share of the images whose class is among the `k` most probable ones.
    pub top: TopShare,
    /// Every class of the model.
    pub classes: Vec<ClassAssessment>,
    /// Of each class, in their order, how many of its images got which answer.
    pub confusion: Confusion,
    /// The images with the largest loss, that first.
    pub worst: Vec<Misjudged>,
}

/// The share of images whose class is among the most probable ones.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct TopShare {
    /// How many classes count as answers.
    pub k: usize,
    /// In [0, 1].
    pub share: f64,
}

/// One class.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ClassAssessment {
    /// Its name, or its label where the data have no names.
    pub name: String,
    /// Its images.
    pub images: u64,
    /// Share of its answers that are right; null where it is never answered.
    pub precision: Option<f64>,
    /// Share of its images that are answered rightly; null without images.
    pub recall: Option<f64>,
}

/// An image with a large loss.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Misjudged {
    /// Its file, or its index among the images, from 0.
    pub image: String,
    /// Its class.
    pub class: String,
    /// The most probable class by the model.
    pub answer: String,
    /// Probability of its class, by the model.
    pub class_probability: f64,
    /// Probability of the answer.
    pub answer_probability: f64,
    /// Cross-entropy in nats.
    pub loss: f64,
    /// What the model sees, as a WebP file.
    #[serde(skip)]
    pub picture: Vec<u8>,
}
