//! The fourth part: the answers of the shipped studies.

use maud::{Markup, PreEscaped, html};

use crate::studies::{StudyAnswer, Theme, answer_html};

pub(crate) fn section(themes: &[Theme], reports: &str) -> Markup {
    html! {
        section #studies aria-labelledby="studies-title" {
            h2 #studies-title { "4. What the studies found" }
            p {
                "Theory says what is redundant. Whether it matters in training is a question for experiments. Each of these trained small "
                "networks many times, every variant from the same seeds: with the same first weights and order of images. Open one for its "
                "answer and a plot; its report has the rest."
            }
            p.hint {
                "Intervals in [brackets] are 95 % confidence intervals over seeds. " em { "Equivalent" } ": a test shows the difference to be "
                "smaller than a margin that was fixed before the run. " em { "Different" } ": a test shows that it is not zero. "
                em { "Inconclusive" } ": neither is shown, and nothing follows."
            }
            @for theme in themes {
                h3 { (theme.title) }
                @for answer in &theme.studies { (study(answer, reports)) }
            }
        }
    }
}

fn study(study: &StudyAnswer, reports: &str) -> Markup {
    let StudyAnswer { name, question, answer, summary, plot, .. } = study;
    html! {
        details.study id={ "study-" (name) } {
            summary { span.name { (summary.title) } " " span.question { (question) } }
            (PreEscaped(answer_html(answer, reports)))
            figure {
                div.scroll.tall tabindex="0" role="region" aria-label={ "Plot of " (summary.title) } { (PreEscaped(&plot.svg)) }
                figcaption { (PreEscaped(&plot.caption)) }
            }
            (verdicts(study))
            p {
                a href={ (reports) "/" (name) "/report.html" } { "The whole report of " (summary.title) } " · "
                a href={ (reports) "/" (name) "/config.toml" } { "its config" } " · "
                a href={ (reports) "/" (name) "/results.json" } { "its results" }
            }
        }
    }
}

/// What the program writes of the results by itself.
fn verdicts(StudyAnswer { summary, commit, .. }: &StudyAnswer) -> Markup {
    let facts: Vec<String> = summary.facts.iter().map(|(name, value)| format!("{name}: {value}")).collect();
    html! {
        details {
            summary { "The program's verdicts" span.hidden { " on " (summary.title) } }
            div.facts-line {
                (facts.join(" · "))
                @if let Some(commit) = commit { " · Program: " (commit) }
            }
            (PreEscaped(&summary.answer))
        }
    }
}
