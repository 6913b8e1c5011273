//! `measure.bias_maps`: the values of each bias.

use serde::{Deserialize, Serialize};

/// The values of one bias.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct BiasMap {
    /// The name of the layer, such as `block1`.
    pub layer: String,
    /// Channels, rows and columns; 1 where the bias is shared along an axis.
    pub shape: [usize; 3],
    /// In that order, to four digits.
    pub values: Vec<f64>,
}
