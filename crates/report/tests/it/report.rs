//! Whole reports: what they say, that nothing in a name becomes markup, and that equal results give equal bytes.

use std::collections::BTreeSet;

use pulldown_cmark::{Event, HeadingLevel, Options, Parser, Tag};
use serde_json::json;
use untied_report::{Report, render};
use untied_study::{Results, Status};

use crate::made_up::{
    baseline, bias_redundancy, cell, certificate, drifting, factors, layer, results, small, troubled, unfinished,
};

fn report(results: &Results) -> Report {
    render(results, Some(&baseline()))
}

#[test]
fn a_small_report_in_markdown() {
    insta::assert_snapshot!(report(&small()).markdown);
}

#[test]
fn a_troubled_report_in_markdown() {
    insta::assert_snapshot!(report(&troubled()).markdown);
}

/// A t test of two seeds may give an interval that no accuracies can fill.
#[test]
fn an_interval_beyond_accuracies_is_explained() {
    let mut results = small();
    let said =
        |results: &Results| report(results).markdown.contains("An interval beyond ±1, by which no two accuracies");
    assert!(!said(&results));
    results.comparisons[0].ci95 = Some([-1.4, 0.2]);
    assert!(said(&results));
}

#[test]
fn equal_results_give_equal_bytes() {
    let text = serde_json::to_string(&troubled()).unwrap();
    let again: Results = serde_json::from_str(&text).unwrap();
    assert_eq!(report(&troubled()), report(&again));
}

#[test]
fn the_page_needs_nothing_else() {
    let html = report(&bias_redundancy(3)).html;
    for outside in ["<script", "<link", "@import", "url(", "src=", "href="] {
        assert!(!html.contains(outside), "{outside}");
    }
    let addresses = html.matches("http").count();
    assert_eq!(addresses, html.matches("xmlns=\"http://www.w3.org/2000/svg\"").count());
}

#[test]
fn every_plot_stands_in_both_texts() {
    let report = report(&bias_redundancy(3));
    let names: Vec<&str> = report.plots.iter().map(|(name, _)| name.as_str()).collect();
    assert_eq!(names, ["differences.svg", "metric.svg", "loss.svg", "redundancy.svg"]);
    for (name, svg) in &report.plots {
        assert!(report.markdown.contains(&format!("](plots/{name})")));
        assert!(report.html.contains(svg.trim_end()));
        assert!(svg.starts_with("<svg") && svg.ends_with("</svg>\n"));
        assert!(!svg.contains("NaN") && !svg.contains("inf"));
    }
}

/// What the short answer says of certificates.
fn certificates(results: &Results) -> String {
    let markdown = report(results).markdown;
    let (_, answer) = markdown.split_once("## The short answer").expect("an answer");
    let line = answer.lines().find(|line| line.contains("redundant part")).expect("a paragraph");
    line.to_owned()
}

/// What older results hold of biases: norms, and no record of single sets.
fn older(mut results: Results) -> Results {
    results.cells.iter_mut().flat_map(|cell| &mut cell.redundancy).for_each(|layer| layer.certificate = None);
    results
}

#[test]
fn results_without_a_record_per_set_certify_nothing() {
    let report = report(&older(bias_redundancy(3)));
    let plot = &report.plots.iter().find(|(name, _)| name == "redundancy.svg").expect("a plot").1;
    for text in [&report.markdown, &report.html, plot] {
        let claims = text.matches("certified").count();
        // The explanation of the columns tells what the word means.
        assert!(claims <= 1 && !text.contains("are certified") && text.contains("no record per set"), "{text}");
    }
    let of_older = certificates(&older(small()));
    insta::assert_snapshot!(of_older);
    // A bias without a redundant part is at work by theory alone.
    assert!(report.markdown.contains("| at work |"), "{}", report.markdown);
}

#[test]
fn a_report_says_what_was_not_certified_and_what_was_not_seen() {
    let mut results = bias_redundancy(3);
    for (index, cell) in results.cells.iter_mut().filter(|cell| !cell.redundancy.is_empty()).enumerate() {
        for (block, layer) in cell.redundancy.iter_mut().enumerate().filter(|(_, layer)| layer.predicted_redundant > 0)
        {
            // One seed of a variant is enough.
            let (without_evidence, ratio) = match (index % 3, block) {
                (1, 0) => (3, 0.2),
                (2, 1) => (0, 2e6),
                _ => (0, 0.4),
            };
            layer.certificate = Some(certificate(layer.predicted_redundant, without_evidence, ratio));
        }
    }
    insta::assert_snapshot!(certificates(&results));
    let markdown = report(&results).markdown;
    for words in ["| no evidence in 3 of 16 sets |", "| not certified |", "removed by block1.norm"] {
        assert!(markdown.contains(words), "{words}: {markdown}");
    }
}

#[test]
fn older_and_newer_results_are_told_apart() {
    let mut results = bias_redundancy(3);
    let older = older(bias_redundancy(3));
    for (cell, other) in results.cells.iter_mut().zip(older.cells) {
        if cell.factors["model.bias"] == "untied" && cell.seed == 1 {
            *cell = other;
        }
    }
    insta::assert_snapshot!(certificates(&results));
}

#[test]
fn a_drift_gets_a_plot_and_a_table() {
    let report = report(&drifting());
    let (_, svg) = report.plots.iter().find(|(name, _)| name == "drift.svg").expect("a plot");
    assert!(!svg.contains("NaN") && !svg.contains("inf"));
    let row = report.markdown.lines().find(|line| line.contains("sgd") && line.ends_with("10⁻¹⁰ |"));
    assert!(row.is_some(), "{}", report.markdown);
}

/// Series of one epoch lie above each other: each is a short line, and no interval hides another.
#[test]
fn a_single_epoch_gets_short_lines_and_no_bands() {
    let biases = [json!("none"), json!("tied")];
    let runs = |bias: &serde_json::Value| {
        (0..2).map(|seed| cell(factors(&[("model.bias", bias.clone())]), seed, 0.0, 1)).collect()
    };
    let cells = biases.iter().flat_map(|bias| -> Vec<_> { runs(bias) }).collect();
    let report = report(&results("short", "", cells, &baseline()));
    let (_, svg) = report.plots.iter().find(|(name, _)| name == "loss.svg").expect("a plot");
    assert!(!svg.contains("<polygon"));
    // The legend's line, and one in each panel.
    assert_eq!(svg.matches("<polyline class=\"vermillion\"").count(), 3);
}

#[test]
fn names_never_become_markup() {
    let hostile = "</title><script>alert(1)</script> [x](http://y) | *a* `b` \u{1}\u{202e} \"'&\n# c";
    let biases = [json!("none"), json!(hostile)];
    let cells = biases
        .iter()
        .flat_map(|bias| (0..3).map(move |seed| cell(factors(&[("model.bias", bias.clone())]), seed, 0.0, 2)))
        .map(|mut run| {
            run.redundancy = vec![layer(hostile, 4, 4, 1.0, 1e-9)];
            if run.seed == 2 { unfinished(run, Status::Failed, Some(hostile)) } else { run }
        })
        .collect();
    let report = report(&results(hostile, hostile, cells, &baseline()));
    let svgs: String = report.plots.iter().map(|(_, svg)| svg.as_str()).collect();
    for text in [&report.html, &svgs] {
        assert!(!text.contains("<script"));
        assert!(!text.contains(['\u{1}', '\u{202e}']));
    }
    assert_markdown_is_ours(&report.markdown);
}

/// Parsed as GitHub does, the text holds no HTML, no links, no headings but the title and ours, and whole table rows.
fn assert_markdown_is_ours(markdown: &str) {
    let (mut headings, mut tables) = (0, Vec::new());
    for event in Parser::new_ext(markdown, Options::ENABLE_TABLES | Options::ENABLE_STRIKETHROUGH) {
        match event {
            Event::Html(_) | Event::InlineHtml(_) | Event::Start(Tag::Link { .. }) => panic!("{event:?}"),
            Event::Start(Tag::Heading { level: HeadingLevel::H1, .. }) => headings += 1,
            Event::Start(Tag::Table(columns)) => tables.push((columns.len(), 0)),
            Event::Start(Tag::TableCell) => tables.last_mut().unwrap().1 += 1,
            _ => {}
        }
    }
    assert_eq!(headings, 1);
    assert_eq!(tables.len(), 4);
    assert_eq!(tables.iter().map(|(columns, cells)| cells / columns).collect::<Vec<_>>(), [2, 3, 3, 3]);
    let bars = |line: &&str| line.starts_with("| ");
    let widths = markdown.lines().filter(bars).map(|line| line.replace("\\|", "").matches('|').count());
    assert!(widths.collect::<BTreeSet<_>>().len() <= 3, "{markdown}");
}

#[test]
fn degenerate_studies_still_give_a_report() {
    let one = cell(factors(&[]), 0, 0.0, 1);
    let missing =
        |seed| unfinished(cell(factors(&[("model.bias", json!("none"))]), seed, 0.0, 1), Status::Missing, None);
    let mut flat = cell(factors(&[]), 0, 0.0, 3);
    flat.curves.train_loss = vec![f64::MAX, 0.0, -f64::MAX];
    flat.curves.test_loss = vec![0.0; 3];
    flat.metrics.test_accuracy = Some(f64::INFINITY);
    let mut silent = bias_redundancy(2);
    for layer in silent.cells.iter_mut().flat_map(|cell| &mut cell.redundancy) {
        (layer.round_off, layer.gradient_norm, layer.redundant_gradient_norm) = (0.0, 0.0, f64::MIN_POSITIVE);
    }
    for cells in [vec![], vec![one], vec![missing(0), missing(1)], vec![flat], silent.cells] {
        let report = render(&results("degenerate", "", cells, &baseline()), None);
        for text in [&report.markdown, &report.html] {
            assert!(text.contains("How to read this"));
            assert!(!text.contains("NaN") && !text.contains("inf "), "{}", report.markdown);
        }
    }
}

#[test]
fn many_variants_with_long_names_fit() {
    let cells = (0..12)
        .flat_map(|index| {
            let name = format!("a_rather_long_name_of_a_variant_{}", "x".repeat(index * 7));
            (0..2).map(move |seed| cell(factors(&[("model.bias", json!(name))]), seed, 0.0, 3))
        })
        .collect();
    let config = untied_study::CompareConfig {
        baseline: factors(&[("model.bias", json!("a_rather_long_name_of_a_variant_"))]),
        ..baseline()
    };
    let report = render(&results("long", "?", cells, &config), Some(&config));
    assert_eq!(report.plots.len(), 3);
}

#[test]
fn a_report_is_written_whole() {
    let folder = tempfile::tempdir().unwrap();
    let report = report(&small());
    report.write(folder.path()).unwrap();
    let read = |name: &str| std::fs::read_to_string(folder.path().join(name)).unwrap();
    assert_eq!(read("report.md"), report.markdown);
    assert_eq!(read("report.html"), report.html);
    assert_eq!(read("plots/loss.svg"), report.plots.iter().find(|(name, _)| name == "loss.svg").unwrap().1);
}

#[test]
fn the_validation_loss_has_a_panel_where_images_are_held_out() {
    let mut results = small();
    let plot = |results: &Results| {
        let plots = render(results, None).plots;
        plots.into_iter().find(|(name, _)| name == "loss.svg").expect("a plot of losses").1
    };
    assert!(!plot(&results).contains("Validation"));
    for cell in &mut results.cells {
        cell.curves.validation_loss = cell.curves.test_loss.iter().map(|loss| loss + 0.1).collect();
    }
    let plot = plot(&results);
    assert!(plot.contains("Validation loss"), "{plot}");
}
