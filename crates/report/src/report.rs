//! The report as strings, and on disk.

use std::path::Path;

use untied_study::{CompareConfig, Results, StoreError, write_text};

use crate::document::html;
use crate::document::markdown;
use crate::document::{Block, Document};
use crate::outline::document;
use crate::results::View;

/// A written report.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Report {
    /// `report.md`, which shows the plots as files.
    pub markdown: String,
    /// `report.html`, which needs no other file.
    pub html: String,
    /// File name inside `plots/` and SVG text of each plot.
    pub plots: Vec<(String, String)>,
}

/// Writes what the results say. Verdicts are those of `results.comparisons`; `compare` only tells which variants belong
/// together where nothing was compared.
pub fn render(results: &Results, compare: Option<&CompareConfig>) -> Report {
    let view = View::new(results, compare);
    let document = document(&view);
    Report { markdown: markdown::write(&document), html: html::write(&document), plots: plots(&document) }
}

fn plots(document: &Document) -> Vec<(String, String)> {
    let blocks = document.sections.iter().flat_map(|section| &section.blocks);
    let plot = |block: &Block| match block {
        Block::Figure(figure) => Some((figure.file.to_owned(), format!("{}\n", figure.svg))),
        _ => None,
    };
    blocks.filter_map(plot).collect()
}

impl Report {
    /// Writes `report.md`, `report.html` and `plots/*.svg` into the folder, each file whole or not at all.
    ///
    /// # Errors
    /// If the folder or a file cannot be written.
    pub fn write(&self, folder: &Path) -> Result<(), StoreError> {
        for (name, svg) in &self.plots {
            write_text(&folder.join("plots").join(name), svg)?;
        }
        write_text(&folder.join("report.md"), &self.markdown)?;
        write_text(&folder.join("report.html"), &self.html)
    }
}
