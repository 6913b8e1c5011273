//! Dropout whose draws can be repeated.

use burn::tensor::{Tensor, TensorData};

use crate::random::Generator;

/// What the dropout of one training step is drawn from: every layer has a stream of its own for every step, so that a run
/// goes on alike from any step.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Draws {
    pub(crate) generator: Generator,
    /// The step, counted from 0.
    pub(crate) step: usize,
}

impl Draws {
    /// Zeros in place of a share of elements, drawn one by one; the others divided by 1 − `share`, so that each keeps its
    /// mean (Srivastava et al. 2014, inverted).
    pub(super) fn dropped<const D: usize>(&self, x: Tensor<D>, layer: &str, share: f64) -> Tensor<D> {
        let mut stream = self.generator.stream(&format!("dropout/{layer}/{}", self.step));
        let kept = 1.0 / (1.0 - share);
        let factors: Vec<f64> =
            (0..x.shape().num_elements()).map(|_| if stream.unit() < share { 0.0 } else { kept }).collect();
        let factors = Tensor::from_data(TensorData::new(factors, x.dims()), (&x.device(), x.dtype()));
        x * factors
    }
}

#[cfg(test)]
mod tests {
    use burn::tensor::{DType, Device};

    use super::*;
    use crate::model::tensors::host;

    #[test]
    fn a_share_of_elements_is_zero_and_the_others_make_up_for_it() {
        let x = Tensor::<4>::ones([10, 4, 10, 10], (&Device::flex(), DType::F64));
        let draws = |step| Draws { generator: Generator::new(3), step };
        let dropped = |step: usize, layer: &str| host(draws(step).dropped(x.clone(), layer, 0.25));
        let values = dropped(0, "a");
        assert!(values.iter().all(|&value| value == 0.0 || (value - 4.0 / 3.0).abs() < 1e-15));
        let zeros = values.iter().filter(|&&value| value == 0.0).count();
        assert!((900..1100).contains(&zeros), "{zeros} of 4000");
        assert_eq!(values, dropped(0, "a"));
        assert_ne!(values, dropped(1, "a"));
        assert_ne!(values, dropped(0, "b"));
    }
}
