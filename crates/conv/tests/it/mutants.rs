//! Wrong convolutions that the comparison with the definition must tell from right ones.

use crate::loops::{Case, Inputs, Results};

/// Sequences, images and volumes where each mutant matters.
fn cases() -> Vec<Case> {
    let case = |x: &[usize], weight: &[usize], bias: &[usize], groups| Case {
        x: x.to_vec(),
        weight: weight.to_vec(),
        bias: Some(bias.to_vec()),
        stride: vec![1; x.len() - 2],
        padding: vec![[1, 0]; x.len() - 2],
        dilation: vec![1; x.len() - 2],
        groups,
    };
    vec![
        case(&[2, 4, 6], &[4, 2, 3], &[4, 5], 2),
        case(&[2, 4, 4, 5], &[4, 2, 2, 3], &[4, 4, 4], 2),
        case(&[2, 4, 3, 4, 4], &[4, 2, 2, 2, 3], &[4, 3, 4, 3], 2),
    ]
}

/// Asserts that results in f32 or f64 that are a mutant's differ, and that those of the definition do not.
fn caught(mutant: &str, mutate: impl Fn(&Case, &Inputs) -> Results) {
    for case in cases() {
        let inputs = case.inputs(11);
        for u in [2f64.powi(-24), 2f64.powi(-53)] {
            assert_eq!(case.results(&inputs).difference(&case, &inputs, u), None);
            assert!(
                mutate(&case, &inputs).difference(&case, &inputs, u).is_some(),
                "{mutant} was not caught: {case:?}"
            );
        }
    }
}

/// As [`caught`], where one of the results alone is wrong.
fn caught_in(mutant: &str, mutate: impl Fn(&Case, &Inputs, &mut Results)) {
    caught(mutant, |case, inputs| {
        let mut results = case.results(inputs);
        mutate(case, inputs, &mut results);
        results
    });
}

#[test]
fn wrong_geometries() {
    caught("padding at the other side", |case, inputs| {
        Case { padding: vec![[0, 1]; case.rank()], ..case.clone() }.results(inputs)
    });
    caught("a true convolution, its kernel flipped", |case, inputs| {
        let kernel = case.weight[2..].iter().product();
        let weight = inputs.weight.chunks(kernel).flat_map(|kernel| kernel.iter().rev().copied()).collect();
        case.results(&Inputs { weight, ..inputs.clone() })
    });
    caught("groups dealt out in turn", |case, inputs| {
        let weights = inputs.weight.len() / 4;
        let weight = [0, 2, 1, 3].iter().flat_map(|&o| inputs.weight[o * weights..(o + 1) * weights].to_vec());
        case.results(&Inputs { weight: weight.collect(), ..inputs.clone() })
    });
}

#[test]
fn wrong_biases() {
    caught_in("no bias", |_, inputs, results| {
        let count = inputs.bias.len();
        for (y, bias) in results.y.iter_mut().zip(inputs.bias.iter().cycle().take(2 * count)) {
            *y -= bias;
        }
    });
    caught("locations shifted by one", |case, inputs| {
        let mut bias = inputs.bias.clone();
        bias.rotate_left(1);
        case.results(&Inputs { bias, ..inputs.clone() })
    });
    caught_in("a gradient of the first image alone", |case, inputs, results| {
        results.db = inputs.dy[..case.output()[1..].iter().product()].to_vec();
    });
    caught_in("a mean instead of a sum", |_, _, results| results.db.iter_mut().for_each(|db| *db /= 2.0));
    caught_in("a gradient tied over the filter", |_, _, results| {
        let locations = results.db.len() / 4;
        for filter in results.db.chunks_mut(locations) {
            let mean = filter.iter().sum::<f64>() / locations as f64;
            filter.fill(mean);
        }
    });
}

#[test]
fn wrong_gradients() {
    caught_in("no dx", |_, _, results| results.dx.fill(0.0));
    caught_in("no dw", |_, _, results| results.dw.fill(0.0));
    caught_in("dx of the second image missing", |_, _, results| {
        let half = results.dx.len() / 2;
        results.dx[half..].fill(0.0);
    });
    caught_in("dw without the last image", |case, inputs, results| {
        let mut dy = inputs.dy.clone();
        let half = dy.len() / 2;
        dy[half..].fill(0.0);
        results.dw = case.results(&Inputs { dy, ..inputs.clone() }).dw;
    });
    caught_in("dw without one of its terms", |_, inputs, results| results.dw[0] -= inputs.x[0] * inputs.dy[0] * 0.01);
    caught_in("dw of the neighbour", |_, _, results| results.dw.swap(0, 1));
}
