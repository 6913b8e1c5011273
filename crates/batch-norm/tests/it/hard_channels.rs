//! Channels that are constant, or hold NaN or ±∞, on every backend compiled in: in one chunk or part, several, or columns.

use burn::backend::Dispatch;
use burn::backend::tensor::FloatTensor;
use burn::tensor::{Device, Tensor, TensorData};
use untied_batch_norm::{BatchNormBackend, backward, forward};
use untied_gradcheck::Input;

const SHAPES: [[usize; 3]; 5] = [[10, 3, 100], [33, 3, 1], [300, 300, 1], [2, 2, 70_001], [300, 2, 500]];
const EPSILON: f64 = 1e-5;

/// x, γ, β, dy.
type Inputs = [FloatTensor<Dispatch>; 4];

fn inputs(shape: [usize; 3], x: Vec<f32>, [gamma, beta]: [Vec<f32>; 2], device: &Device) -> Inputs {
    let tensor = |values| Tensor::<3>::from_data(TensorData::new(values, shape), device).into_dispatch();
    let row = |values| Tensor::<1>::from_data(TensorData::new(values, [shape[1]]), device).into_dispatch();
    [tensor(x), row(gamma), row(beta), tensor(random(shape.iter().product(), 4))]
}

fn random(count: usize, seed: u64) -> Vec<f32> {
    Input::random("values", [count], seed).values.into_iter().map(|value| value as f32).collect()
}

/// y, dx, dγ, dβ by the operations of the backend: kernels where it has some.
fn by_operations([x, gamma, beta, dy]: Inputs, relu: bool) -> [Vec<f32>; 4] {
    let (y, statistics) = Dispatch::untied_batch_norm(x.clone(), gamma.clone(), beta.clone(), EPSILON, relu);
    let (dx, dgamma, dbeta) = Dispatch::untied_batch_norm_backward(x, gamma, beta, statistics, dy, relu);
    [values::<3>(y), values::<3>(dx), values::<1>(dgamma), values::<1>(dbeta)]
}

/// The same in the primitives of the backend.
fn by_primitives([x, gamma, beta, dy]: Inputs, relu: bool) -> [Vec<f32>; 4] {
    let (y, statistics) = forward::normalize::<Dispatch>(x.clone(), gamma.clone(), beta.clone(), EPSILON, relu);
    let (dx, dgamma, dbeta) = backward::gradients::<Dispatch>(x, gamma, beta, &statistics, dy, relu);
    [values::<3>(y), values::<3>(dx), values::<1>(dgamma), values::<1>(dbeta)]
}

fn values<const D: usize>(tensor: FloatTensor<Dispatch>) -> Vec<f32> {
    Tensor::<D>::from_dispatch(tensor).into_data().try_to_vec().expect("f32")
}

#[test]
fn a_constant_channel_gives_exactly_beta() {
    for (name, device) in untied_gradcheck::devices() {
        for shape in SHAPES {
            for constant in [7.3, -1e30, 1e-40, 0.0] {
                let row = |value| vec![value; shape[1]];
                let x = vec![constant; shape.iter().product()];
                let inputs = inputs(shape, x, [row(1.7), row(0.3)], &device);
                for [y, dx, dgamma, _] in [by_operations(inputs.clone(), false), by_primitives(inputs, false)] {
                    assert!(y.iter().all(|y| *y == 0.3), "{name} {shape:?} of {constant}: {:?}", &y[..3]);
                    assert!(dx.iter().all(|dx| dx.is_finite()), "{name} {shape:?} of {constant}: {:?}", &dx[..3]);
                    assert!(dgamma.iter().all(|dgamma| *dgamma == 0.0), "{name} {shape:?} of {constant}");
                }
            }
        }
    }
}

/// All results of the other channels are those without the bad value in channel 1, bit by bit.
fn other_channels_are_unharmed(name: &str, device: &Device, shape: [usize; 3], relu: bool) {
    let [n, c, s] = shape;
    let clean = random(n * c * s, 1);
    let run = |x| by_operations(inputs(shape, x, [random(c, 2), random(c, 3)], device), relu);
    let expected = run(clean.clone());
    let (first, last) = (s, ((n - 1) * c + 2) * s - 1);
    for (at, bad) in
        [first, last].into_iter().flat_map(|at| [f32::NAN, f32::INFINITY, -f32::INFINITY].map(|bad| (at, bad)))
    {
        let case = format!("{name} {shape:?}, relu {relu}: {bad} at {at}");
        let mut spoiled = clean.clone();
        spoiled[at] = bad;
        let got = run(spoiled);
        for (what, (got, expected)) in ["y", "dx", "dgamma", "dbeta"].iter().zip(got.iter().zip(&expected)) {
            let per_channel = if got.len() == c { 1 } else { s };
            let mut others = (0..got.len()).filter(|i| i / per_channel % c != 1);
            assert!(others.all(|i| got[i].to_bits() == expected[i].to_bits()), "{case} is felt elsewhere in {what}");
        }
        // (ndarray's ReLU makes 0 of NaN.)
        if !(relu && name == "ndarray") {
            let mut y = got[0].iter().enumerate().filter(|(i, _)| i / s % c == 1);
            assert!(y.all(|(_, y)| y.is_nan()), "{case} is not seen in y");
        }
    }
}

#[test]
fn nan_and_infinity_stay_in_their_channel() {
    for (name, device) in untied_gradcheck::devices() {
        for shape in SHAPES {
            for relu in [false, true] {
                other_channels_are_unharmed(name, &device, shape, relu);
            }
        }
    }
}
