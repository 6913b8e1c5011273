//! The terms of the backward pass by their definition, and that no gradient is larger.

use burn::tensor::{DType, Device, Tensor, TensorData};
use untied_redundancy::network::{Convolution, Network, Operation};
use untied_study::{Bias, BiasPlace, Dtype, ModelConfig};

use super::super::observed::absolute_over_images;
use super::super::route::Route;
use super::super::terms::of_norm;
use super::steps::{Bench, CENTRING, biases, model, plan};
use crate::model::plan::{EPSILON, Plan};
use crate::model::tensors::host;
use crate::optimization::loss::cross_entropy;
use crate::random::Generator;

const SHAPE: [usize; 4] = [3, 4, 2, 3];

fn draw(name: &str, count: usize) -> Vec<f64> {
    let mut stream = Generator::new(1).stream(name);
    (0..count).map(|_| stream.uniform(-1.0, 2.0)).collect()
}

#[test]
fn the_terms_of_every_norm_are_their_definition() {
    let [images, channels, height, width] = SHAPE;
    let (locations, count) = (height * width, images * channels * height * width);
    let (z, du) = (draw("z", count), draw("du", count));
    for norm in CENTRING {
        let spec = norm.spec().expect("a norm");
        let per_activation = spec.per_activation();
        let gamma = draw("gamma", channels * if per_activation { locations } else { 1 });
        let place =
            |at: usize| [at / (channels * locations), at / locations % channels, at / width % height, at % width];
        let set = |at: usize| spec.statistics_set([channels, height, width], place(at));
        let mean = |of: &dyn Fn(usize) -> f64, at: usize| {
            let members: Vec<usize> = (0..count).filter(|&other| set(other) == set(at)).collect();
            members.iter().map(|&other| of(other)).sum::<f64>() / members.len() as f64
        };
        let g = |at: usize| {
            if at.is_multiple_of(5) {
                0.0
            } else {
                du[at] * gamma[if per_activation { at % (channels * locations) } else { place(at)[1] }]
            }
        };
        let deviation = |at: usize| z[at] - mean(&|other| z[other], at);
        let r = |at: usize| 1.0 / (mean(&|other| deviation(other).powi(2), at) + EPSILON).sqrt();
        let x_hat = |at: usize| deviation(at) * r(at);
        let along = |at: usize| mean(&|other| g(other) * x_hat(other), at);
        let y: Vec<f64> = (0..count).map(|at| if at.is_multiple_of(5) { 0.0 } else { 1.0 }).collect();
        let found = of_norm((&spec, EPSILON), SHAPE, &z, &du, Some(&y), &gamma, 0.0);
        let elements = channels * locations;
        for (element, found) in found.into_iter().enumerate() {
            let e = |at: usize| r(at) * (mean(&|at| g(at).abs(), at) + mean(&g, at).abs() + along(at).abs());
            let expected: f64 = (0..images).map(|image| e(image * elements + element)).sum();
            assert!((found - expected).abs() < 1e-12 * expected, "{norm} at {element}: {found} instead of {expected}");
        }
    }
}

/// Behind pooling and a convolution the bound is a sum over what its weights reach, so that it holds for whole channels.
#[test]
fn no_gradient_is_larger_than_its_terms() {
    for (norm, bias) in CENTRING.into_iter().flat_map(|norm| biases().map(|bias| (norm, bias))) {
        for bias_after in [BiasPlace::Convolution, BiasPlace::Activation] {
            let model = ModelConfig { bias_after, ..model(norm, bias.clone()) };
            let bench = Bench::new(plan(&model), Dtype::F64, 5, 11);
            let measurement = bench.measurement(1);
            let step = bench.step(&measurement, 0, 1.0);
            let (mut sets, mut seen) = (0, 0);
            for (bias, [_, absolute, terms]) in bench.plan.biases.iter().zip(step.read(&measurement)) {
                for set in bias.redundancy.sets() {
                    let sum = |values: &[f64]| values[set.clone()].iter().sum::<f64>();
                    let (absolute, terms) = (sum(&absolute), sum(&terms));
                    assert!(absolute <= terms * (1.0 + 1e-12), "{model:?}: {absolute} > {terms}");
                    (sets, seen) = (sets + 1, seen + usize::from(absolute > 0.0));
                }
            }
            assert!(sets == 0 || seen > 0, "{model:?}");
        }
    }
}

#[test]
fn the_way_through_a_convolution_takes_the_absolute_weights() {
    // One channel, one weight w: e at the bias is |w|·e at the norm.
    let mut network = Network::new([1, 3, 3]).unwrap();
    for (name, operation) in [
        ("block1.convolution", Operation::Convolution(Convolution::new(1, [1, 1]))),
        ("block1.convolution.bias", Operation::Bias(Bias::Untied)),
        ("block2.convolution", Operation::Convolution(Convolution::new(2, [1, 1]))),
        ("block2.norm", Operation::Normalization { normalization: untied_study::Normalization::Batch, beta: true }),
        ("features", Operation::Flatten),
        ("head", Operation::Linear { features: 3 }),
        ("loss", Operation::Loss),
    ] {
        network.then(name, operation).unwrap();
    }
    let weights = [-3.0, 0.5];
    let bench = Bench::new(Plan::of(network, 0.1), Dtype::F64, 4, 2)
        .with("block2.convolution.weight", |index, _| weights[index]);
    let measurement = bench.measurement(1);
    let seen = bench.step(&measurement, 0, 1.0);
    let bias = &bench.plan.biases[0];
    let route = Route::new(&bench.plan, bias.node);
    assert_eq!(route.between.len(), 1);
    let [_, _, terms] = seen.read(&measurement).swap_remove(0);
    let at_norm = &seen.observed.sums().terms[&route.ends[0]];
    for (location, e) in terms.iter().enumerate() {
        let expected = 3.0 * at_norm[location] + 0.5 * at_norm[9 + location];
        assert!((e - expected).abs() < 1e-12 * expected, "{e} instead of {expected}");
    }
}

/// A convolution gives the scores, and the softmax removes what is equal for all classes.
#[test]
fn the_loss_removes_too() {
    let mut network = Network::new([2, 4, 4]).unwrap();
    for (name, operation) in [
        ("block1.convolution", Operation::Convolution(Convolution::new(3, [2, 2]))),
        ("block1.convolution.bias", Operation::Bias(Bias::Tied)),
        ("mean", Operation::Mean),
        ("features", Operation::Flatten),
        ("loss", Operation::Loss),
    ] {
        network.then(name, operation).unwrap();
    }
    let bench = Bench::new(Plan::of(network, 0.1), Dtype::F64, 4, 2);
    let mut measurement = bench.measurement(1);
    let seen = bench
        .step_by(&measurement, 0, |scores, bench, device| cross_entropy(scores, Tensor::zeros([bench.images], device)));
    let [gradient, absolute, terms] = seen.read(&measurement).swap_remove(0);
    let scores = Tensor::<2>::from_data(TensorData::new(seen.scores.clone(), [4, 3]), (&Device::flex(), DType::F64));
    let p = host(burn::tensor::activation::softmax(scores, 1));
    for class in 0..3 {
        let mean = |of: &dyn Fn(f64) -> f64| (0..4).map(|image| of(p[image * 3 + class])).sum::<f64>() / 4.0;
        let label = f64::from(u8::from(class == 0));
        assert!((gradient[class] - mean(&|p| p - label)).abs() < 1e-14);
        assert!((absolute[class] - mean(&|p| (p - label).abs())).abs() < 1e-14);
        let expected = mean(&|p| 2.0 * p + (p - label).abs());
        assert!((terms[class] - expected).abs() < 1e-14, "{} instead of {expected}", terms[class]);
    }
    seen.record(&mut measurement);
    let layer = &measurement.finish(&seen.net)[0];
    let certificate = layer.certificate.as_ref().expect("measured");
    assert_eq!(
        (certificate.sets, certificate.path.as_str()),
        (1, "removed by loss, through mean and features; the rest is at work in loss")
    );
    assert!(certificate.worst_ratio.expect("finite") < 4.0);
}

#[test]
fn absolute_values_are_summed_over_images() {
    let dz = Tensor::<4>::from_floats([[[[1.0, -2.0], [3.0, -4.0]]], [[[-10.0, 20.0], [30.0, 40.0]]]], &Device::flex());
    assert_eq!(absolute_over_images(&dz.clone().cast(DType::F64).into_data()), [11.0, 22.0, 33.0, 44.0]);
    assert_eq!(absolute_over_images(&dz.into_data()), [11.0, 22.0, 33.0, 44.0]);
}

#[test]
fn the_sample_has_its_size_whatever_the_run() {
    let plan = plan(&ModelConfig { bias: Bias::None, ..ModelConfig::new(vec![1]) });
    for total_steps in (1..2000).chain([100_003]) {
        let measurement = super::super::Measurement::of_run(&plan, Dtype::F32, total_steps);
        let due = (0..total_steps).filter(|&step| measurement.is_due(step)).count();
        assert_eq!(due, measurement.samples, "{total_steps} steps");
    }
}
