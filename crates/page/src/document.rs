//! The page as one HTML file that needs nothing else.

use maud::{DOCTYPE, Markup, PreEscaped, html};
use serde_json::json;

use crate::networks;
use crate::sections::{self, backward, feature_map, introduction, studies};
use crate::studies::Theme;

/// The rules beyond those of reports.
const STYLE: [&str; 4] = [
    include_str!("style/page.css"),
    include_str!("style/controls.css"),
    include_str!("style/figures.css"),
    include_str!("style/network.css"),
];

/// The parts of the script, each a few functions; the last one starts the page.
const SCRIPT: [&str; 11] = [
    include_str!("script/number.js"),
    include_str!("script/element.js"),
    include_str!("script/batch_norm.js"),
    include_str!("script/number_line.js"),
    include_str!("script/ways.js"),
    include_str!("script/backward.js"),
    include_str!("script/normalize.js"),
    include_str!("script/feature_map.js"),
    include_str!("script/flow.js"),
    include_str!("script/network.js"),
    include_str!("script/start.js"),
];

const TITLE: &str = "What does a bias do before a normalization?";

/// The page: one HTML file with everything in it, which asks no network for anything.
///
/// `reports` is where its links to the studies' folders lead, such as `../experiments`. Equal studies give equal bytes.
pub fn page(themes: &[Theme], reports: &str) -> String {
    let page = html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                meta name="color-scheme" content="light dark";
                meta name="generator" content="untied page";
                title { (TITLE) " · untied" }
                style { (PreEscaped(untied_report::style())) (PreEscaped(STYLE.concat())) }
            }
            body {
                a.skip href="#content" { "To the content" }
                main #content {
                    (introduction::section(TITLE))
                    (backward::section())
                    (feature_map::section())
                    (sections::networks::section())
                    (studies::section(themes, reports))
                }
                (script())
            }
        }
    };
    page.into_string() + "\n"
}

/// The data and the functions that work on them.
fn script() -> Markup {
    let data =
        json!({ "featureMap": crate::feature_map::data(), "networks": networks::texts(), "flow": networks::flow() });
    // In a script element, nothing but `</` could end it.
    let data = data.to_string().replace("</", "<\\/");
    html! {
        script type="application/json" id="data" { (PreEscaped(data)) }
        script { (PreEscaped("\"use strict\";\n(() => {\n")) (PreEscaped(SCRIPT.concat())) (PreEscaped("})();\n")) }
    }
}
