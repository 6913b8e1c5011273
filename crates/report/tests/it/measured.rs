//! Reports of what `[measure]` asks for, and of studies with many comparisons.

use untied_report::{Report, render};
use untied_study::{Adaptation, Adapting, ShiftPattern};

use crate::made_up::{adam_drift, baseline, cell, factors, location_shift, norm_map, position, results, unadapted};

/// The part of a report under one heading.
fn section<'r>(report: &'r Report, title: &str) -> &'r str {
    let parts = report.markdown.split("\n## ");
    parts.into_iter().find(|part| part.starts_with(title)).unwrap_or_else(|| panic!("no {title}"))
}

fn assert_sound(report: &Report, plots: &[&str]) {
    let texts = report.plots.iter().map(|(_, svg)| svg).chain([&report.markdown, &report.html]);
    texts.for_each(|text| assert!(!text.contains("NaN") && !text.contains("inf ") && !text.contains("\"inf")));
    for name in plots {
        let (_, svg) = report.plots.iter().find(|(plot, _)| plot == name).unwrap_or_else(|| panic!("no {name}"));
        assert!(svg.len() < 300_000, "{name}: {} bytes", svg.len());
        assert!(report.html.contains(svg.trim_end()));
    }
}

#[test]
fn adapted_biases_are_told_first() {
    let report = render(&location_shift(4), None);
    assert_sound(&report, &["recovery.svg", "images.svg"]);
    insta::assert_snapshot!(section(&report, "The short answer"));
    assert!(report.html.contains("<details>"));
    assert_eq!(report, render(&location_shift(4), None));
}

/// 12.706·0.001/(√2·0.25) = 0.036 is as far as one test image of 1000 reaches. Two seeds that lose 0.4 and 0.1 and get 0.2 and 0.05 of it back by the tied bias; a weaker shift costs 0.04 each.
#[test]
fn recovery_is_a_ratio_of_means() {
    let adapted = |seed: usize, strength: f64, accuracies: [f64; 3]| {
        let one = unadapted(ShiftPattern::White, strength, seed);
        let biases = [("tied", Adapting::Nothing), ("tied", Adapting::Exact), ("untied", Adapting::Exact)];
        let way = |((bias, adapting), accuracy): ((&str, Adapting), f64)| Adaptation {
            bias: bias.into(),
            adapting,
            accuracy,
            loss: 10.0 * (1.0 - accuracy),
            ..one.clone()
        };
        biases.into_iter().zip(accuracies).map(way).collect::<Vec<_>>()
    };
    let mut cells: Vec<_> = (0..2).map(|seed| cell(factors(&[]), seed, 0.0, 1)).collect();
    for (cell, clean) in cells.iter_mut().zip([0.9, 0.8]) {
        (cell.metrics.test_accuracy, cell.metrics.test_loss) = (Some(clean), Some(10.0 * (1.0 - clean)));
    }
    cells[0].measured.adaptations = [adapted(0, 1.0, [0.5, 0.7, 0.9]), adapted(0, 0.1, [0.86, 0.9, 0.9])].concat();
    cells[1].measured.adaptations = [adapted(0, 1.0, [0.7, 0.75, 0.8]), adapted(0, 0.1, [0.76, 0.8, 0.8])].concat();
    let report = render(&results("two", "", cells, &baseline()), None);
    let section = section(&report, "Adapting the first bias");
    let rows: Vec<&str> = section.lines().filter(|line| line.starts_with("| the only")).collect();
    let cells = "white | 1 | 25.0 | 50\u{a0}% \\[46, 54\\] | 100\u{a0}% \\[96, 104\\] |";
    assert!(rows[1].ends_with(cells), "{rows:#?}");
    assert!(rows[0].ends_with("white | 0.1 | 4.0: less than 5 points lost | – | – |"), "{rows:#?}");
    let both = "tied, exact | 50\u{a0}% \\[46, 54\\] | 50\u{a0}% \\[49, 51\\] | – |";
    assert!(rows[2].ends_with(both), "{rows:#?}");
}

#[test]
fn ranks_agree_or_the_exception_is_named() {
    let report = render(&norm_map(3), None);
    assert_sound(&report, &["rank.svg"]);
    insta::assert_snapshot!(
        section(&report, "The short answer").lines().find(|line| line.starts_with("Predicted")).unwrap()
    );
    let ranks = section(&report, "Redundant dimensions, counted");
    assert_eq!(ranks.matches("| agrees in every seed |").count(), 41);
    assert_eq!(ranks.matches("| differs: 511 to 512 instead of 512 (1 of 3 seeds) |").count(), 1);
    assert!(ranks.contains("1/√ε = 316"));
    let (_, svg) = report.plots.iter().find(|(name, _)| name == "rank.svg").unwrap();
    assert!(svg.contains("≠ 511–512 / 512") && svg.contains(">8 / 8<"), "{svg}");
}

#[test]
fn moved_images_are_compared_with_the_baseline() {
    let report = render(&position(4), Some(&baseline()));
    assert_sound(&report, &["translation.svg", "noise.svg", "bias-maps.svg"]);
    let rows = section(&report, "Test images moved").lines().filter(|line| line.starts_with("| label"));
    let rows: Vec<&str> = rows.collect();
    assert_eq!(rows.len(), 8 * 5);
    assert!(rows.iter().filter(|row| row.contains("bias none")).all(|row| row.ends_with("| – | – |")));
    assert!(rows.iter().filter(|row| !row.contains("bias none")).all(|row| row.ends_with("\\] |")));
}

#[test]
fn images_with_noise_are_compared_with_the_baseline_at_every_strength() {
    let report = render(&position(4), Some(&baseline()));
    let rows = section(&report, "Test images with noise").lines().filter(|line| line.starts_with("| label"));
    let rows: Vec<&str> = rows.collect();
    assert_eq!(rows.len(), 8 * 3);
    for amount in ["0", "0.25", "1.5"] {
        let of_amount = |row: &&&str| row.split(" | ").nth(1) == Some(amount);
        assert_eq!(rows.iter().filter(of_amount).count(), 8, "{amount}");
    }
    assert!(rows.iter().all(|row| row.contains("bias none") == row.ends_with("| – | – |")), "{rows:#?}");
}

#[test]
fn many_verdicts_are_grouped() {
    let mut results = adam_drift(4);
    for (index, one) in results.comparisons.iter_mut().enumerate() {
        one.max_loss_difference = Some(if index % 4 == 0 { 3.1e-13 } else { 0.1 });
    }
    let report = render(&results, Some(&baseline()));
    assert_sound(&report, &["drift.svg"]);
    let answer = section(&report, "The short answer");
    insta::assert_snapshot!(answer.split("\n\n**The comparisons").next().unwrap());
    assert_eq!(answer.matches("\n- ").count(), 2 + 24);
}

#[test]
fn names_of_what_was_measured_never_become_markup() {
    let hostile = "</text><script>alert(1)</script>";
    let mut shifted = location_shift(2);
    shifted.cells.iter_mut().flat_map(|cell| &mut cell.measured.adaptations).for_each(|one| one.bias += hostile);
    let mut ranked = norm_map(2);
    ranked.cells.iter_mut().flat_map(|cell| &mut cell.measured.jacobian).for_each(|one| one.layer += hostile);
    let mut placed = position(2);
    placed.cells.iter_mut().flat_map(|cell| &mut cell.measured.bias_maps).for_each(|one| one.layer += hostile);
    for results in [shifted, ranked, placed] {
        let report = render(&results, None);
        assert!(!report.html.contains("<script") && !report.markdown.contains("<script"));
        assert!(report.plots.iter().all(|(_, svg)| !svg.contains("<script")));
    }
}
