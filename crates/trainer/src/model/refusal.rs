//! What does not fit in a network, by the keys of the config.

use untied_redundancy::network::{NetworkError, Problem};
use untied_study::ModelConfig;

use crate::TrainerError;

/// The error for an operation that does not fit behind an input of this shape, `[c, h, w]`; `key` is that of its layer.
pub(super) fn refusal(error: NetworkError, input: [usize; 3], model: &ModelConfig, key: &str) -> TrainerError {
    let [_, height, width] = input;
    if !model.is_plain() {
        let key = if model.layers.is_empty() { format!("model.net = {}", model.net) } else { key.to_owned() };
        return TrainerError::Layer { key, error };
    }
    let block = error.node.strip_prefix("block").and_then(|name| name.split('.').next()?.parse().ok()).unwrap_or(1);
    match error.problem {
        Problem::TooLarge => TrainerError::TooLarge { block },
        Problem::Kernel { .. } if error.node.ends_with("pooling") => {
            TrainerError::Pooling { block, blocks: model.channels.len(), height, width }
        }
        Problem::Kernel { .. } => TrainerError::Kernel { block, height, width, kernel: model.kernel },
        _ => TrainerError::Network(error),
    }
}
