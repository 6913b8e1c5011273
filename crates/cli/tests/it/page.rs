//! `untied page`: the shipped page, and studies that it cannot show.

use std::fs;
use std::path::Path;

use crate::program::Bench;

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR")).ancestors().nth(2).expect("crates/cli")
}

/// What is shipped is what this program writes of the shipped results, byte for byte.
#[test]
fn the_shipped_page_is_that_of_this_program() {
    let bench = Bench::empty();
    let ended =
        bench.expect(0, &format!("page --out page.html --experiments {}", root().join("experiments").display()));
    assert_eq!(ended.stdout, "page: page.html\n");
    let made = fs::read(bench.path("page.html")).expect("the page");
    let shipped = fs::read(root().join("docs/index.html")).expect("docs/index.html");
    assert!(made == shipped, "docs/index.html: run `untied page`");
}

#[test]
fn the_page_asks_no_network() {
    let page = fs::read_to_string(root().join("docs/index.html")).expect("docs/index.html");
    for outside in ["<link", "@import", "url(", " src=", "fetch(", "XMLHttpRequest", "import("] {
        assert!(!page.contains(outside), "{outside}");
    }
    let addresses = page.matches("http").count();
    assert_eq!(addresses, page.matches("http://www.w3.org/2000/svg").count(), "names of SVG alone");
}

#[test]
fn an_index_that_is_wrong_is_told_in_one_line() {
    let bench = Bench::empty();
    let error = |bench: &Bench| bench.expect(2, "page --experiments studies --out page.html").stderr;
    assert!(error(&bench).starts_with("error: cannot read the index of the studies, studies/README.md: "));
    bench.write("studies/README.md", "# Nothing\n");
    assert!(error(&bench).starts_with("error: studies/README.md lists no study: expected lines such as"));
    bench.write("studies/README.md", "## One\n### [a](a/report.md)\n![a](a/plots/drift.svg)\n");
    assert!(error(&bench).contains("studies/a/config.toml"));
    for file in ["config.toml", "results.json"] {
        let content = fs::read(root().join("experiments/norm_map").join(file)).expect(file);
        bench.write(&format!("studies/a/{file}"), content);
    }
    bench.write("studies/README.md", "## One\n### [a](a/report.md)\n![a](a/plots/none.svg)\n");
    let told = error(&bench);
    assert!(
        told.starts_with("error: studies/README.md shows a/plots/none.svg, expected a plot of its report: "),
        "{told}"
    );
    assert!(told.contains("rank.svg") && told.lines().count() == 1, "{told}");
    bench.write("studies/README.md", "## One\n### [a](a/report.md)\n");
    assert!(error(&bench).contains("shows no plot of a: expected"));
    assert!(!bench.path("page.html").exists());
    bench.write("studies/README.md", "## One\n### [a](a/report.md)\n![a](a/plots/rank.svg)\n");
    bench.expect(0, "page --experiments studies --out page.html");
}
