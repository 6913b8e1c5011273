//! The survey as Markdown and as a page.

use std::fmt::Write;

use super::models::{HEADER, Row};
use super::times::{self, Times};

const TITLE: &str = "Which share of biases does nothing?";

const TEXT: &str = "Small models of usual kinds, with random weights, read by the linter. A bias is what a layer or an addition \
    adds to what depends on the input, and not the β of a norm (but where an exporter writes a norm out, as of the first transformer and diffusion block, its β is an added \
    constant, and counts). Redundant in training: no gradient ever moves it, as its norm or \
    softmax removes it again. Redundant as a whole: the layer can do without its bias. In inference, batch norm takes constants, so \
    that the biases before it do something there: they can be folded. The shares are those of these models and \
    sizes; a head's bias, of which a softmax removes one dimension, weighs more in small models. Every row of training was compared \
    with the rank of PyTorch's own gradients.";

const COMMAND: &str = "cargo run -p untied-lint --example survey -- crates/lint/tests/fixtures experiments/lint";

pub(crate) fn markdown(rows: &[Row], times: Option<&Times>) -> String {
    let table = |header: &[&str], rows: &[Vec<String>]| {
        let rows: Vec<String> = rows.iter().map(|cells| format!("| {} |\n", cells.join(" | "))).collect();
        format!("| {} |\n|{}\n{}\n", header.join(" | "), "---|".repeat(header.len()), rows.concat())
    };
    let mut text = format!("# {TITLE}\n\n{TEXT}\n\n{}", table(&HEADER, &cells(rows)));
    if let Some(times) = times {
        let _ = write!(text, "## {}\n\n{}\n\n{}", times::TITLE, times.text('`'), table(&times::HEADER, &times.cells()));
    }
    text + &format!("Made by `{COMMAND}`.\n")
}

fn cells(rows: &[Row]) -> Vec<Vec<String>> {
    rows.iter().map(|row| row.cells().to_vec()).collect()
}

const STYLE: &str = ":root { color-scheme: light dark; --bar: #2a6fb0; --soft: #8884; }
@media (prefers-color-scheme: dark) { :root { --bar: #7fb4e6; } }
body { font: 16px/1.5 system-ui, sans-serif; max-width: 70rem; margin: 2rem auto; padding: 0 1rem; }
.table { overflow-x: auto; } table { border-collapse: collapse; width: 100%; font-size: .9rem; }
th, td { text-align: left; padding: .35rem .6rem; border-bottom: 1px solid var(--soft); vertical-align: top; }
td:nth-child(n+3) { text-align: right; font-variant-numeric: tabular-nums; } th:nth-child(n+3) { text-align: right; }
.bar { display: grid; grid-template-columns: 22rem 1fr 3rem; gap: .8rem; align-items: center; margin: .25rem 0; }
.track { background: var(--soft); height: .9rem; } .track div { background: var(--bar); height: 100%; }
code { overflow-wrap: anywhere; }
@media (max-width: 45rem) {
.bar { grid-template-columns: 1fr 3rem; gap: 0 .8rem; margin: .6rem 0; } .bar span:first-child { grid-column: 1 / -1; }
}
@media print {
:root { color-scheme: light; --bar: #2a6fb0; print-color-adjust: exact; -webkit-print-color-adjust: exact; }
body { margin: 0; font-size: 10pt; } .bar { grid-template-columns: 16rem 1fr 3rem; margin: 0; } .bar, tr { break-inside: avoid; }
.bar span:first-child { grid-column: auto; }
.table { overflow: visible; } table { font-size: 7pt; } th, td { padding: .15rem .3rem; }
}";

pub(crate) fn html(rows: &[Row], times: Option<&Times>) -> String {
    let mut text = format!(
        "<!doctype html>\n<html lang=\"en\">\n<meta charset=\"utf-8\">\n\
         <meta name=\"viewport\" content=\"width=device-width\">\n<title>{TITLE}</title>\n<style>\n{STYLE}\n</style>\n\
         <h1>{TITLE}</h1>\n<p>{TEXT}</p>\n<h2>Share of the biases' parameters that is redundant in training</h2>\n"
    );
    for row in rows {
        let (kind, share) = (escaped(&row.kind), row.share(row.redundant[0]));
        let _ = writeln!(
            text,
            "<div class=\"bar\"><span>{kind}</span><div class=\"track\"><div style=\"width: {share:.1}%\"></div></div>\
             <span>{share:.0} %</span></div>"
        );
    }
    let _ = write!(text, "<h2>The numbers</h2>\n{}", table(&HEADER, &cells(rows)));
    if let Some(times) = times {
        let said = escaped(&times.text('`')).split('`').map(str::to_owned).collect::<Vec<_>>();
        let code = |(index, part): (usize, &String)| match index % 2 {
            0 => part.clone(),
            _ => format!("<code>{part}</code>"),
        };
        let said: String = said.iter().enumerate().map(code).collect();
        let _ = write!(text, "<h2>{}</h2>\n<p>{said}</p>\n{}", times::TITLE, table(&times::HEADER, &times.cells()));
    }
    text + &format!("<p>Made by <code>{COMMAND}</code>.</p>\n</html>\n")
}

fn table(header: &[&str], rows: &[Vec<String>]) -> String {
    let line = |tag: &str, cells: Vec<String>| {
        let cells: Vec<String> = cells.iter().map(|cell| format!("<{tag}>{}</{tag}>", escaped(cell))).collect();
        format!("<tr>{}</tr>\n", cells.concat())
    };
    let header = line("th", header.iter().map(ToString::to_string).collect());
    let rows: String = rows.iter().map(|cells| line("td", cells.clone())).collect();
    format!("<div class=\"table\"><table>\n{header}{rows}</table></div>\n")
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;")
}
