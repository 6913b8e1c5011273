//! A backward pass that is wrong in one channel, at one location or at one step alone is never certified.

use untied_redundancy::network::Operation;
use untied_redundancy::{BiasTerms, Finding, Normalization};
use untied_study::{Bias, Dtype, ModelConfig};

use super::super::Measurement;
use super::redundant::residual;
use super::steps::{Bench, CENTRING, Seen, biases, finding, model, plan};
use crate::model::plan::{EPSILON, Plan};
use crate::model::tensors::host;

/// Where the statistics count as constants, so that nothing is centred.
#[derive(Debug, Clone, Copy)]
pub(super) enum Wrong {
    Channel(usize),
    /// One location of one channel, in all images.
    Location(usize, usize),
}

impl Wrong {
    fn is_at(self, channel: usize, location: usize) -> bool {
        match self {
            Self::Channel(wrong) => channel == wrong,
            Self::Location(wrong, at) => channel == wrong && location == at,
        }
    }
}

/// What a step reads, and a wrong ∂J/∂z of its first bias.
pub(super) struct Mutant {
    terms: BiasTerms,
    read: Vec<[Vec<f64>; 3]>,
    dz: Vec<f64>,
    instead: Vec<f64>,
}

impl Mutant {
    /// Of a step whose ∂J/∂z is `instead` where it is wrong.
    pub(super) fn new(measurement: &Measurement<'_>, seen: &Seen, instead: Vec<f64>) -> Self {
        let bias = &seen.net.plan().biases[0];
        let (read, dz) = (seen.read(measurement), seen.gradient(bias.node).to_vec());
        Self { terms: bias.terms.clone(), read, dz, instead }
    }

    /// What is read of a backward pass that is wrong there.
    pub(super) fn read(&self, wrong: Wrong) -> Vec<[Vec<f64>; 3]> {
        let elements: usize = self.terms.output().iter().product();
        let locations = elements / self.terms.channels();
        let here = |index: usize| wrong.is_at(index % elements / locations, index % locations);
        let value = |index: usize| if here(index) { self.instead[index] } else { self.dz[index] };
        let over_images = |of: fn(f64) -> f64| -> Vec<f64> {
            let mut sums = vec![0.0; elements];
            (0..self.dz.len()).for_each(|index| sums[index % elements] += of(value(index)));
            self.terms.transpose(&sums)
        };
        let mut read = self.read.clone();
        (read[0][0], read[0][1]) = (over_images(|value| value), over_images(f64::abs));
        read
    }

    /// Every single channel, and every single location where the sum over the images is off by more than a tenth of
    /// what it is off elsewhere.
    fn wrongs(&self) -> Vec<Wrong> {
        let channels = self.terms.channels();
        let elements: usize = self.terms.output().iter().product();
        let off = |element: usize| {
            let images = (element..self.dz.len()).step_by(elements);
            images.map(|index| self.instead[index] - self.dz[index]).sum::<f64>().abs()
        };
        let off: Vec<f64> = (0..elements).map(off).collect();
        let least = 0.1 * off.iter().copied().fold(0.0, f64::max);
        let location =
            |element: usize| Wrong::Location(element / (elements / channels), element % (elements / channels));
        let locations = (0..elements).filter(|&element| off[element] > least).map(location);
        (0..channels).map(Wrong::Channel).chain(locations).collect()
    }
}

/// r·γ·∂J/∂u of the norm right behind the first bias, with the statistics of the batch, in plain loops.
pub(super) fn uncentred(seen: &Seen) -> Vec<f64> {
    let plan = seen.net.plan();
    let (norm, _) = plan.network.consumers(plan.biases[0].node).next().expect("a norm");
    let Operation::Normalization { normalization, .. } = plan.network.node(norm).operation else { panic!("a norm") };
    let spec = normalization.spec().expect("a norm");
    let shape = plan.network.node(norm).output;
    let [channels, height, width] = shape;
    let z = seen.value(plan.biases[0].node);
    let output = plan.steps.iter().find(|step| step.node == norm).expect("a step").output();
    let y = seen.value(output);
    let gamma = host(seen.net.gamma(norm).expect("γ"));
    let locations = height * width;
    let place = |at: usize| [at / (channels * locations), at / locations % channels, at / width % height, at % width];
    let sets: Vec<usize> = (0..z.len()).map(|at| spec.statistics_set(shape, place(at))).collect();
    let means = |of: &dyn Fn(usize) -> f64| {
        let mut sums = vec![(0.0, 0.0); 1 + sets.iter().copied().max().expect("elements")];
        sets.iter().enumerate().for_each(|(at, &set)| sums[set] = (sums[set].0 + of(at), sums[set].1 + 1.0));
        sums.into_iter().map(|(sum, count)| sum / count).collect::<Vec<f64>>()
    };
    let centres = means(&|at| z[at]);
    let variances = means(&|at| (z[at] - centres[sets[at]]).powi(2));
    let r: Vec<f64> = variances.iter().map(|variance| 1.0 / (variance + EPSILON).sqrt()).collect();
    let du = seen.gradient(output).iter().zip(y).map(|(&du, &y)| if y > 0.0 { du } else { 0.0 });
    du.enumerate()
        .map(|(at, du)| {
            let [_, channel, ..] = place(at);
            let own = if gamma.len() > channels { at % (channels * locations) } else { channel };
            r[sets[at]] * gamma[own] * du
        })
        .collect()
}

fn assert_never_certified(bench: &Bench, case: &str, instead: impl Fn(&Seen) -> Vec<f64>) {
    let measurement = bench.measurement(1);
    let seen = bench.step(&measurement, 0, 1.0);
    let mutant = Mutant::new(&measurement, &seen, instead(&seen));
    let wrongs = mutant.wrongs();
    assert!(wrongs.len() > 10, "{case}: {wrongs:?}");
    for wrong in wrongs {
        let mut measurement = bench.measurement(1);
        measurement.add(&mutant.read(wrong));
        assert_eq!(finding(&measurement.finish(&seen.net)[0]), Finding::NotCertified, "{case}: {wrong:?}");
    }
}

#[test]
fn no_wrong_channel_and_no_wrong_location_is_certified() {
    for (norm, bias) in CENTRING.into_iter().flat_map(|norm| biases().map(|bias| (norm, bias))) {
        // One block: behind it, a norm would remove what the first one leaves while all units are alive.
        let plan = plan(&ModelConfig { channels: vec![4], ..model(norm, bias.clone()) });
        for (dtype, images) in [Dtype::F32, Dtype::F64].into_iter().flat_map(|dtype| [2, 3, 8, 64].map(|n| (dtype, n)))
        {
            let bench = Bench::new(plan.clone(), dtype, images, 7).with("beta", |_, value| 1.0 + value);
            assert_never_certified(&bench, &format!("{dtype} {norm} {bias} of {images}"), uncentred);
        }
    }
}

/// Of a bias whose remover is far behind, a gradient that loses its sign somewhere.
#[test]
fn nor_far_before_a_norm() {
    for (norm, bias) in
        [Normalization::Batch, Normalization::Instance].into_iter().flat_map(|norm| biases().map(|bias| (norm, bias)))
    {
        let plan = Plan::of(residual(norm, bias.clone()), 0.1);
        for (dtype, images) in [Dtype::F32, Dtype::F64].into_iter().flat_map(|dtype| [2, 3, 8, 64].map(|n| (dtype, n)))
        {
            let bench = Bench::new(plan.clone(), dtype, images, 7).with("beta", |_, value| 1.0 + value);
            let unsigned =
                |seen: &Seen| -> Vec<f64> { seen.gradient(plan.biases[0].node).iter().map(|dz| dz.abs()).collect() };
            assert_never_certified(&bench, &format!("{dtype} {norm} {bias} of {images}"), unsigned);
        }
    }
}

#[test]
fn no_wrong_step_is_certified() {
    for wrong in 0..16 {
        let bench = Bench::new(plan(&model(Normalization::Batch, Bias::Tied)), Dtype::F32, 8, 3);
        let mut measurement = bench.measurement(16);
        for number in 0..16 {
            let seen = bench.step(&measurement, number, 0.3_f64.powi(number));
            if number == wrong {
                measurement.add(&Mutant::new(&measurement, &seen, uncentred(&seen)).read(Wrong::Channel(2)));
            } else {
                seen.record(&mut measurement);
            }
            let found = finding(&measurement.finish(&seen.net)[0]);
            let expected = if number < wrong { Finding::Certified } else { Finding::NotCertified };
            assert_eq!(found, expected, "wrong in step {wrong}, seen after step {number}");
        }
    }
}
