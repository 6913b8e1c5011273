//! The third part against shift flow on the same networks, built here once more.

use serde_json::{Value, json};
use untied_redundancy::network::{Activation, Convolution, Network, Operation, Padding};
use untied_redundancy::shift_flow::ShiftFlow;
use untied_redundancy::{Bias, Mode, Normalization};

use crate::chromium::Page;
use crate::{opened, shipped};

/// The residual block: branch and shortcut, whose bias has no norm.
fn residual(norm: Normalization, bias: &Bias) -> Network {
    let mut net = Network::new([1, 8, 8]).expect("a network");
    let convolution =
        |kernel, padding| Operation::Convolution(Convolution { padding, ..Convolution::new(4, [kernel, kernel]) });
    let normalization = Operation::Normalization { normalization: norm, beta: true };
    let relu = Operation::Activation(Activation::Relu);
    let mut then = |name: &str, operation: Operation| net.then(name, operation).expect("an operation");
    then("stem", convolution(3, Padding::Same));
    then("stem_bias", Operation::Bias(bias.clone()));
    then("stem_norm", normalization.clone());
    let start = then("stem_relu", relu.clone());
    then("conv1", convolution(3, Padding::Same));
    then("bias1", Operation::Bias(bias.clone()));
    then("norm1", normalization.clone());
    then("relu1", relu.clone());
    then("conv2", convolution(3, Padding::Same));
    then("bias2", Operation::Bias(bias.clone()));
    let branch = then("norm2", normalization);
    net.add("shortcut", convolution(1, Padding::Valid), &[start]).expect("a shortcut");
    let shortcut = net.then("shortcut_bias", Operation::Bias(bias.clone())).expect("a bias");
    net.add("sum", Operation::Addition, &[branch, shortcut]).expect("a sum");
    let mut then = |name: &str, operation: Operation| net.then(name, operation).expect("an operation");
    then("relu2", relu);
    then("mean", Operation::Mean);
    then("scores", Operation::Linear { features: 3 });
    then("scores_bias", Operation::Bias(Bias::Tied));
    then("loss", Operation::Loss);
    net
}

/// The rows of the table of biases: name, parameters, redundant, at work, sentence.
fn table(page: &mut Page) -> Value {
    page.evaluate(
        "[...document.querySelectorAll('#net-sites tr')].map(row => [...row.cells].map(cell => cell.textContent))",
    )
}

#[test]
fn every_choice_has_the_answer_of_shift_flow() {
    let (mut page, _folder) = opened();
    page.choose("net", "3");
    let norms = [
        ("batch", Normalization::Batch),
        ("instance", Normalization::Instance),
        ("group", Normalization::Group(2)),
        ("layer", Normalization::Layer),
        ("rms", Normalization::Rms),
        ("none", Normalization::None),
    ];
    for (norm_name, norm) in norms {
        page.choose("net-norm", norm_name);
        for (bias_name, bias) in [("tied", Bias::Tied), ("untied", Bias::Untied)] {
            page.choose("net-bias", bias_name);
            for (mode_name, mode) in [("training", Mode::Training), ("evaluation", Mode::Evaluation)] {
                page.choose("net-mode", mode_name);
                let network = residual(norm, &bias);
                let flow = ShiftFlow::new(&network, mode);
                let spaced = |text: String| text.replace('_', " ");
                let row = |site: &untied_redundancy::shift_flow::Site| {
                    let (parameters, redundant) = (site.redundancy.parameters(), site.redundancy.dimensions());
                    let counts = [parameters, redundant, parameters - redundant].map(|count| count.to_string());
                    let [a, b, c] = counts;
                    json!([spaced(site.name.clone()), a, b, c, spaced(site.path.to_string())])
                };
                let expected: Vec<Value> = flow.sites().iter().map(row).collect();
                assert_eq!(table(&mut page), json!(expected), "{norm_name} {bias_name} {mode_name}");
                let meetings: Vec<String> = flow.meetings().iter().map(|one| spaced(format!("{one}."))).collect();
                let shown =
                    page.evaluate("[...document.querySelectorAll('#net-meetings li')].map(one => one.textContent)");
                assert_eq!(shown, json!(meetings), "{norm_name} {bias_name} {mode_name}");
            }
        }
    }
    assert_eq!(page.problems(), [""; 0]);
}

/// The names of the biases that can be chosen, and of the chosen one.
fn buttons(page: &mut Page) -> (Vec<String>, Value) {
    let names = page.evaluate("[...document.querySelectorAll('#net-nodes [data-site]')].map(one => one.dataset.site)");
    let pressed = page.evaluate(
        "[...document.querySelectorAll('#net-nodes [aria-pressed=true]')].map(one => one.dataset.site).join()",
    );
    (serde_json::from_value(names).expect("names"), pressed)
}

#[test]
fn each_bias_can_be_chosen_and_followed() {
    let (mut page, _folder) = opened();
    for net in 0..6 {
        page.choose("net", &net.to_string());
        let (names, _) = buttons(&mut page);
        let rows = table(&mut page);
        assert_eq!(names.len(), rows.as_array().expect("rows").len());
        for name in names {
            let button = format!("#net-nodes [data-site=\"{name}\"]");
            if name.starts_with('β') {
                page.press(&button, "Enter");
            } else {
                page.click(&button);
            }
            assert_eq!(buttons(&mut page).1, name.as_str());
            let row = rows.as_array().expect("rows").iter().find(|row| row[0] == name.as_str()).expect("a row").clone();
            let answer = page.evaluate("document.getElementById('net-answer').textContent");
            let answer = answer.as_str().expect("text");
            assert!(answer.starts_with(&name) && answer.contains(row[4].as_str().expect("a sentence")), "{answer}");
            check_drawing(&mut page, row[2] != "0", row[3] != "0");
        }
    }
    assert_eq!(page.problems(), [""; 0]);
}

/// The drawing shows a removal where something is redundant, work where something is at work, and the ways there.
fn check_drawing(page: &mut Page, redundant: bool, at_work: bool) {
    let count = |page: &mut Page, selector: &str| {
        page.evaluate(&format!("document.querySelectorAll('#net-nodes {selector}').length")).as_u64().expect("a count")
    };
    assert_eq!(count(page, ".start"), 1);
    assert_eq!(count(page, ".box.removes") > 0, redundant);
    assert_eq!(count(page, ".box.at-work") > 0, at_work);
    assert_eq!(count(page, "path.passing:not(.head)") > 0, redundant);
    assert!(count(page, "path.rest:not(.head)") > 0 || !at_work || redundant);
    assert!(page.evaluate("document.querySelector('#net-nodes .edges').getBoundingClientRect().height > 100") == true);
}

/// What the page's WebAssembly answers.
fn in_the_page(page: &mut Page, request: &Value) -> Value {
    page.evaluate(&format!("untiedFlow({request})"))
}

/// What the same crate answers here.
fn here(request: &Value) -> Value {
    serde_json::from_str(&untied_flow::reply(&request.to_string())).expect("JSON")
}

fn choices() -> impl Iterator<Item = [&'static str; 3]> {
    let norms = ["batch", "per_activation", "instance", "group", "layer", "rms", "filter_response", "none"];
    norms.into_iter().flat_map(|norm| {
        let biases = ["tied", "untied"].into_iter();
        biases.flat_map(move |bias| ["training", "evaluation"].into_iter().map(move |mode| [norm, bias, mode]))
    })
}

/// Lines of operations and settings in any order; many of them do not fit.
fn random_text(random: &mut impl FnMut(usize) -> usize) -> String {
    const LINES: [&str; 20] = [
        "convolution 3 padded",
        "convolution 2",
        "bias",
        "bias",
        "bias untied",
        "norm",
        "norm",
        "norm layer",
        "norm group 4",
        "relu",
        "max 2",
        "average 2",
        "mean",
        "flatten",
        "dropout",
        "tanh",
        "linear 3",
        "loss",
        "add of bias, input",
        "concatenate of bias, norm",
    ];
    let count = 4 + random(9);
    let lines: Vec<&str> = (0..count).map(|at| if at == 1 { "bias" } else { LINES[random(LINES.len())] }).collect();
    lines.join("\n")
}

#[test]
fn the_webassembly_answers_as_the_crate_does() {
    let (mut fresh, _folder) = opened();
    let mut known = 0;
    for page in [&mut fresh, &mut shipped()] {
        let texts = page.evaluate("JSON.parse(document.getElementById('data').textContent).networks");
        for text in texts.as_array().expect("texts") {
            for [norm, bias, mode] in choices() {
                let request = json!({ "text": text, "norm": norm, "bias": bias, "mode": mode });
                let expected = here(&request);
                assert!(expected["error"].is_null(), "{expected}");
                assert_eq!(in_the_page(page, &request), expected, "{request}");
            }
        }
        let mut state = 7_u64;
        let mut random = |below: usize| {
            state = state.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
            (state >> 33) as usize % below
        };
        for [norm, bias, mode] in (0..10).flat_map(|_| choices()) {
            let request = json!({ "text": random_text(&mut random), "norm": norm, "bias": bias, "mode": mode });
            let expected = here(&request);
            known += u32::from(expected["error"].is_null());
            assert_eq!(in_the_page(page, &request), expected, "{request}");
        }
        assert_eq!(page.problems(), [""; 0]);
    }
    assert!(known > 60, "{known} networks that fit");
}

#[test]
fn a_network_of_ones_own_is_followed_or_told_what_is_wrong() {
    let (mut page, _folder) = opened();
    page.evaluate("document.querySelector('details.own').open = true");
    page.choose("net-text", "conv: convolution 3\nfirst: bias untied\nmax 2\nnorm layer\nrelu\nmean\nlinear 3\nloss");
    assert_eq!(
        table(&mut page)[0],
        json!(["first", "144", "1", "143", "removed by norm, through max; the rest is at work in max and norm"])
    );
    assert_eq!(buttons(&mut page).0, ["first", "β of norm"]);
    let error = |page: &mut Page| page.evaluate("document.getElementById('net-error').textContent");
    assert_eq!(error(&mut page), "");
    page.choose("net-text", "conv: convolution 3\nfirst: bias unted");
    assert_eq!(
        error(&mut page),
        "line 2: expected a bias (tied, untied), found `unted`. The drawing shows the network before that."
    );
    assert_eq!(page.evaluate("document.getElementById('net-text').ariaInvalid"), "true");
    assert_eq!(buttons(&mut page).0, ["first", "β of norm"]);
    page.click("#net-reset");
    assert_eq!((error(&mut page), buttons(&mut page).0.len()), (json!(""), 5));
    assert_eq!(page.problems(), [""; 0]);
}
