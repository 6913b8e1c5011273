//! The check accepts right gradients and points at the wrong element of wrong ones.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Mutex};

use burn::tensor::{Device, Tensor};
use untied_gradcheck::{Arguments, GradCheck, Input, autodiff_gradients, random_cotangent};

fn function(given: &Arguments) -> Tensor<2> {
    given.get::<2>("x").exp() * given.get::<1>("scale").unsqueeze()
}

fn inputs() -> [Input; 2] {
    [Input::random("x", [2, 3], 5), Input::random("scale", [3], 6)]
}

#[test]
fn right_gradients_agree() {
    let report = GradCheck::default().check(function, &inputs(), &Device::flex());
    report.assert();
    assert_eq!(report.elements, 9);
    assert!(report.error() > 0.0, "two different computations do not agree to the last bit");
}

#[test]
fn a_wrong_element_is_named() {
    let check = GradCheck::default();
    let mut gradients = autodiff_gradients(function, &inputs(), &Device::flex(), check.seed);
    gradients[0][5] += 1e-5;
    let report = check.check_gradients(function, &inputs(), &Device::flex(), &gradients);
    assert!(!report.passes());
    assert_eq!((report.worst[0].input.as_str(), &report.worst[0].index[..]), ("x", &[1, 2][..]));
    assert!(report.to_string().contains("x[1, 2]"), "{report}");
}

#[test]
fn nan_does_not_pass() {
    let check = GradCheck::default();
    let mut gradients = autodiff_gradients(function, &inputs(), &Device::flex(), check.seed);
    gradients[1][0] = f64::NAN;
    let report = check.check_gradients(function, &inputs(), &Device::flex(), &gradients);
    assert!(!report.passes());
    assert!(report.error().is_nan());
}

#[test]
fn an_unused_input_has_gradient_zero() {
    let inputs = [Input::random("x", [2], 1), Input::random("unused", [2], 2)];
    let report = GradCheck::default().check(|given| given.get::<1>("x").square(), &inputs, &Device::flex());
    report.assert();
    assert_eq!(report.worst[1].given, 0.0);
}

#[test]
#[should_panic(expected = "no input `y` among [\"x\", \"scale\"]")]
fn a_misspelt_name_is_told() {
    let _ = GradCheck::default().check(|given| given.get::<2>("y"), &inputs(), &Device::flex());
}

#[test]
fn a_panic_is_told_at_the_line_that_calls() {
    let files = Arc::new(Mutex::new(vec![]));
    let (told, here) = (files.clone(), std::thread::current().id());
    let former = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |info| {
        if std::thread::current().id() == here {
            told.lock().unwrap().push(info.location().expect("a location").file().to_string());
        } else {
            former(info);
        }
    }));
    let check = |function: &dyn Fn(&Arguments) -> Tensor<2>| {
        let run = || GradCheck::default().check(function, &inputs(), &Device::flex());
        assert!(catch_unwind(AssertUnwindSafe(run)).is_err());
    };
    check(&|given| given.get("y"));
    check(&|given| given.get("scale"));
    let wrong = GradCheck::default().check(|given| function(given).detach(), &inputs(), &Device::flex());
    assert!(catch_unwind(|| wrong.assert()).is_err());
    let _ = std::panic::take_hook();
    assert_eq!(*files.lock().unwrap(), [file!(); 3]);
}

#[test]
fn an_input_is_not_its_own_cotangent() {
    let cotangent = random_cotangent([8], 3, &Device::flex()).into_data().try_to_vec::<f64>().unwrap();
    assert_ne!(Input::random("x", [8], 3).values, cotangent);
}

#[test]
fn modules_are_checked_as_in_training() {
    // Doubles its input on an autodiff device alone.
    let function = |given: &Arguments| {
        let x = given.get::<1>("x");
        if x.device().is_autodiff() { x * 2.0 } else { x }
    };
    GradCheck::default().check(function, &[Input::random("x", [3], 1)], &Device::flex()).assert();
}

#[test]
fn an_output_without_gradient_has_gradients_of_zero() {
    let inputs = inputs();
    let report = GradCheck::default().check(|given| function(given).detach(), &inputs, &Device::flex());
    assert!(!report.passes());
    assert!(report.worst.iter().all(|element| element.given == 0.0 && element.numeric != 0.0), "{report}");
    let constant = |_: &Arguments| Tensor::<1>::zeros([2], (&Device::flex(), burn::tensor::DType::F64));
    GradCheck::default().check(constant, &inputs, &Device::flex()).assert();
}

#[test]
fn names_may_be_made_at_run_time() {
    let name = |layer: usize| format!("w{layer}");
    let inputs: Vec<Input> = (0..3).map(|layer| Input::random(name(layer), [2], layer as u64)).collect();
    let sum = |given: &Arguments| (0..3).map(|layer| given.get::<1>(&name(layer)).exp()).reduce(|a, b| a * b);
    GradCheck::default().check(|given| sum(given).expect("three inputs"), &inputs, &Device::flex()).assert();
}
