//! `measure.jacobian`: how many dimensions of a bias reach the normalized output.

use serde::{Deserialize, Serialize};

/// The rank of the Jacobian of a layer's normalized output by its bias.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct JacobianRank {
    /// The name of the layer, such as `block1`.
    pub layer: String,
    /// Parameters of the bias: columns.
    pub bias_parameters: usize,
    /// Dimensions of the bias that the normalization removes, by theory.
    pub predicted_redundant: usize,
    /// Singular values above the threshold.
    pub rank: usize,
    /// The largest singular value that counts as zero.
    pub threshold: f64,
    /// The smallest singular value above the threshold; null where there is none.
    pub smallest_kept: Option<f64>,
    /// The largest singular value below the threshold; null where there is none.
    pub largest_dropped: Option<f64>,
    /// Smallest and largest variance of the norm's statistics sets before ε is added: constant activations have none, and
    /// amplify rounding by 1/√ε. Null where nothing is normalized.
    pub variance: Option<[f64; 2]>,
}
