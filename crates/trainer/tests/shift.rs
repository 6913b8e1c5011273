//! A trained model meets shifted images, and its first bias alone is adapted.

use untied_study::{Adaptation, Adapting, CellResult, NormStatistics, ShiftPattern, Study};
use untied_trainer::train;

const CONFIG: &str = r#"
name = "shift"
question = "What does an untied bias recover?"
[data]
source = "digits"
[model]
channels = [8]
bias = "tied"
[train]
epochs = 4
batch_size = 64
optimizer = { sgd = { learning_rate = 0.05, momentum = 0.9 } }
[measure.shift]
patterns = ["uniform", "white"]
strengths = [2.0]
draws = 2
images = [200]
[vary]
seeds = 1
"#;

fn run(options: &[&str]) -> CellResult {
    let options: Vec<String> = options.iter().map(|&option| option.to_owned()).collect();
    let study = Study::parse(CONFIG, "shift.toml".as_ref(), &options).unwrap_or_else(|error| panic!("{error}"));
    train(&study.cells[0].config, &mut |_| {}).unwrap_or_else(|error| panic!("{error}"))
}

/// The mean accuracy over the draws.
fn accuracy(result: &CellResult, wanted: impl Fn(&Adaptation) -> bool) -> f64 {
    let found: Vec<f64> =
        result.measured.adaptations.iter().filter(|one| wanted(one)).map(|one| one.accuracy).collect();
    assert_eq!(found.len(), 2, "one for each draw");
    found.iter().sum::<f64>() / 2.0
}

fn of(pattern: ShiftPattern, bias: &str, adapting: Adapting) -> impl Fn(&Adaptation) -> bool {
    move |one| {
        (one.pattern, &*one.bias, one.adapting, one.statistics) == (pattern, bias, adapting, NormStatistics::Trained)
    }
}

#[test]
fn an_untied_bias_cancels_any_shift_and_a_tied_one_only_a_uniform_one() {
    for (norm, padding) in [("none", "same"), ("none", "valid"), ("batch", "same"), ("layer", "valid")] {
        let result = run(&[&format!("model.norm={norm}"), &format!("model.padding={padding}")]);
        let clean = result.metrics.test_accuracy.unwrap();
        let loss = result.metrics.test_loss.unwrap();
        for pattern in [ShiftPattern::Uniform, ShiftPattern::White] {
            let untied = of(pattern, "untied", Adapting::Exact);
            for one in result.measured.adaptations.iter().filter(|one| untied(one)) {
                assert!((one.accuracy - clean).abs() < 0.003, "{norm} {padding} {pattern}: {one:?}, clean {clean}");
                assert!((one.loss - loss).abs() < 1e-4, "{norm} {padding} {pattern}: {one:?}, clean {loss}");
            }
        }
        let lost = |wanted: &dyn Fn(&Adaptation) -> bool| clean - accuracy(&result, wanted);
        let [unadapted, tied] = [("tied", Adapting::Nothing), ("tied", Adapting::Exact)]
            .map(|(bias, adapting)| lost(&of(ShiftPattern::White, bias, adapting)));
        assert!(
            unadapted > 0.1 && tied > 0.5 * unadapted,
            "{norm} {padding}: {unadapted} lost, {tied} with a tied bias"
        );
        if padding == "valid" {
            let tied = lost(&of(ShiftPattern::Uniform, "tied", Adapting::Exact));
            assert!(tied.abs() < 0.003, "{norm}: a tied bias leaves {tied} of a uniform shift");
        }
    }
}

#[test]
fn estimated_shifts_and_fine_tuned_biases_recover_a_part() {
    let result = run(&["model.norm=none"]);
    let of_white = |bias, adapting| accuracy(&result, of(ShiftPattern::White, bias, adapting));
    let unadapted = of_white("tied", Adapting::Nothing);
    for adapting in [Adapting::MeanImages, Adapting::FineTuned] {
        let untied = of_white("untied", adapting);
        assert!(untied > unadapted + 0.05, "{adapting}: {unadapted} to {untied}");
        assert!(untied > of_white("tied", adapting), "{adapting}");
    }
}

/// With statistics of the shifted images themselves, whatever is the same in a channel is subtracted again.
#[test]
fn statistics_estimated_again_leave_a_tied_bias_nothing_to_do() {
    let result = run(&["model.norm=batch", "model.padding=valid"]);
    let again = |bias: &'static str, adapting| {
        move |one: &Adaptation| {
            (one.pattern, &*one.bias, one.adapting, one.statistics)
                == (ShiftPattern::White, bias, adapting, NormStatistics::Reestimated)
        }
    };
    let losses = |bias, adapting| -> Vec<f64> {
        result.measured.adaptations.iter().filter(|one| again(bias, adapting)(one)).map(|one| one.loss).collect()
    };
    let unadapted = losses("tied", Adapting::Nothing);
    for bias in [losses("none", Adapting::Nothing), losses("tied", Adapting::Exact)] {
        assert!(bias.iter().zip(&unadapted).all(|(a, b)| (a - b).abs() < 1e-4), "{bias:?} {unadapted:?}");
    }
    let untied = losses("untied", Adapting::Exact);
    assert!(untied.iter().zip(&unadapted).all(|(untied, tied)| untied < tied), "{untied:?} {unadapted:?}");
}

/// No test image is the same without its own pattern: what an untied bias could be corrected by is nothing but the mean of some
/// patterns, and fades with their number.
#[test]
fn a_shift_that_changes_from_image_to_image_is_taken_away_by_no_bias() {
    let result = run(&["measure.shift={patterns=[\"white\",\"changing\"],strengths=[2],draws=2,images=[200]}"]);
    let lost = |pattern, bias, adapting| {
        result.metrics.test_accuracy.unwrap() - accuracy(&result, of(pattern, bias, adapting))
    };
    let unadapted = lost(ShiftPattern::Changing, "tied", Adapting::Nothing);
    assert!(unadapted > 0.1, "{unadapted}");
    let changing = |one: &&Adaptation| one.pattern == ShiftPattern::Changing;
    assert!(result.measured.adaptations.iter().filter(changing).all(|one| one.adapting != Adapting::Exact));
    for adapting in [Adapting::MeanImages, Adapting::FineTuned] {
        let [changing, white] =
            [ShiftPattern::Changing, ShiftPattern::White].map(|pattern| lost(pattern, "untied", adapting));
        assert!(
            changing > 0.7 * unadapted && changing > 2.0 * white,
            "{adapting}: {changing} of {unadapted}; white {white}"
        );
    }
}

/// Better on the test images than what they do not decide, and worse than an untied bias that takes the shift away.
#[test]
fn the_best_tied_bias_has_the_least_loss_of_all_tied_ones() {
    let shift = "measure.shift={patterns=[\"uniform\",\"white\"],strengths=[2],draws=1,images=[200],best_tied=true}";
    let result = run(&["model.norm=none", shift]);
    for pattern in [ShiftPattern::Uniform, ShiftPattern::White] {
        let of = |bias: &str, adapting: Adapting| {
            let found = result.measured.adaptations.iter();
            let mut found = found.filter(|one| (one.pattern, &*one.bias, one.adapting) == (pattern, bias, adapting));
            found.next().unwrap_or_else(|| panic!("{bias} {adapting}")).loss
        };
        let best = of("tied", Adapting::Best);
        for adapting in [Adapting::Nothing, Adapting::Exact, Adapting::MeanImages, Adapting::FineTuned] {
            assert!(best <= of("tied", adapting) + 1e-9, "{pattern} {adapting}: {best} {}", of("tied", adapting));
        }
        let untied = of("untied", Adapting::Exact);
        assert!(pattern == ShiftPattern::Uniform || best > untied + 0.1, "{best} {untied}");
        assert!(best < of("tied", Adapting::Nothing), "it finds something");
    }
    assert!(
        result.measured.adaptations.iter().filter(|one| one.adapting == Adapting::Best).all(|one| one.bias == "tied")
    );
}

#[test]
fn what_cannot_be_measured_is_said_before_training() {
    let error = |option: &str| {
        let study = Study::parse(CONFIG, "shift.toml".as_ref(), &[option.to_owned()]).unwrap();
        untied_trainer::check(&study.cells[0].config).unwrap_err().to_string()
    };
    let images = error("measure.shift={patterns=[\"white\"], strengths=[1], images=[1238]}");
    assert_eq!(
        images,
        "measure.shift.images: expected at most 1237, the training images without the 200 that learning rates are chosen on, \
         got 1238"
    );
    assert_eq!(
        error("measure.translate=[8]"),
        "measure.translate: expected less than the 8x8 of the images, got 8 pixels"
    );
}
