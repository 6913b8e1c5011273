//! `RATES.md`: what its program writes today, with tables that its sentences and the program's quote rightly.

use std::fs;
use std::path::{Path, PathBuf};

use super::with_chance;
use crate::simulated::images::{SCENES as ANSWERS, simulate as simulate_images};
use crate::simulated::looks::{DESIGNS, simulate_by_hand, simulate_looks};
use crate::simulated::ratios::{SCENES as SHARES, coverage};
use crate::simulated::{COLLAPSES, MARGIN, NARROW, STUDIES, SYMMETRIC, simulate, simulate_with};

fn package(file: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(file)
}

fn text() -> String {
    fs::read_to_string(package("RATES.md")).expect("RATES.md")
}

/// The rows of the table behind a title, or behind words before it, with its header first; cells without emphasis.
fn table(behind: &str) -> Vec<Vec<String>> {
    let text = text();
    let (_, rest) = text.split_once(behind).unwrap_or_else(|| panic!("RATES.md has no {behind}"));
    let lines = rest.lines().skip_while(|line| !line.starts_with('|')).take_while(|line| line.starts_with('|'));
    let cells = |line: &str| line.trim_matches('|').split('|').map(|cell| cell.trim().to_owned()).collect();
    lines.filter(|line| !line.starts_with("|---")).map(cells).collect()
}

/// The cell of a table in the row that begins so, and the column of this name.
fn cell(table: &[Vec<String>], row: &[&str], column: &str) -> String {
    let at = table[0].iter().position(|name| name == column).unwrap_or_else(|| panic!("no column {column}"));
    let found = table.iter().find(|cells| cells.iter().zip(row).all(|(cell, name)| cell == name));
    found.unwrap_or_else(|| panic!("no row {row:?}"))[at].clone()
}

fn percent(rate: f64) -> String {
    format!("{:.2} %", 100.0 * rate)
}

fn rate(cell: &str) -> f64 {
    let number = cell.strip_suffix(" %").unwrap_or_else(|| panic!("no rate: {cell}"));
    number.parse::<f64>().expect("a number") / 100.0
}

/// The rows that are promised something: those that are not in italics.
fn promised(table: &[Vec<String>]) -> impl Iterator<Item = &Vec<String>> {
    table[1..].iter().filter(|row| !row[0].starts_with('*'))
}

/// Every sentence and header is one that the program prints, so that the file is not patched by hand.
#[test]
fn the_prose_is_the_programs() {
    let text = text();
    let mut files = vec![package("examples/rates.rs")];
    files.extend(fs::read_dir(package("examples/rates")).expect("parts").map(|entry| entry.expect("a part").path()));
    let mut seen = 0;
    for file in files {
        let source = fs::read_to_string(&file).expect("a source");
        for constant in source.split(": &str = \"\\\n").skip(1).chain(source.split(": &str = \"\n").skip(1)) {
            let (said, _) = constant.split_once("\";").expect("the end of a text");
            let said = said.replace("\\\"", "\"");
            assert!(text.contains(said.trim()), "{}: RATES.md does not say: {said}", file.display());
            seen += 1;
        }
    }
    assert!(seen >= 12, "{seen} texts");
    assert!(text.contains("`cargo run --release -p untied-report --example rates > crates/report/RATES.md`"));
}

/// One number of every part, simulated again: the tables are those of today's program.
#[test]
fn numbers_of_every_part_are_simulated_again() {
    let different = table("### `different` where the true difference is 0\n\nThe margin is ±0.001");
    assert_eq!(
        cell(&different, &[SYMMETRIC[1].name], "5 seeds"),
        percent(simulate_with(NARROW, SYMMETRIC[1], 5, &[0.0]).different)
    );
    let equivalent = table("### `equivalent` where the true difference is the margin\n\nThe margin is ±0.01");
    assert_eq!(
        cell(&equivalent, &[SYMMETRIC[5].name], "3 seeds"),
        percent(simulate(SYMMETRIC[5], 3, &[MARGIN]).equivalent)
    );
    let several = table("### Studies of four comparisons");
    let wrong = simulate(SYMMETRIC[0], 5, &[0.0, 0.0, MARGIN, -MARGIN]).wrong;
    assert_eq!(cell(&several, &[SYMMETRIC[0].name], "5 seeds"), percent(wrong));

    let rare = table("## Runs that fail rarely");
    let row = format!("{}: `equivalent`", COLLAPSES[0].name);
    assert_eq!(cell(&rare, &[&row], "5 seeds"), percent(simulate(COLLAPSES[0], 5, &[-MARGIN]).equivalent));

    let looks = table("## Seeds that come look by look");
    let row = [SYMMETRIC[5].name, "3, 6, …, 12"];
    let [none, margin] = [(NARROW, 0.0), (MARGIN, MARGIN)]
        .map(|(margin, difference)| simulate_looks(DESIGNS[0], margin, SYMMETRIC[5], &[difference], STUDIES));
    assert_eq!(cell(&looks, &row, "`different`, difference 0"), percent(none.different));
    assert_eq!(cell(&looks, &row, "coverage"), percent(none.covered));
    assert_eq!(cell(&looks, &row, "`equivalent`, difference of the margin"), percent(margin.equivalent));
    let by_hand = table("## Seeds that are added by hand");
    let different = simulate_by_hand(DESIGNS[0], NARROW, SYMMETRIC[1], 0.0, STUDIES).different;
    assert_eq!(cell(&by_hand, &[SYMMETRIC[1].name, row[1]], "`different`, difference 0"), percent(different));

    let images = table("### Coverage of the 95 % interval on new images, true difference 0");
    let covered = simulate_images(ANSWERS[0], 3, 0.0, 0.0005, STUDIES).covered;
    assert_eq!(cell(&images, &[ANSWERS[0].name], "3 seeds"), percent(covered));
    let shares = table("## Recovered shares");
    assert_eq!(cell(&shares, &[SHARES[0].name], "5 seeds"), percent(coverage(SHARES[0], 5, STUDIES)));
}

/// The last table is the smallest of the tables before it.
#[test]
fn the_table_at_the_end_follows_from_those_before() {
    let smallest = |tables: &[&str], is: &dyn Fn(&[String]) -> bool, column: &str| {
        let tables: Vec<_> = tables.iter().map(|behind| table(behind)).collect();
        let of = |table: &Vec<Vec<String>>| {
            let at = table[0].iter().position(|name| name == column).expect("a column");
            promised(table).filter(|row| is(row)).map(|row| rate(&row[at])).fold(1.0, f64::min)
        };
        percent(tables.iter().map(of).fold(1.0, f64::min))
    };
    let all = |_: &[String]| true;
    let last = table("## Every kind of interval, at five seeds");
    let held = |kind: &str| cell(&last, &[kind], "coverage");
    assert_eq!(held("over seeds"), smallest(&["### Coverage of the 95 % interval\n"], &all, "5 seeds"));
    let design = |row: &[String]| row[1] == "5, 10, …, 30";
    let looks = smallest(&["## Seeds that come look by look"], &design, "coverage");
    assert_eq!(held("over seeds, look by look (5, 10, …, 30)"), looks);
    let images =
        ["### Coverage of the 95 % interval on new images, true difference 0\n", "### The same, true difference 0.02"];
    assert_eq!(held("over seeds and test images"), smallest(&images, &all, "5 seeds"));
    assert_eq!(held("of recovered shares, over seeds"), smallest(&["## Recovered shares"], &all, "5 seeds"));
    assert_eq!(last.len(), 5);
    assert!(last[1..].iter().all(|row| rate(&row[1]) >= 0.94));
}

/// What is promised of every row that is not in italics, and what is said of the others.
#[test]
fn the_tables_keep_what_the_text_promises() {
    let wrong = [
        "### `different` where the true difference is 0\n\nThe margin is ±0.001",
        "### `equivalent` where the true difference is the margin\n\nThe margin is ±0.01",
        "### Studies of four comparisons",
        "### `different` where the true difference is 0, margin ±0.0005",
        "### `equivalent` where the true difference is the margin, 0.02",
    ];
    for behind in wrong {
        for row in promised(&table(behind)) {
            let rates = row[1..].iter().filter(|cell| !cell.is_empty());
            // The share of discordant answers is no rate of being wrong.
            let skipped = usize::from(behind.contains("0.02") || behind.contains("0.0005"));
            let worst = rates.skip(skipped).map(|cell| rate(cell)).fold(0.0, f64::max);
            assert!(worst <= with_chance(0.05), "{behind}: {row:?}");
        }
    }
    for row in promised(&table("## Seeds that come look by look")) {
        assert!(rate(&row[2]) <= with_chance(0.05) && rate(&row[3]) <= with_chance(0.05), "{row:?}");
        assert!(rate(&row[4]) >= 0.94, "{row:?}");
    }
    for row in &table("## Runs that fail rarely")[1..] {
        assert!(!row[0].ends_with("no caveat") || row[1..].iter().all(|cell| cell == "0.00 %"), "{row:?}");
    }
    assert!((percent((0.05 * 0.95 / STUDIES as f64).sqrt())).starts_with("0.22 "));
}

/// The rates that reports quote where seeds were added by hand.
#[test]
fn reports_quote_the_table_of_added_seeds() {
    let by_hand = table("## Seeds that are added by hand");
    let source = fs::read_to_string(package("src/topics/looks.rs")).expect("a source");
    let said: String = source.replace("\\\n", "").split_whitespace().collect::<Vec<_>>().join(" ");
    for (looks, count) in [("5, 10", 2), ("5, 10, …, 30", 6), ("2, 3, …, 20", 19)] {
        let of = [SYMMETRIC[1].name, looks];
        assert_eq!(cell(&by_hand, &of, "looks"), count.to_string());
        let different = 100.0 * rate(&cell(&by_hand, &of, "`different`, difference 0"));
        assert!(said.contains(&format!("in {different:.0} % with {count}")), "{different}: {said}");
    }
    let most = by_hand[1..].iter().map(|row| rate(&row[4])).fold(0.0, f64::max);
    assert!(said.contains(&format!("called equivalent in up to {:.0} %", 100.0 * most)), "{most}");
}
