//! Max pooling and subsampling against their definitions, Burn's own, finite differences, and on any number of threads.

mod definition;
mod edges;
mod gradients;
mod reproducible;
mod subsampling;

use burn::tensor::{DType, Device, Tensor, TensorData};
use untied_gradcheck::Input;
use untied_pool::max_pool2d;

/// x and dy of one pooling, row-major, with the shape of x.
#[derive(Debug, Clone)]
struct Case {
    shape: [usize; 4],
    x: Vec<f64>,
    dy: Vec<f64>,
}

/// y and dx.
type Results = [Vec<f64>; 2];

impl Case {
    /// Values with ties, as behind a ReLU, that f16 and bf16 hold, and a random cotangent.
    fn new(shape: [usize; 4]) -> Self {
        let [n, c, h, w] = shape;
        let eighths = |count: usize, seed: u64| {
            let values = Input::random("values", [count], seed).values.into_iter();
            values.map(|value| (value * 8.0).round() / 8.0).collect::<Vec<_>>()
        };
        let x = eighths(shape.iter().product(), 1).into_iter().map(|value| value.max(0.0)).collect();
        Self { shape, x, dy: eighths(n * c * (h / 2) * (w / 2), 2) }
    }

    fn pooled_shape(&self) -> [usize; 4] {
        let [n, c, h, w] = self.shape;
        [n, c, h / 2, w / 2]
    }

    /// By the definition: each output is the first of its window's maxima, which gets its gradient.
    fn expected(&self) -> Results {
        let [n, c, h, w] = self.shape;
        let (mut y, mut dx) = (vec![], vec![0.0; self.x.len()]);
        for plane in 0..n * c {
            for (i, j) in (0..h / 2).flat_map(|i| (0..w / 2).map(move |j| (i, j))) {
                let window = [(0, 0), (0, 1), (1, 0), (1, 1)].map(|(k, l)| (plane * h + 2 * i + k) * w + 2 * j + l);
                let first = window.into_iter().rev().max_by(|&a, &b| self.x[a].total_cmp(&self.x[b]));
                let first = first.expect("four elements");
                dx[first] = self.dy[y.len()];
                y.push(self.x[first]);
            }
        }
        [y, dx]
    }

    /// By a function of tensors.
    fn results(&self, pool: impl Fn(Tensor<4>) -> Tensor<4>, dtype: DType, device: &Device) -> Results {
        let device = device.clone().autodiff();
        let tensor = |values: &[f64], shape: [usize; 4]| {
            Tensor::<4>::from_data(TensorData::new(values.to_vec(), shape), (&device, dtype))
        };
        let x = tensor(&self.x, self.shape).require_grad();
        let y = pool(x.clone());
        assert_eq!(y.dims(), self.pooled_shape());
        let gradients = (y.clone() * tensor(&self.dy, self.pooled_shape())).sum().backward();
        [y, x.grad(&gradients).expect("dx")].map(values)
    }

    fn run(&self, dtype: DType, device: &Device) -> Results {
        self.results(max_pool2d, dtype, device)
    }
}

fn values(tensor: Tensor<4>) -> Vec<f64> {
    tensor.into_data().convert::<f64>().try_to_vec().expect("f64")
}
