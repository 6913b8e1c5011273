//! The first part against `untied-batch-norm` and against each equation of the derivation in plain Rust.

use burn::tensor::{DType, Device, Tensor};
use untied_batch_norm::batch_norm;

use crate::chromium::Page;
use crate::{assert_close, opened, rows};

/// The state of the controls.
#[derive(Debug)]
struct Batch {
    x: Vec<f64>,
    d_u: Vec<f64>,
    gamma: f64,
    beta: f64,
    epsilon: f64,
    bias: f64,
}

impl Batch {
    fn read(page: &mut Page) -> Self {
        let mut numbers = |expression: &str| {
            let values = page.evaluate(&format!("[...{expression}].map(Number)"));
            values
                .as_array()
                .expect("numbers")
                .iter()
                .map(|value| value.as_f64().expect("a number"))
                .collect::<Vec<f64>>()
        };
        let line =
            |id: &str| format!("[...document.querySelectorAll('#{id} [role=slider]')].map(one => one.ariaValueNow)");
        let (x, d_u) = (numbers(&line("batch-x")), numbers(&line("batch-g")));
        let settings = numbers("['gamma', 'beta', 'epsilon', 'bias'].map(id => document.getElementById(id).value)");
        let [gamma, beta, epsilon, bias] = settings[..] else { panic!("four settings") };
        Self { x, d_u, gamma, beta, epsilon, bias }
    }
}

/// u and ∂J/∂x as the crate computes them, in f64.
fn by_the_crate(batch: &Batch) -> (Vec<f64>, Vec<f64>) {
    let device = Device::flex().autodiff();
    let m = batch.x.len();
    let tensor = |values: &[f64]| Tensor::<1>::from_data(values, (&device, DType::F64));
    let x = tensor(&batch.x).reshape([m, 1]).detach().require_grad();
    let output = batch_norm(x.clone(), tensor(&[batch.gamma]), tensor(&[batch.beta]), batch.epsilon).output;
    let gradients = (output.clone() * tensor(&batch.d_u).reshape([m, 1])).sum().backward();
    let values = |tensor: Tensor<2>| tensor.into_data().try_to_vec::<f64>().expect("f64");
    (values(output), values(x.grad(&gradients).expect("dx")))
}

/// Every number of the page, from the equations of the derivation.
fn by_the_equations(batch: &Batch) -> Vec<(&'static str, Vec<f64>)> {
    let Batch { x, d_u, gamma, beta, epsilon, bias } = batch;
    let m = x.len() as f64;
    let mean = x.iter().sum::<f64>() / m;
    let variance = x.iter().map(|x| (x - mean).powi(2)).sum::<f64>() / m;
    let root = (variance + epsilon).sqrt();
    let each = |of: &dyn Fn(usize) -> f64| (0..x.len()).map(of).collect::<Vec<f64>>();
    let x_hat = each(&|i| (x[i] - mean) / root);
    let d_x_hat = each(&|i| gamma * d_u[i]);
    let d_mean = d_x_hat.iter().map(|d| -d / root).sum::<f64>();
    let d_variance = each(&|j| d_x_hat[j] * -0.5 * root.powi(-3) * (x[j] - mean)).iter().sum::<f64>();
    let first = each(&|i| d_x_hat[i] / root);
    let third = each(&|i| d_variance * 2.0 * (x[i] - mean) / m);
    let d_x = each(&|i| first[i] + d_mean / m + third[i]);
    vec![
        ("mean", vec![mean]),
        ("centred", each(&|i| x[i] - mean)),
        ("variance", vec![variance]),
        ("inverse", vec![1.0 / root]),
        ("u", each(&|i| gamma * x_hat[i] + beta)),
        ("xHat", x_hat),
        ("dU", d_u.clone()),
        ("dXHat", d_x_hat),
        ("xHatByX", vec![1.0 / root]),
        ("firstWay", first),
        ("xHatByMean", vec![-1.0 / root]),
        ("varianceByMean", vec![0.0]),
        ("dMean", vec![d_mean]),
        ("meanByX", vec![1.0 / m]),
        ("secondWay", each(&|_| d_mean / m)),
        ("xHatByVariance", each(&|i| -0.5 * root.powi(-3) * (x[i] - mean))),
        ("dVariance", vec![d_variance]),
        ("varianceByX", each(&|i| 2.0 * (x[i] - mean) / m)),
        ("thirdWay", third),
        ("dX", d_x),
        ("withBias", each(&|i| x[i] + bias)),
        ("uChange", each(&|_| 0.0)),
        ("dBias", vec![0.0]),
    ]
}

fn check(page: &mut Page) -> Batch {
    let batch = Batch::read(page);
    let shown = rows(page, "backward");
    // What cancels: terms up to γ ∂J/∂u (σ² + ε)^(−3/2) of size.
    let inverse = shown["inverse"][0];
    let most = batch.d_u.iter().chain(&[batch.gamma, 1.0]).fold(1.0_f64, |most, value| most.max(value.abs()));
    let scale = most * most * inverse.max(1.0).powi(3);
    let mut known = 0;
    for (name, expected) in by_the_equations(&batch) {
        assert_close(&format!("{name} of {batch:?}"), &shown[name], &expected, scale, 1e-13);
        known += 1;
    }
    let (u, d_x) = by_the_crate(&batch);
    assert_close(&format!("u of {batch:?}"), &shown["u"], &u, scale, 1e-13);
    assert_close(&format!("closed of {batch:?}"), &shown["closed"], &d_x, scale, 1e-13);
    let size = d_x.iter().fold(0.0_f64, |most, value| most.max(value.abs())).max(most * inverse);
    assert_close(&format!("numeric of {batch:?}"), &shown["numeric"], &d_x, size, 1e-7);
    for (error, [left, right]) in [("closedError", ["closed", "dX"]), ("numericError", ["numeric", "closed"])] {
        let difference: Vec<f64> = shown[left].iter().zip(&shown[right]).map(|(left, right)| left - right).collect();
        assert_eq!(shown[error], difference, "{error} of {batch:?}");
    }
    assert_eq!(shown.len(), known + 4, "every row is compared");
    batch
}

#[test]
fn every_derivative_follows_every_control() {
    let (mut page, _folder) = opened();
    let point = |line: &str, index: usize| format!("#{line} .point:nth-of-type({index} of .point)");
    let point = |line: &str, index: usize| point(line, index).replace(":nth-of-type(", ":nth-child(");
    let start = check(&mut page);

    page.drag(&point("batch-x", 2), 90.0);
    let dragged = check(&mut page);
    assert!(dragged.x[1] > start.x[1] + 0.5, "a dragged number moves");
    assert_eq!((&dragged.x[2..], &dragged.d_u), (&start.x[2..], &start.d_u), "and no other does");
    page.drag(&point("batch-g", 1), -60.0);
    assert!(check(&mut page).d_u[0] < start.d_u[0] - 0.3);

    for (key, expected) in
        [("Home", -5.0), ("ArrowRight", -4.9), ("PageUp", -3.9), ("ArrowDown", -4.0), ("End", 5.0), ("ArrowUp", 5.0)]
    {
        page.press(&point("batch-x", 3), key);
        assert_eq!(check(&mut page).x[2], expected, "{key}");
    }
    for (slider, key) in [("gamma", "ArrowLeft"), ("gamma", "Home"), ("beta", "ArrowRight"), ("bias", "End")] {
        let before = page.evaluate(&format!("document.getElementById('{slider}').value"));
        page.press(&format!("#{slider}"), key);
        assert_ne!(page.evaluate(&format!("document.getElementById('{slider}').value")), before);
        check(&mut page);
    }
    for epsilon in ["0", "0.001", "0.1", "1", "0.00001"] {
        page.choose("epsilon", epsilon);
        assert_eq!(check(&mut page).epsilon.to_string(), epsilon);
    }
    for count in ["2", "3", "5", "6"] {
        page.choose("count", count);
        assert_eq!(check(&mut page).x.len().to_string(), count);
    }
    page.click("#batch-reset");
    let again = check(&mut page);
    assert_eq!(format!("{again:?}"), format!("{start:?}"));
    assert_eq!(page.problems(), [""; 0]);
}

#[test]
fn equal_numbers_are_no_accident() {
    let (mut page, _folder) = opened();
    for index in 1..=4 {
        page.press(&format!("#batch-x .point:nth-child({index} of .point)"), "Home");
    }
    let batch = check(&mut page);
    assert_eq!(batch.x, [-5.0; 4]);
    page.choose("epsilon", "0");
    let status = page.evaluate(
        "new Promise(done => setTimeout(() => done(document.getElementById('backward-status').textContent), 500))",
    );
    assert!(status.as_str().expect("text").starts_with("All numbers are equal and ε is 0"), "{status}");
    assert_eq!(page.evaluate("document.querySelector('[data-key=closed] data').textContent"), "–");
    assert_eq!(page.problems(), [""; 0]);
}
