//! What a backward pass says of a bias: its gradient, and how much of it cancels.

use burn::module::Param;
use burn::tensor::{Gradients, Tensor};
use untied_redundancy::BiasTerms;

use crate::Conv;

/// Of one forward pass of a layer, what its bias's gradient is held against; made by
/// [`forward_with_probe`](Conv::forward_with_probe).
///
/// Burn keeps the gradients of leaves alone. A probe is a leaf of zeros that was added to the output, so that its
/// gradient is the output's.
#[derive(Debug, Clone)]
pub struct Probe<const R: usize, const B: usize> {
    zeros: Tensor<R>,
    terms: Vec<Tensor<B>>,
}

/// Sums of one backward pass, one value per parameter of a bias: its terms one after the other, each row-major.
#[derive(Debug, Clone, PartialEq)]
pub struct BiasSums {
    /// ∂J/∂b, as Burn computed it.
    pub gradient: Vec<f64>,
    /// Σ|∂J/∂y| over the images and locations that the parameter serves: what rounding of the gradient is in proportion to.
    pub absolute: Vec<f64>,
}

impl<const D: usize, const R: usize, const B: usize> Conv<D, R, B> {
    /// [`forward`](Self::forward), with a probe that tells, after the backward pass, the gradient of the output and its sums
    /// over what shares a parameter of the bias. It costs a tensor of the output's size.
    ///
    /// # Panics
    /// As [`forward`](Self::forward).
    ///
    /// # Example
    /// Batch norm behind the layer makes a tied bias redundant: its gradient is nothing but rounding.
    /// ```
    /// use burn::tensor::{Device, Distribution, Tensor};
    /// use untied_batch_norm::BatchNormConfig;
    /// use untied_conv::Conv2dConfig;
    /// use untied_redundancy::UNIT_ROUND_OFF_F32;
    ///
    /// let device = Device::default().autodiff();
    /// let conv = Conv2dConfig::new([1, 4], [3, 3]).init(&device);
    /// let norm = BatchNormConfig::new(4).init(&device);
    /// let (y, probe) = conv.forward_with_probe(Tensor::random([8, 1, 9, 9], Distribution::Default, &device));
    /// let gradients = norm.forward_relu(y).powf_scalar(3.0).sum().backward();
    /// let sums = probe.sums(&gradients).unwrap();
    /// for (gradient, absolute) in sums.gradient.iter().zip(&sums.absolute) {
    ///     assert!(gradient.abs() < 32.0 * UNIT_ROUND_OFF_F32 * absolute);
    /// }
    /// ```
    #[must_use]
    #[track_caller]
    pub fn forward_with_probe(&self, x: Tensor<R>) -> (Tensor<R>, Probe<R, B>) {
        let y = self.forward(x);
        let zeros = y.clone().detach().zeros_like().require_grad();
        let terms = self.terms().map(Param::val).collect();
        (y + zeros.clone(), Probe { zeros, terms })
    }
}

impl<const R: usize, const B: usize> Probe<R, B> {
    /// ∂J/∂y of the layer's output y, `[n, channels_out, h', w']`; none where J does not depend on it, or without autodiff.
    #[must_use]
    pub fn gradient(&self, gradients: &Gradients) -> Option<Tensor<R>> {
        self.zeros.grad(gradients)
    }

    /// ∂J/∂b and Σ|∂J/∂y| of every parameter of the bias; none where one of them has no gradient, as in a frozen layer.
    ///
    /// They are what a [`Certificate`](untied_redundancy::Certificate) takes as [`StepSums`](untied_redundancy::StepSums):
    /// with `absolute` for the terms of a norm's backward pass, which in large statistics sets is much the same.
    ///
    /// # Panics
    /// If the layer took an empty batch.
    #[must_use]
    pub fn sums(&self, gradients: &Gradients) -> Option<BiasSums> {
        let dy = self.gradient(gradients)?;
        let of_terms = self.terms.iter().map(|term| term.grad(gradients).map(host)).collect::<Option<Vec<_>>>()?;
        let output = &dy.dims()[1..];
        let shapes = self.terms.iter().map(|term| term.dims().to_vec()).collect();
        let terms = BiasTerms::from_terms(shapes, output[0], &output[1..]).expect("the layer's own terms");
        let mut sums = vec![0.0; output.iter().product()];
        for image in host(dy).chunks_exact(sums.len()) {
            sums.iter_mut().zip(image).for_each(|(sum, value)| *sum += value.abs());
        }
        Some(BiasSums { gradient: of_terms.concat(), absolute: terms.transpose(&sums) })
    }
}

/// The values of a tensor, row-major.
fn host<const N: usize>(tensor: Tensor<N>) -> Vec<f64> {
    tensor.into_data().iter::<f64>().collect()
}
