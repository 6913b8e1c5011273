//! What was trained: the config that all numbers are of.

use std::path::Path;

use untied_study::{Normalization, Study};

use crate::document::{Block, Section, Text};
use crate::results::View;

/// None for results of a version that kept no config.
pub(crate) fn section(view: &View<'_>) -> Option<Section> {
    let config = view.results.config.as_deref()?;
    let text = Text::from("Every default is written out; what varies stands under ")
        .code("[vary]")
        .plain(". All numbers of this report are about these data, this network and this way of training.")
        .plain(without_beta(config));
    let summary = "The resolved config".into();
    let blocks = vec![
        Block::Paragraph(text),
        Block::Details { summary, blocks: vec![Block::Code { language: "toml", text: config.trim_end().into() }] },
    ];
    Some(Section { id: "setup", title: "What was trained", blocks })
}

/// Said where it bears on biases: β is a tied bias by another name.
fn without_beta(config: &str) -> &'static str {
    let Ok(study) = Study::parse(config, Path::new("config.toml"), &[]) else { return "" };
    let mut models = study.cells.iter().map(|cell| &cell.config.model);
    if models.all(|model| !model.beta) && study.cells.iter().any(|cell| cell.config.model.norm != Normalization::None) {
        " The normalizations have no β, which would do the work of a tied bias behind them."
    } else {
        ""
    }
}
