//! The fourth part: the answers of the shipped studies.

use maud::{Markup, PreEscaped, html};

use crate::studies::{StudyAnswer, Theme};

pub(crate) fn section(themes: &[Theme], reports: &str) -> Markup {
    html! {
        section #studies aria-labelledby="studies-title" {
            h2 #studies-title { "4. What the studies found" }
            p {
                "Theory says what is redundant. Whether it matters in training is a question for experiments. Each of these trained many small "
                "networks, with the same seeds for every variant. Open one for its answer and a plot; its report has the rest."
            }
            p.hint {
                "Answers come from the results as they lie beside the reports, written by the program. " em { "Equivalent" } " and " em { "different" }
                " are shown, each by a test; " em { "inconclusive" } " is neither."
            }
            @for theme in themes {
                h3 { (theme.title) }
                @for answer in &theme.studies { (study(answer, reports)) }
            }
        }
    }
}

fn study(study: &StudyAnswer, reports: &str) -> Markup {
    let StudyAnswer { name, summary, plot, commit } = study;
    let facts: Vec<String> = summary.facts.iter().map(|(name, value)| format!("{name}: {value}")).collect();
    html! {
        details.study id={ "study-" (name) } {
            summary { span.name { (summary.title) } " " span.question { (summary.question) } }
            div.facts-line {
                (facts.join(" · "))
                @if let Some(commit) = commit { " · Program: " (commit) }
            }
            (PreEscaped(&summary.answer))
            figure {
                div.scroll tabindex="0" role="region" aria-label={ "Plot of " (summary.title) } { (PreEscaped(&plot.svg)) }
                figcaption { (PreEscaped(&plot.caption)) }
            }
            p {
                a href={ (reports) "/" (name) "/report.html" } { "The whole report of " (summary.title) } " · "
                a href={ (reports) "/" (name) "/config.toml" } { "its config" } " · "
                a href={ (reports) "/" (name) "/results.json" } { "its results" }
            }
        }
    }
}
