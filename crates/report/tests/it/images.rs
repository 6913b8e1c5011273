//! Intervals and verdicts over seeds and test images: what they hold, need and refuse.

use serde_json::json;
use untied_report::{compare, render};
use untied_study::{Answers, CellRecord, CompareConfig, Comparison, Metric, Over, Verdict};

use crate::made_up::{baseline, factors, results};
use crate::simulated::images::{SCENES, answered, simulate};

const STUDIES: usize = 1000;

/// A share and what chance takes from it in one of a thousand rates (3.09 standard errors).
fn at_least(share: f64) -> f64 {
    share - 3.09 * (share * (1.0 - share) / STUDIES as f64).sqrt()
}

fn over_images() -> CompareConfig {
    CompareConfig { over: Over::SeedsAndImages, ..baseline() }
}

/// On 10 000 images the example alone measures; `RATES.md` has its rates.
#[test]
fn intervals_over_images_hold_the_true_difference() {
    for scene in &SCENES[..7] {
        for seeds in [3, 5, 10] {
            for difference in [0.0, 0.02] {
                let covered = simulate(*scene, seeds, difference, 0.01, STUDIES).covered;
                assert!(covered >= at_least(0.95), "{}, {seeds} seeds, {difference}: {covered}", scene.name);
            }
        }
    }
}

/// At five seeds, with no allowance for chance: as good as every other kind of interval.
#[test]
fn intervals_of_five_seeds_hold_what_they_promise() {
    for scene in &SCENES[..7] {
        let covered = simulate(*scene, 5, 0.0, 0.01, 10_000).covered;
        assert!(covered >= 0.94, "{}: {covered}", scene.name);
    }
}

/// The reason for the second interval: the first says nothing of other images.
#[test]
fn intervals_over_seeds_do_not_hold_for_new_images() {
    let rates = simulate(SCENES[2], 5, 0.0, 0.01, STUDIES);
    assert!(rates.covered_by_seeds < 0.8, "{rates:?}");
}

#[test]
fn verdicts_over_images_are_rarely_wrong() {
    let most = 1.0 - at_least(0.95);
    for scene in &SCENES[..7] {
        for seeds in [3, 5, 20] {
            let none = simulate(*scene, seeds, 0.0, 0.001, STUDIES).different;
            let margin = simulate(*scene, seeds, 0.03, 0.03, STUDIES).equivalent;
            assert!(none <= most && margin <= most, "{}, {seeds} seeds: {none} {margin}", scene.name);
        }
    }
}

/// Never deciding would be no art.
#[test]
fn verdicts_over_images_are_given() {
    let equivalent = simulate(SCENES[1], 5, 0.0, 0.04, STUDIES).equivalent;
    let different = simulate(SCENES[1], 5, 0.06, 0.001, STUDIES).different;
    assert!(equivalent > 0.95 && different > 0.95, "{equivalent} {different}");
}

fn only(cells: &[CellRecord], config: &CompareConfig) -> Comparison {
    compare(cells, &[], config).remove(0)
}

/// Three seeds and eight images: the treatment gains the first image in every seed, and loses one that varies.
fn few() -> Vec<CellRecord> {
    let base = [false, true, true, true, true, true, false, false];
    let treated = |seed: usize| {
        let mut answers = base;
        (answers[0], answers[1 + seed]) = (true, false);
        answers
    };
    let none = (0..3).map(|seed| answered("none", seed, &base));
    none.chain((0..3).map(|seed| answered("tied", seed as u64, &treated(seed)))).collect()
}

#[test]
fn the_interval_is_that_of_seeds_crossed_with_images() {
    let one = only(&few(), &baseline());
    // d = +1 for the first image, −1 for another one a seed. Sums of squares: 6 in all, 0 of seeds, (3² + 3·1²)/3 = 4 of images,
    // 2 of the rest; MS_images = 4/7, MS_residual = 2/14, V_images = (4/7 − 1/7)/24 + 2/64.
    let expected = (3.0 / 7.0 / 24.0 + 2.0 / 64.0f64).sqrt();
    assert!((one.image_error.unwrap() - expected).abs() < 1e-12, "{one:?} {expected}");
    assert_eq!((one.mean_difference, one.over), (Some(0.0), Over::Seeds));
    let [low, high] = one.ci95_images.unwrap();
    let [low_on_these, high_on_these] = one.ci95.unwrap();
    assert!(low <= low_on_these && high_on_these <= high, "{one:?}");
}

#[test]
fn over_decides_what_the_p_values_are_about() {
    let [seeds, images] = [baseline(), over_images()].map(|config| only(&few(), &config));
    assert_eq!((seeds.ci95, seeds.ci95_images), (images.ci95, images.ci95_images));
    assert!(images.tost_p > seeds.tost_p, "{images:?}");
    assert_eq!(images.over, Over::SeedsAndImages);
}

#[test]
fn without_answers_there_is_no_second_interval_and_no_verdict_over_images() {
    let mut older = few();
    older[4].answers = Answers::default();
    let mut other_set = few();
    for cell in &mut other_set[..3] {
        cell.test_images = 7;
    }
    let sources = few().into_iter().map(|mut cell| {
        let source = cell.factors.remove("model.bias").unwrap();
        cell.factors.insert("data.source".into(), source);
        cell
    });
    let sources: Vec<CellRecord> = sources.collect();
    let by_source = CompareConfig { baseline: factors(&[("data.source", json!("none"))]), ..over_images() };
    for (cells, config) in [(older, over_images()), (other_set, over_images()), (sources, by_source)] {
        let one = only(&cells, &config);
        assert_eq!((one.ci95_images, one.image_error, one.t_p, one.tost_p), (None, None, None, None));
        assert!(one.ci95.is_some() && one.verdict == Verdict::Inconclusive, "{one:?}");
        assert_eq!(one.seeds_suggested, None);
    }
    let loss = CompareConfig { metric: Metric::TestLoss, ..baseline() };
    assert_eq!(only(&few(), &loss).ci95_images, None);
}

/// Five seeds and 400 images. The treatment loses the images of one kind in every seed, as many as it gains of another.
fn steady(gained: usize, lost: usize) -> Vec<CellRecord> {
    let base = |image: usize| image >= gained && image < 380;
    let treated = |image: usize| image < 380 - lost;
    let answers = |of: &dyn Fn(usize) -> bool| (0..400).map(of).collect::<Vec<bool>>();
    let none = (0..5).map(|seed| answered("none", seed, &answers(&base)));
    none.chain((0..5).map(|seed| answered("tied", seed, &answers(&treated)))).collect()
}

fn told(cells: Vec<CellRecord>, config: &CompareConfig) -> String {
    render(&results("images", "On which images?", cells, config), Some(config)).markdown.replace('\\', "")
}

#[test]
fn a_verdict_that_new_images_do_not_bear_out_is_called_one_on_these() {
    let text = told(steady(8, 8), &baseline());
    assert!(text.contains("A tied bias is **equivalent** to no bias: test accuracy differs by 0 ["), "{text}");
    assert!(text.contains("On new images of the same kind, the 95 % interval is [−0.0"), "{text}");
    assert!(text.contains("]: the verdict is on these test images alone."), "{text}");
    assert!(text.contains("| 95 % interval on these images | on new images |"), "{text}");

    let text = told(steady(8, 8), &over_images());
    let claim = "A tied bias against no bias is **inconclusive** on new images of the same kind, neither";
    assert!(text.contains(claim) && text.contains("On these test images, the 95 % interval is ["), "{text}");

    let text = told(steady(0, 0), &over_images());
    assert!(text.contains("is **equivalent** to no bias on new images of the same kind: "), "{text}");
    assert!(text.contains("Tests and verdicts are over seeds and test images."), "{text}");
}

#[test]
fn older_results_say_why_they_cannot_be_judged_over_images() {
    let older = steady(0, 0).into_iter().map(|mut cell| {
        cell.answers = Answers::default();
        cell
    });
    let text = told(older.collect(), &over_images());
    assert!(text.contains("**cannot be judged** against no bias: not every run has kept which test images"), "{text}");
    assert!(!text.contains("on new images |"), "{text}");
}

#[test]
fn warnings_of_runs_stand_in_the_answer() {
    let mut cells = steady(1, 1);
    cells[3].warnings = vec!["no training image has the label <b>".into()];
    let text = told(cells, &baseline());
    assert!(text.contains("**Warning of 1 run**: no training image has the label"), "{text}");
}
