//! What cannot be audited says why.

use std::cell::Cell;

use burn::module::{Module, Param};
use burn::tensor::{DType, Tensor};
use untied_audit::{AuditError, AuditOptions, audit};

use crate::{parameter, tensor};

#[derive(Module, Debug)]
struct Scaled {
    scale: Param<Tensor<1>>,
}

fn scaled() -> Scaled {
    Scaled { scale: parameter([3], 1) }
}

fn forward(net: &Scaled) -> Tensor<1> {
    net.scale.val() * tensor([3], 2, net.scale.val().dtype())
}

fn refused(net: &Scaled, outputs: impl Fn(&Scaled) -> Tensor<1>, options: &AuditOptions) -> String {
    audit(net, outputs, options).expect_err("refused").to_string()
}

#[test]
fn options_out_of_range() {
    let said = |options: AuditOptions| refused(&scaled(), forward, &options);
    let defaults = AuditOptions::default;
    assert_eq!(said(AuditOptions { passes: 3, ..defaults() }), "passes: expected at least 4, found 3");
    let expected = "spread: expected a finite number of at least 0, found NaN";
    assert_eq!(said(AuditOptions { spread: f64::NAN, ..defaults() }), expected);
    let half = said(AuditOptions { dtype: Some(DType::F16), ..defaults() });
    assert_eq!(half, "scale: expected f32 or f64, found F16 (the option dtype has the module cast)");
}

#[test]
fn modules_and_outputs_without_gradients() {
    let frozen = scaled().no_grad();
    assert_eq!(audit(&frozen, forward, &AuditOptions::default()), Err(AuditError::NothingTrains));
    let said = refused(&scaled(), |net| forward(net).detach(), &AuditOptions::default());
    let expected = "the outputs: expected a tensor that depends on the given module's parameters, found one without a history \
                    (detached, or of another module)";
    assert_eq!(said, expected);
    let said = refused(&scaled(), |net| forward(net).slice(0..0), &AuditOptions::default());
    assert!(said.ends_with("found an empty one"), "{said}");
}

#[test]
fn outputs_that_are_no_numbers() {
    let said = refused(&scaled(), |net| (forward(net) - 100.0).log(), &AuditOptions::default());
    assert_eq!(said, "the outputs: expected finite numbers, found NaN");
    // The gradient of a root at 0.
    let said = refused(&scaled(), |net| (forward(net) * 0.0).sqrt(), &AuditOptions::default());
    assert!(said.starts_with("the gradient of scale: expected finite numbers, found"), "{said}");
}

#[test]
fn outputs_that_change_from_call_to_call() {
    let calls = Cell::new(0);
    let growing = |net: &Scaled| {
        calls.set(calls.get() + 1);
        forward(net) * f64::from(calls.get())
    };
    let said = refused(&scaled(), growing, &AuditOptions::default());
    assert!(
        said.starts_with("the outputs: expected the same for the same parameters, found a difference of "),
        "{said}"
    );
}

#[test]
fn outputs_that_change_late() {
    // As dropout would whose numbers somebody else draws from too: what changes must not pass for rounding.
    for first in [2, 3, 4, 5, 6, 7, 20, 27] {
        let calls = Cell::new(0);
        let changing = |net: &Scaled| {
            calls.set(calls.get() + 1);
            forward(net) * if calls.get() >= first { f64::from(calls.get()) } else { 1.0 }
        };
        let said = audit(&scaled(), changing, &AuditOptions::default()).expect_err("refused");
        assert!(matches!(said, AuditError::NotRepeatable { .. }), "from call {first} on: {said}");
    }
}

/// The same outputs, but in later calls three times the gradient.
#[test]
fn gradients_that_do_not_grow_with_the_cotangent() {
    let calls = Cell::new(0);
    let switching = |net: &Scaled| {
        calls.set(calls.get() + 1);
        let outputs = forward(net);
        if calls.get() > 3 { outputs.clone() * 3.0 - outputs.detach() * 2.0 } else { outputs }
    };
    let said = refused(&scaled(), switching, &AuditOptions::default());
    let expected = "the gradient of scale: expected 4 times as much of 4 times the cotangent, found one that differs by 2.0e0 of it";
    assert_eq!(said, expected);
}
