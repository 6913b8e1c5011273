//! Convolution and its gradients by their definition, as loops in f64, for any rank.

use burn::tensor::ops::ConvOptions;
use burn::tensor::{DType, Device, Tensor, TensorData};
use untied_gradcheck::Input;

/// Shapes, stride, padding, dilation and groups of one convolution.
#[derive(Debug, Clone)]
pub(crate) struct Case {
    pub(crate) x: Vec<usize>,
    pub(crate) weight: Vec<usize>,
    pub(crate) bias: Option<Vec<usize>>,
    pub(crate) stride: Vec<usize>,
    pub(crate) padding: Vec<[usize; 2]>,
    pub(crate) dilation: Vec<usize>,
    pub(crate) groups: usize,
}

/// The arguments of a convolution, and the cotangent of its result.
#[derive(Debug, Clone)]
pub(crate) struct Inputs {
    pub(crate) x: Vec<f64>,
    pub(crate) weight: Vec<f64>,
    pub(crate) bias: Vec<f64>,
    pub(crate) dy: Vec<f64>,
}

/// y and the gradients; db is empty without a bias.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Results {
    pub(crate) y: Vec<f64>,
    pub(crate) dx: Vec<f64>,
    pub(crate) dw: Vec<f64>,
    pub(crate) db: Vec<f64>,
}

impl Case {
    /// Spatial axes.
    pub(crate) fn rank(&self) -> usize {
        self.x.len() - 2
    }

    pub(crate) fn output(&self) -> Vec<usize> {
        let spatial = (0..self.rank()).map(|axis| {
            let padded = self.padding[axis][0] + self.x[axis + 2] + self.padding[axis][1];
            (padded - self.dilation[axis] * (self.weight[axis + 2] - 1) - 1) / self.stride[axis] + 1
        });
        [self.x[0], self.weight[0]].into_iter().chain(spatial).collect()
    }

    /// The most terms that a number of the results is a sum of.
    pub(crate) fn terms(&self) -> usize {
        let locations = self.output()[2..].iter().product::<usize>() * self.x[0];
        let kernel = self.weight[1..].iter().product::<usize>();
        (kernel + 1).max(locations).max(self.weight[0] * self.weight[2..].iter().product::<usize>())
    }

    /// Random numbers that an f32 holds.
    pub(crate) fn inputs(&self, seed: u64) -> Inputs {
        let random = |shape: &[usize], seed| {
            let values = Input::random("values", shape.to_vec(), seed).values;
            values.into_iter().map(|value| f64::from(value as f32)).collect::<Vec<_>>()
        };
        Inputs {
            x: random(&self.x, seed),
            weight: random(&self.weight, seed + 1),
            bias: self.bias.as_ref().map_or(vec![], |shape| random(shape, seed + 2)),
            dy: random(&self.output(), seed + 3),
        }
    }

    /// By the definition: each product w·x of the convolution is met once.
    pub(crate) fn results(&self, inputs: &Inputs) -> Results {
        let [x_shape, y_shape] = [&self.x[..], &self.output()].map(volume);
        let (weight_shape, bias_shape) = (volume(&self.weight), self.bias.as_deref().map(bias_volume));
        let spatial = |values: &[usize], lacking| {
            let mut three = [lacking; 3];
            three[3 - values.len()..].copy_from_slice(values);
            three
        };
        let (stride, dilation) = (spatial(&self.stride, 1), spatial(&self.dilation, 1));
        let before = spatial(&self.padding.iter().map(|[before, _]| *before).collect::<Vec<_>>(), 0);
        let [filters_per_group, channels_per_group] = [weight_shape[0] / self.groups, weight_shape[1]];

        let mut results = Results {
            y: vec![0.0; inputs.dy.len()],
            dx: vec![0.0; inputs.x.len()],
            dw: vec![0.0; inputs.weight.len()],
            db: vec![0.0; inputs.bias.len()],
        };
        for [n, o, i, j, k] in indices(y_shape) {
            let y_at = place(y_shape, [n, o, i, j, k]);
            if let Some(shape) = bias_shape {
                let [i, j, k] = [(i, 2), (j, 3), (k, 4)].map(|(index, axis)| index.min(shape[axis] - 1));
                let at = place(shape, [0, o, i, j, k]);
                results.y[y_at] += inputs.bias[at];
                results.db[at] += inputs.dy[y_at];
            }
            for [_, c, p, q, r] in indices([1, weight_shape[1], weight_shape[2], weight_shape[3], weight_shape[4]]) {
                let inside = |axis: usize, out: usize, kernel: usize| {
                    let padded = out * stride[axis] + kernel * dilation[axis];
                    padded.checked_sub(before[axis]).filter(|&at| at < x_shape[axis + 2])
                };
                let (Some(d), Some(h), Some(w)) = (inside(0, i, p), inside(1, j, q), inside(2, k, r)) else { continue };
                let x_at = place(x_shape, [n, o / filters_per_group * channels_per_group + c, d, h, w]);
                let w_at = place(weight_shape, [o, c, p, q, r]);
                results.y[y_at] += inputs.weight[w_at] * inputs.x[x_at];
                results.dx[x_at] += inputs.weight[w_at] * inputs.dy[y_at];
                results.dw[w_at] += inputs.x[x_at] * inputs.dy[y_at];
            }
        }
        results
    }

    /// By the crate, in the given type.
    pub(crate) fn run(&self, inputs: &Inputs, device: &Device, dtype: DType) -> Results {
        match self.rank() {
            1 => self.run_by(untied_conv::conv1d, inputs, device, dtype),
            2 => self.run_by(untied_conv::conv2d, inputs, device, dtype),
            _ => self.run_by(untied_conv::conv3d, inputs, device, dtype),
        }
    }

    fn run_by<const D: usize, const R: usize, const B: usize>(
        &self,
        conv: fn(Tensor<R>, Tensor<R>, Option<Tensor<B>>, ConvOptions<D>) -> Tensor<R>,
        inputs: &Inputs,
        device: &Device,
        dtype: DType,
    ) -> Results {
        let device = device.clone().autodiff();
        let x = leaf(&inputs.x, &self.x, &device, dtype);
        let weight = leaf(&inputs.weight, &self.weight, &device, dtype);
        let bias = self.bias.as_ref().map(|shape| leaf(&inputs.bias, shape, &device, dtype));
        let y = conv(x.clone(), weight.clone(), bias.clone(), self.options());
        assert_eq!(y.dims().to_vec(), self.output());
        let dy = leaf::<R>(&inputs.dy, &self.output(), &device, dtype);
        let gradients = (y.clone() * dy).sum().backward();
        Results {
            y: values(y),
            dx: values(x.grad(&gradients).expect("dx")),
            dw: values(weight.grad(&gradients).expect("dw")),
            db: bias.map_or(vec![], |bias| values(bias.grad(&gradients).expect("db"))),
        }
    }

    pub(crate) fn options<const D: usize>(&self) -> ConvOptions<D> {
        let padding = std::array::from_fn(|axis| self.padding[axis].into());
        let axes = |values: &[usize]| std::array::from_fn(|axis| values[axis]);
        ConvOptions::new_with_padding(axes(&self.stride), padding, axes(&self.dilation), self.groups)
    }
}

impl Results {
    fn named(&self) -> [(&'static str, &[f64]); 4] {
        [("y", &self.y), ("dx", &self.dx), ("dw", &self.dw), ("db", &self.db)]
    }

    /// The first number that differs from the definition's by more than rounding explains: of n terms, n·u of the sum
    /// of their absolute values.
    pub(crate) fn difference(&self, case: &Case, inputs: &Inputs, u: f64) -> Option<String> {
        let absolute = |values: &[f64]| values.iter().map(|value| value.abs()).collect();
        let Inputs { x, weight, bias, dy } = inputs;
        let absolute = Inputs { x: absolute(x), weight: absolute(weight), bias: absolute(bias), dy: absolute(dy) };
        let (expected, magnitudes) = (case.results(inputs), case.results(&absolute));
        let bound = (case.terms() + 1) as f64 * u;
        for (((name, got), (_, expected)), (_, magnitude)) in
            self.named().into_iter().zip(expected.named()).zip(magnitudes.named())
        {
            assert_eq!(got.len(), expected.len(), "{case:?} {name}");
            for at in 0..got.len() {
                // Not `error > ...`: NaN fails too.
                let right = (got[at] - expected[at]).abs() <= bound * magnitude[at];
                if !right {
                    return Some(format!("{name}[{at}]: expected {}, got {}", expected[at], got[at]));
                }
            }
        }
        None
    }
}

fn leaf<const D: usize>(values: &[f64], shape: &[usize], device: &Device, dtype: DType) -> Tensor<D> {
    Tensor::from_data(TensorData::new(values.to_vec(), shape.to_vec()), (device, dtype)).require_grad()
}

fn values<const D: usize>(tensor: Tensor<D>) -> Vec<f64> {
    tensor.into_data().convert::<f64>().try_to_vec().expect("f64")
}

/// `[n, c, ...]` with three spatial axes, those that were lacking first.
fn volume(shape: &[usize]) -> [usize; 5] {
    let mut volume = [1; 5];
    volume[..2].copy_from_slice(&shape[..2]);
    volume[7 - shape.len()..].copy_from_slice(&shape[2..]);
    volume
}

/// `[c, ...]` as one image.
fn bias_volume(shape: &[usize]) -> [usize; 5] {
    volume(&[&[1], shape].concat())
}

fn place(shape: [usize; 5], at: [usize; 5]) -> usize {
    at.iter().zip(shape).fold(0, |place, (index, size)| place * size + index)
}

fn indices(shape: [usize; 5]) -> impl Iterator<Item = [usize; 5]> {
    (0..shape.iter().product()).map(move |mut flat: usize| {
        let mut at = [0; 5];
        for axis in (0..5).rev() {
            at[axis] = flat % shape[axis];
            flat /= shape[axis];
        }
        at
    })
}
