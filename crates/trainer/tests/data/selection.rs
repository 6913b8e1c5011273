//! Which images are used: limits, validation images, sizes and colours of any source.

use untied_study::Standardise;
use untied_trainer::data::{Dataset, Split, Standardisation};

use crate::files::load;

fn digits(keys: &str) -> Dataset {
    let folder = tempfile::tempdir().expect("a temporary folder");
    load(&folder, &format!(r#"{{"source": "digits"{keys}}}"#)).expect("bundled data are sound")
}

fn counts(split: &Split) -> [usize; 10] {
    std::array::from_fn(|class| split.labels.iter().filter(|&&label| usize::from(label) == class).count())
}

/// The images of one split that are images of another.
fn shared(split: &Split, other: &Split) -> usize {
    let others: std::collections::HashSet<&[u8]> = (0..other.count).map(|index| other.image(index)).collect();
    (0..split.count).filter(|&index| others.contains(split.image(index))).count()
}

#[test]
fn limits_take_each_class_alike_and_repeat() {
    let (all, some) = (digits(""), digits(r#", "limit": {"train": 500, "test": 100}"#));
    assert_eq!((some.train.count, some.test.count), (500, 100));
    for (class, (some, all)) in counts(&some.train).iter().zip(counts(&all.train)).enumerate() {
        let exact = all as f64 * 500.0 / 1437.0;
        assert!((*some as f64 - exact).abs() < 1.0, "{class}: {some}, {exact}");
    }
    assert_eq!(shared(&some.train, &all.train), 500);
    assert_eq!(digits(r#", "limit": {"train": 500, "test": 100}"#), some);
    let other = digits(r#", "limit": {"train": 500, "test": 100, "seed": 1}"#);
    assert_ne!(other.train, some.train);
    // Neither limit moves the other; a limit beyond what there is changes nothing.
    assert_eq!(digits(r#", "limit": {"train": 500}"#).train, some.train);
    assert_eq!(digits(r#", "limit": {"train": 500}"#).test, all.test);
    assert_eq!(digits(r#", "limit": {"train": 5000}"#).train, all.train);
}

#[test]
fn validation_images_are_taken_out_of_the_training_images() {
    let (all, split) = (digits(""), digits(r#", "validation": 0.1"#));
    let validation = split.validation.expect("it was asked for");
    assert_eq!((split.train.count, validation.count), (1293, 144));
    assert_eq!(split.test, all.test);
    let together = counts(&split.train).iter().zip(counts(&validation)).map(|(a, b)| a + b).collect::<Vec<_>>();
    assert_eq!(together, counts(&all.train));
    assert!(counts(&validation).iter().all(|count| (13..=16).contains(count)), "{:?}", counts(&validation));
    assert_eq!(all.validation, None);
}

#[test]
fn any_source_takes_another_size_and_colour() {
    let large = digits(r#", "size": [16, 12], "colour": "rgb""#);
    assert_eq!([large.train.channels, large.train.height, large.train.width], [3, 16, 12]);
    let image = large.train.image(0);
    assert_eq!(image[..192], image[192..384]);
    let mean = |pixels: &[u8]| pixels.iter().map(|&pixel| f64::from(pixel)).sum::<f64>() / pixels.len() as f64;
    let small = digits(r#", "size": [4, 4]"#);
    let full = digits("");
    let close = (0..100).all(|index| (mean(small.train.image(index)) - mean(full.train.image(index))).abs() < 1.0);
    assert!(close, "averages stay");
}

#[test]
fn channels_are_standardised_on_their_own_or_together() {
    let images = vec![0, 2, 10, 30, 7, 7, 4, 6, 50, 90, 7, 7];
    let split = Split { images, labels: vec![0, 1], count: 2, channels: 3, height: 1, width: 2 };
    let own = Standardisation::of(&split, Standardise::Channel).unwrap();
    assert_eq!(own.means(), [3.0, 45.0, 7.0]);
    let global = Standardisation::of(&split, Standardise::Global).unwrap();
    assert_eq!(global.means(), [55.0 / 3.0]);
    // 0, 2, 4, 6 about 3; 10, 30, 50, 90 about 45; a channel without differences has the deviation of all.
    let expected = [5.0_f64.sqrt(), 875.0_f64.sqrt(), global.deviations()[0]];
    assert!(own.deviations().iter().zip(expected).all(|(found, expected)| (found - expected).abs() < 1e-12));
    let mut batch: Vec<f64> = Vec::new();
    own.fill(&split, &[1], &mut batch);
    let standard = |pixel: f64, channel: usize| (pixel - own.means()[channel]) / own.deviations()[channel];
    assert_eq!(batch, [standard(4.0, 0), standard(6.0, 0), standard(50.0, 1), standard(90.0, 1), 0.0, 0.0]);
}
