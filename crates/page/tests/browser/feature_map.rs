//! The second part against `untied-redundancy` and `untied-batch-norm`.

use burn::tensor::{DType, Device, Tensor};
use serde_json::Value;
use untied_batch_norm::batch_norm;
use untied_redundancy::{Bias, BiasTerms, Mode, Normalization, Redundancy};

use crate::chromium::Page;
use crate::{assert_close, opened, rows};

const SHAPE: [usize; 3] = [4, 6, 6];
const LOCATIONS: usize = 36;
const ELEMENTS: usize = 4 * LOCATIONS;

const NORMS: [(&str, Normalization); 7] = [
    ("none", Normalization::None),
    ("batch", Normalization::Batch),
    ("batch_per_activation", Normalization::BatchPerActivation),
    ("instance", Normalization::Instance),
    ("group", Normalization::Group(2)),
    ("layer", Normalization::Layer),
    ("rms", Normalization::Rms),
];

fn numbers(value: &Value) -> Vec<f64> {
    value.as_array().expect("numbers").iter().map(|value| value.as_f64().expect("a number")).collect()
}

/// The norm by its definition: plain loops over its statistics sets.
fn normalized(norm: Normalization, batch: &[f64], epsilon: f64) -> Vec<f64> {
    let Some(spec) = norm.spec() else { return batch.to_vec() };
    let set = |at: usize| {
        let [n, c, l] = [at / ELEMENTS, at % ELEMENTS / LOCATIONS, at % LOCATIONS];
        spec.statistics_set(SHAPE, [n, c, l / 6, l % 6])
    };
    let members = |at: usize| (0..batch.len()).filter(move |&other| set(other) == set(at)).map(|other| batch[other]);
    let of = |at: usize| {
        let count = members(at).count() as f64;
        let mean = if spec.centres { members(at).sum::<f64>() / count } else { 0.0 };
        let square = members(at).map(|value| (value - mean).powi(2)).sum::<f64>() / count;
        (batch[at] - mean) / (square + epsilon).sqrt()
    };
    (0..batch.len()).map(of).collect()
}

/// The same for batch norm, by the crate, in f64.
fn by_the_crate(batch: &[f64], epsilon: f64) -> Vec<f64> {
    let device = Device::flex();
    let [c, h, w] = SHAPE;
    let x = Tensor::<1>::from_data(batch, (&device, DType::F64)).reshape([batch.len() / ELEMENTS, c, h, w]);
    let (gamma, beta) = (Tensor::ones([c], (&device, DType::F64)), Tensor::zeros([c], (&device, DType::F64)));
    batch_norm(x, gamma, beta, epsilon).output.into_data().try_to_vec().expect("f64")
}

fn largest(values: impl Iterator<Item = f64>) -> f64 {
    values.fold(0.0, |most, value| most.max(value.abs()))
}

/// The bias that the controls ask for.
fn bias(data: &Value, kind: &str, pattern: &Value, strength: f64) -> Vec<f64> {
    let (tied, varied) = (numbers(&data["tied"]), numbers(&pattern["values"]));
    let of = |at: usize| match kind {
        "none" => 0.0,
        "tied" => strength * tied[at / LOCATIONS],
        _ => strength * (tied[at / LOCATIONS] + varied[at]),
    };
    (0..ELEMENTS).map(of).collect()
}

struct Case<'a> {
    data: &'a Value,
    kind: &'a str,
    pattern: &'a Value,
    norm: (&'a str, Normalization),
    strength: f64,
}

fn check(page: &mut Page, case: &Case<'_>) {
    let Case { data, kind, pattern, norm: (name, norm), strength } = *case;
    let what = format!("{kind} bias, {}, {name}", pattern["name"]);
    let epsilon = data["epsilon"].as_f64().expect("ε");
    let images: Vec<f64> = data["images"].as_array().expect("images").iter().flat_map(numbers).collect();
    let bias = bias(data, kind, pattern, strength);
    // An untied bias holds the tied one too, so that its projection is what the norm takes away of either.
    let removed = norm.removed(Mode::Training, SHAPE[0], LOCATIONS).expect("groups that divide the channels");
    let untied = BiasTerms::new(&Bias::Untied, SHAPE[0], &SHAPE[1..]).expect("a bias");
    let redundancy = Redundancy::new(removed, &untied).expect("a redundancy");
    let (taken, left) = (redundancy.project(&bias), redundancy.residual(&bias));
    let moved: Vec<f64> = images.iter().enumerate().map(|(at, value)| value + bias[at % ELEMENTS]).collect();
    let run = |batch: &[f64]| match name {
        "batch" => by_the_crate(batch, epsilon),
        _ => normalized(norm, batch, epsilon),
    };
    let (without, with) = (run(&images), run(&moved));
    let channel = |values: &[f64], c: usize| values[c * LOCATIONS..(c + 1) * LOCATIONS].to_vec();
    let mean = |values: &[f64]| values.iter().sum::<f64>() / values.len() as f64;
    let per_channel = |of: &dyn Fn(usize) -> f64| (0..SHAPE[0]).map(of).collect::<Vec<f64>>();
    let change = |c: usize| {
        let of = move |at: &usize| at % ELEMENTS / LOCATIONS == c;
        largest((0..images.len()).filter(of).map(|at| with[at] - without[at]))
    };
    let square = |values: Vec<f64>| mean(&values.iter().map(|value| value * value).collect::<Vec<f64>>()).sqrt();
    let shown = rows(page, "feature-map");
    let close =
        |key: &str, expected: Vec<f64>| assert_close(&format!("{key}: {what}"), &shown[key], &expected, 1.0, 1e-12);
    close("map-bias-mean", per_channel(&|c| mean(&channel(&bias, c))));
    close("map-removed-mean", per_channel(&|c| mean(&channel(&taken, c))));
    close("map-left", per_channel(&|c| square(channel(&left, c))));
    // Values under one ε are divided by as little as √ε.
    assert_close(&format!("change: {what}"), &shown["map-change"], &per_channel(&change), 300.0, 1e-12);
    ranges(page, &what, [("bias", &bias), ("removed", &taken), ("left", &left)]);

    let dimensions = |bias: &Bias| {
        let terms = BiasTerms::new(bias, SHAPE[0], &SHAPE[1..]).expect("a bias");
        let redundancy = Redundancy::new(removed, &terms).expect("a redundancy");
        [redundancy.dimensions(), redundancy.parameters()]
    };
    let known = data["norms"].as_array().expect("norms").iter().find(|one| one["name"] == name).expect("the norm");
    let expected = [Bias::None, Bias::Tied, Bias::Untied].map(|bias| dimensions(&bias));
    assert_eq!(known["redundant"], serde_json::json!(expected), "{what}");
}

/// The lowest and highest value under each map.
fn ranges(page: &mut Page, what: &str, maps: [(&str, &Vec<f64>); 3]) {
    for (key, values) in maps {
        let shown = page.evaluate(&format!(
            "[...document.querySelectorAll('tr[data-map={key}] data')].map(one => Number(one.value))"
        ));
        let range =
            |map: &[f64]| [map.iter().copied().fold(f64::MAX, f64::min), map.iter().copied().fold(f64::MIN, f64::max)];
        let expected: Vec<f64> = values.chunks(LOCATIONS).flat_map(range).collect();
        assert_close(&format!("range of {key}: {what}"), &numbers(&shown), &expected, 1.0, 1e-12);
    }
}

#[test]
fn what_survives_is_what_theory_says() {
    let (mut page, _folder) = opened();
    let data = page.evaluate("JSON.parse(document.getElementById('data').textContent).featureMap");
    let patterns = data["patterns"].as_array().expect("patterns").clone();
    for norm in NORMS {
        page.choose("map-norm", norm.0);
        for kind in ["none", "tied", "untied"] {
            page.choose("map-bias", kind);
            let count = if kind == "untied" { patterns.len() } else { 1 };
            for pattern in &patterns[..count] {
                page.choose("map-pattern", pattern["name"].as_str().expect("a name"));
                check(&mut page, &Case { data: &data, kind, pattern, norm, strength: 1.0 });
            }
        }
    }
    let before = page.evaluate("document.querySelector('tr[data-map=with] svg').outerHTML");
    page.choose("map-image", "2");
    assert_ne!(page.evaluate("document.querySelector('tr[data-map=with] svg').outerHTML"), before, "another image");
    page.press("#map-strength", "End");
    let strongest = Case { data: &data, kind: "untied", pattern: &patterns[3], norm: NORMS[6], strength: 3.0 };
    check(&mut page, &strongest);
    assert_eq!(page.problems(), [""; 0]);
}
