//! Clones of a layer in several threads, as a learner on several devices has them.
#![cfg(feature = "flex")]

use std::sync::Barrier;
use std::thread;

use burn::module::Module;
use burn::nn;
use burn::tensor::{Device, Tensor};
use untied_batch_norm::{BatchNorm, BatchNormConfig};

const THREADS: usize = 4;

fn device() -> Device {
    Device::flex().autodiff()
}

/// Of mean `mean` and unbiased variance 2.
fn batch(mean: usize) -> Tensor<2> {
    Tensor::from_floats([[mean as f32 - 1.0], [mean as f32 + 1.0]], &device())
}

fn value(tensor: Tensor<1>) -> f32 {
    tensor.into_scalar::<f32>()
}

/// Runs `forward` with a clone in each thread, once a step; the steps wait for each other, as a learner's do.
fn steps<M: Module + Sync>(layer: &M, steps: usize, forward: impl Fn(&M, Tensor<2>) + Sync) {
    for step in 0..steps {
        // A worker has its own fork of the model, and its thread stays the same from step to step or not.
        thread::scope(|scope| {
            for worker in 0..THREADS {
                let (clone, forward) = (layer.clone(), &forward);
                scope.spawn(move || forward(&clone.fork(&device()), batch(step * THREADS + worker)));
            }
        });
    }
}

#[test]
fn one_step_in_each_thread_gives_the_average_as_burns_own_layer_does() {
    for run in 0..100 {
        let ours = BatchNormConfig::new(1).with_momentum(1.0).init(&device());
        steps(&ours, 1, |norm, x| drop(norm.forward(x)));
        let burns = nn::BatchNormConfig::new(1).with_momentum(1.0).init(&device());
        steps(&burns, 1, |norm, x| drop(norm.forward(x)));
        let (ours, burns) = (ours.valid(), burns.valid());
        // The means 0, 1, 2, 3.
        assert_eq!(value(burns.running_mean.value()), 1.5, "run {run}");
        assert_eq!(value(ours.running_mean.value()), 1.5, "run {run}");
        assert_eq!(value(ours.running_var.value()), 2.0, "run {run}");
    }
}

/// Threads that stay, as a learner's workers do; a barrier stands for the optimizer's step.
fn lockstep(norm: &BatchNorm, count: usize) {
    let barrier = Barrier::new(THREADS);
    thread::scope(|scope| {
        for worker in 0..THREADS {
            let (clone, barrier) = (norm.clone(), &barrier);
            scope.spawn(move || {
                for step in 0..count {
                    let _ = clone.forward(batch(step * THREADS + worker));
                    barrier.wait();
                }
            });
        }
    });
}

#[test]
fn rounds_of_all_threads_follow_each_other() {
    for _ in 0..20 {
        let norm = BatchNormConfig::new(1).with_momentum(0.5).init(&device());
        lockstep(&norm, 3);
        // The rounds' averages 1.5, 5.5 and 9.5: ((0 + 1.5)/2 + 5.5)/2 = 3.125, and so on.
        assert_eq!(value(norm.running_mean.value()), 6.3125);
        assert_eq!(value(norm.running_var.value()), 1.875);
    }
}

#[test]
fn a_cumulative_average_loses_no_batch_however_threads_meet() {
    for _ in 0..20 {
        let norm = BatchNormConfig::new(1).with_momentum(None).init(&device());
        thread::scope(|scope| {
            for worker in 0..THREADS {
                let clone = norm.clone();
                scope.spawn(move || (0..50).for_each(|step| drop(clone.forward(batch(step * THREADS + worker)))));
            }
        });
        assert_eq!(value(norm.batches.as_ref().expect("a count").value()), 200.0);
        assert!((value(norm.running_mean.value()) - 99.5).abs() < 1e-3, "{}", norm.running_mean.value());
        assert!((value(norm.running_var.value()) - 2.0).abs() < 1e-5);
    }
}

#[test]
fn mean_and_variance_are_always_of_the_same_batches() {
    // Batches of mean m and variance 2·m²: whoever reads sees both of one update, evaluating √2·(x − m)/(√2·m).
    let norm = BatchNormConfig::new(1).with_momentum(1.0).with_epsilon(1e-12).init(&device());
    let of = |mean: f32| Tensor::<2>::from_floats([[0.0], [2.0 * mean]], &device());
    let _ = norm.forward(of(1.0));
    thread::scope(|scope| {
        let (writer, reader) = (norm.clone(), norm.clone().freeze());
        scope.spawn(move || (1..2000).for_each(|step| drop(writer.forward(of(1.0 + (step % 2) as f32)))));
        scope.spawn(move || {
            for _ in 0..2000 {
                // −m/(√2·m), whichever m it is.
                let y = reader.forward(Tensor::<2>::zeros([1, 1], &device())).into_scalar::<f32>();
                assert!((y + 0.5f32.sqrt()).abs() < 1e-5, "{y}");
            }
        });
    });
}

/// A learner validates its model after each epoch, and has other threads in the next one.
#[test]
fn a_look_at_the_model_begins_a_round_as_with_burns_own_layer() {
    let (ours, burns) = (BatchNormConfig::new(1), nn::BatchNormConfig::new(1));
    let (ours, burns) = (ours.with_momentum(0.5).init(&device()), burns.with_momentum(0.5).init(&device()));
    for _ in 0..2 {
        steps(&ours, 1, |norm, x| drop(norm.forward(x)));
        steps(&burns, 1, |norm, x| drop(norm.forward(x)));
        let (ours, burns) = (ours.valid(), burns.valid());
        assert_eq!(value(ours.running_mean.value()), value(burns.running_mean.value()));
    }
    // The means 0, 1, 2, 3, twice: (0 + 1.5)/2, and (0.75 + 1.5)/2.
    assert_eq!(value(ours.running_mean.value()), 1.125);
}

#[test]
fn a_loaded_record_begins_a_round() {
    let norm = BatchNormConfig::new(1).with_momentum(0.5).init(&device());
    let other = BatchNormConfig::new(1).with_momentum(1.0).init(&device());
    let _ = other.forward(batch(8));
    thread::scope(|scope| {
        scope.spawn(|| norm.forward(batch(100)));
    });
    let norm = norm.load_record(other.into_record());
    let _ = norm.forward(batch(4));
    assert_eq!(value(norm.running_mean.value()), 6.0);
}
