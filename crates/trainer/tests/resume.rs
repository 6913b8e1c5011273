//! Runs that go on from a checkpoint end as those that never stopped.

use std::time::Duration;

use proptest::prelude::*;
use proptest::sample::Index;
use proptest::test_runner::TestRunner;
use untied_study::{CellConfig, CellResult, Event, Study};
use untied_trainer::{Checkpoints, resume, train};

const BASE: &str = r#"
name = "resumed"
question = "Does it end alike?"
data = { source = "digits" }
model = { channels = [4, 6], bias = "untied" }
train = { epochs = 2, batch_size = 256, optimizer = { sgd = { learning_rate = 0.05, momentum = 0.9 } } }
vary = { seeds = 1 }
"#;

/// Every kind of random change.
const AUGMENT: &str = "data.augment={flip=\"both\",crop=1,translate=0.1,rotate=10,cutout=2,noise=0.1,mixup=0.2}";

const COMMIT: Option<&str> = Some("c0ffee");

/// Steps of an epoch: 1437 images in batches of 256.
const EPOCH: usize = 5;

fn config(overrides: &[&str]) -> CellConfig {
    let overrides: Vec<String> = overrides.iter().map(ToString::to_string).collect();
    Study::parse(BASE, "resumed.toml".as_ref(), &overrides).unwrap().cells[0].config.clone()
}

/// The result, timing aside, and the state after every step.
fn undisturbed(config: &CellConfig) -> (CellResult, Vec<Vec<u8>>) {
    let mut states = Vec::new();
    let mut keep = |state: &[u8]| {
        states.push(state.to_vec());
        Ok(())
    };
    let checkpoints = Checkpoints { last: None, commit: COMMIT, every: Duration::ZERO, keep: &mut keep };
    let result = resume(config, checkpoints, &mut |_| {}).unwrap().result;
    (untimed(result), states)
}

fn untimed(result: CellResult) -> CellResult {
    CellResult { train_seconds: 0.0, images_per_second: 0.0, ..result }
}

fn resumed(config: &CellConfig, last: Vec<u8>) -> (CellResult, Vec<Event>) {
    let mut events = Vec::new();
    let checkpoints = Checkpoints { last: Some(last), commit: COMMIT, every: Duration::MAX, keep: &mut |_| Ok(()) };
    let result = resume(config, checkpoints, &mut |event| events.push(event.clone())).unwrap().result;
    (untimed(result), events)
}

#[test]
fn a_run_that_goes_on_ends_as_if_it_had_never_stopped() {
    let adam = "train.optimizer={adam={learning_rate=0.003}}";
    for overrides in [
        &["model.norm=batch"][..],
        &["model.norm=batch", "train.dtype=f64"],
        &["model.norm=batch_per_activation", "train.optimizer={sgd={learning_rate=0.05}}"],
        &["model.norm=batch", adam, "train.project_redundant=bias"],
        &["model.norm=none", adam, "train.schedule={cosine={}}"],
        &["model.norm=filter_response", "train.dtype=f64"],
        &[AUGMENT, "data.validation=0.1"],
        &[AUGMENT, "data.limit={train=1400}", "train.dtype=f64"],
        &["train.warmup_epochs=0.5", "train.schedule={cosine={}}", "train.clip_gradients={norm=0.1}"],
        &["train.schedule={steps={milestones=[1]}}", "train.clip_gradients={value=0.01}", "train.dtype=f64"],
        &[
            "train.schedule={one_cycle={}}",
            "train.optimizer={sgd={learning_rate=0.05,momentum=0.9,nesterov=true,weight_decay=0.01}}",
            "train.weight_decay_on=weights",
        ],
        &[
            "train.optimizer={adamw={learning_rate=0.003,weight_decay=0.1}}",
            "train.weight_decay_on=weights",
            "train.dtype=f64",
        ],
        &["model.norm=batch", "model.weight=standardized"],
        &["model.norm={group=2}", "model.weight=standardized", "train.dtype=f64"],
        &["model.norm=batch", "train.optimizer={lion={learning_rate=0.001,weight_decay=0.1}}"],
        &["model.norm=none", "train.optimizer={lion={learning_rate=0.001}}", "train.dtype=f64"],
        &["model.norm={group=2}", adam, "train.dtype=f64", "train.schedule={exponential={gamma=0.5}}"],
        &[
            "model.norm=rms",
            "train.optimizer={adamw={learning_rate=0.003}}",
            "train.schedule={linear={final_learning_rate=0}}",
        ],
    ] {
        let config = config(overrides);
        let (expected, states) = undisturbed(&config);
        assert_eq!(
            expected,
            untimed(train(&config, &mut |_| {}).unwrap()),
            "{overrides:?}: checkpoints change nothing"
        );
        assert_eq!(states.len(), 2 * EPOCH);
        // After the first step, an epoch, a step in the second one, the last step.
        for step in [1, EPOCH, EPOCH + 2, 2 * EPOCH] {
            let (result, events) = resumed(&config, states[step - 1].clone());
            let epoch = (step - 1) / EPOCH + 1;
            assert_eq!(events[1], Event::Resumed { epoch, step }, "{overrides:?}");
            assert_eq!(result, expected, "{overrides:?} from step {step}");
        }
    }
}

/// With a rate that makes the first epoch the best one, so that its model has to survive.
#[test]
fn a_run_with_a_best_epoch_or_an_early_end_goes_on_to_the_same_bits() {
    for overrides in [
        &["train.best_epoch=validation_accuracy"][..],
        &["train.best_epoch=validation_loss", "train.freeze_norm={after=1}"],
        &["train.best_epoch=validation_loss", "train.store_weights=bf16"],
        &["train.best_epoch=validation_loss", "train.reestimate_statistics=true"],
        &["train.best_epoch=validation_loss", "train.early_stopping={patience=1}"],
        &["train.early_stopping={patience=1,min_improvement=100}", "train.dtype=f64"],
    ] {
        let wild = ["data.validation=0.1", "train.epochs=4", "train.optimizer={sgd={learning_rate=1.5}}"];
        let mut config = config(&[&wild, overrides].concat());
        config.measure.translate = vec![1];
        let (expected, states) = undisturbed(&config);
        let curves = &expected.curves;
        assert_eq!(
            (curves.validation_loss.len(), curves.validation_accuracy.len()),
            (expected.epochs, expected.epochs)
        );
        for state in &states {
            let (result, _) = resumed(&config, state.clone());
            assert_eq!(result, expected, "{overrides:?}");
        }
    }
}

#[test]
fn time_and_speed_cover_both_parts_of_a_run() {
    let config = config(&[]);
    let mut last = Vec::new();
    let mut keep = |state: &[u8]| {
        last = state.to_vec();
        Ok(())
    };
    let checkpoints = Checkpoints { last: None, commit: COMMIT, every: Duration::ZERO, keep: &mut keep };
    let whole = resume(&config, checkpoints, &mut |_| {}).unwrap().result;
    let checkpoints = Checkpoints { last: Some(last), commit: COMMIT, every: Duration::MAX, keep: &mut |_| Ok(()) };
    let rest = resume(&config, checkpoints, &mut |_| {}).unwrap().result;
    assert_eq!((whole.train_seconds, whole.images_per_second), (rest.train_seconds, rest.images_per_second));
}

#[test]
fn a_run_that_diverges_does_so_at_the_same_step() {
    let config = config(&["model.norm=none", "train.optimizer.sgd={learning_rate=1e20}"]);
    let (expected, states) = undisturbed(&config);
    assert!(expected.reason.is_some() && !states.is_empty());
    let (result, _) = resumed(&config, states.last().unwrap().clone());
    assert_eq!(result, expected);
}

fn warning(events: &[Event]) -> &str {
    let found = events.iter().find_map(|event| match event {
        Event::Warning { message, .. } => Some(message.as_str()),
        _ => None,
    });
    found.expect("a warning")
}

#[test]
fn a_state_of_something_else_is_left_aside() {
    let config = config(&[]);
    let (expected, states) = undisturbed(&config);
    let state = &states[EPOCH + 1];
    let replaced = |old: &str, new: &str| {
        let end = state.iter().position(|&byte| byte == b'\n').unwrap();
        let line = String::from_utf8(state[..end].to_vec()).unwrap();
        assert!(line.contains(old), "{line}");
        [line.replacen(old, new, 1).as_bytes(), &state[end..]].concat()
    };
    let other = |overrides: &[&str]| undisturbed(&self::config(overrides)).1.swap_remove(EPOCH + 1);
    for (state, expected_message) in [
        (Vec::new(), "is no state of a run"),
        (b"{}\n".to_vec(), "is no state of a run"),
        (state[..state.len() - 1].to_vec(), "cannot be restored"),
        (state[..300].to_vec(), "is no state of a run"),
        (replaced("\"format\":6", "\"format\":7"), "has format 7; this program reads 6"),
        (replaced("\"program\":\"untied ", "\"program\":\"untied 0.0."), "was written by untied 0.0."),
        (replaced("(c0ffee)", "(decaf)"), "(decaf), this is untied "),
        (replaced("\"trained\":{\"secs\":", "\"trained\":{\"secs\":99999999999999"), "is of a run of another length"),
        (replaced("\"train_images\":\"", "\"train_images\":\"0"), "was trained on other data"),
        (replaced("\"model_bytes\":", "\"model_bytes\":9"), "is no state of a run"),
        (
            replaced("\"step_losses\":[", "\"step_losses\":[1.0,2.0,3.0,4.0,5.0,6.0,7.0,8.0,"),
            "is of a run of another length",
        ),
        (other(&["model.channels=[4, 8]"]), "cannot be restored"),
        (other(&["model.channels=[4]"]), "cannot be restored"),
        (other(&["train.optimizer={adam={learning_rate=0.003}}"]), "has another optimizer's state"),
    ] {
        let (result, events) = resumed(&config, state);
        let message = warning(&events);
        assert!(
            message.starts_with("it starts again: its checkpoint ") && message.contains(expected_message),
            "{message}"
        );
        assert_eq!(result, expected);
    }
}

#[test]
fn a_checkpoint_that_cannot_be_kept_costs_a_line_and_no_result() {
    let config = config(&[]);
    let mut events = Vec::new();
    let checkpoints = Checkpoints {
        last: None,
        commit: COMMIT,
        every: Duration::ZERO,
        keep: &mut |_| Err("the disk is full".into()),
    };
    let result = resume(&config, checkpoints, &mut |event| events.push(event.clone())).unwrap().result;
    assert_eq!(untimed(result), undisturbed(&config).0);
    assert_eq!(warning(&events), "no checkpoint, training goes on: the disk is full");
    assert_eq!(events.iter().filter(|event| matches!(event, Event::Warning { .. })).count(), 1);
}

/// What a checksum would let pass: whatever a state holds, the run goes on from it or starts again.
#[test]
fn no_state_ends_a_run() {
    let config = config(&[]);
    let state = undisturbed(&config).1.pop().unwrap();
    let line = state.iter().position(|&byte| byte == b'\n').unwrap();
    let text = "[-0-9eE.,:\"{}\\[\\]]{1,8}|null|1e999|18446744073709551615";
    let anywhere = (any::<Index>(), prop::collection::vec(any::<u8>(), 1..9)).prop_map(|(at, bytes)| (at, true, bytes));
    let in_the_line = (any::<Index>(), text).prop_map(|(at, text)| (at, false, text.into_bytes()));
    let runner = ProptestConfig { cases: 100, failure_persistence: None, ..ProptestConfig::default() };
    let outcome = TestRunner::new(runner).run(&prop_oneof![anywhere, in_the_line], |(at, anywhere, bytes)| {
        let at = at.index(if anywhere { state.len() } else { line });
        let mut spoilt = state.clone();
        spoilt.splice(at..(at + bytes.len()).min(state.len()), bytes);
        resumed(&config, spoilt);
        Ok(())
    });
    outcome.unwrap();
}
