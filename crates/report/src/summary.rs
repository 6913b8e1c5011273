//! The first screen of a report, and its plots, for a page that shows several studies.

use untied_study::{CompareConfig, Results};

use crate::document::{Block, Section, html};
use crate::outline::document;
use crate::results::View;

/// What a report says first, as HTML to be put into another page that has [`style`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Summary {
    /// The name of the study.
    pub title: String,
    /// The question that it asks.
    pub question: String,
    /// Name and value of each fact about the study, in a few words, as plain text.
    pub facts: Vec<(&'static str, String)>,
    /// The short answer, with its caveats, as HTML.
    pub answer: String,
    /// The plots of the whole report.
    pub plots: Vec<Plot>,
}

/// A plot of a report.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Plot {
    /// The file name inside `plots/`.
    pub file: &'static str,
    /// The SVG element. Its identifiers are unique in one report, not among several.
    pub svg: String,
    /// The caption, as HTML.
    pub caption: String,
}

/// The first screen of the report that [`render`](crate::render) writes of the same results.
pub fn summarise(results: &Results, compare: Option<&CompareConfig>) -> Summary {
    let document = document(&View::new(results, compare));
    let answer = document.sections.first().map_or(&[][..], |section| &section.blocks);
    Summary {
        answer: html::fragment(answer),
        plots: document.sections.iter().flat_map(plots).collect(),
        title: document.title,
        question: document.question,
        facts: document.facts,
    }
}

/// The rules that summaries are shown by, in a light and a dark scheme and on paper, and the colours as variables.
pub fn style() -> String {
    [html::STYLE, html::DETAILS].concat()
}

fn plots(section: &Section) -> impl Iterator<Item = Plot> {
    section.blocks.iter().filter_map(|block| match block {
        Block::Figure(figure) => {
            Some(Plot { file: figure.file, svg: figure.svg.clone(), caption: html::line(&figure.caption) })
        }
        _ => None,
    })
}
