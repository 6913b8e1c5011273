//! A document as one HTML file that needs nothing else: no network, no scripts.

use base64::prelude::{BASE64_STANDARD, Engine};
use maud::{DOCTYPE, Markup, PreEscaped, html};
use untied_study::Verdict;

use crate::document::names::{verdict_name, verdict_sign};
use crate::document::{Align, Block, Document, Figure, Picture, Section, Span, Table, Text};

pub(crate) const STYLE: &str = include_str!("style.css");
/// For documents that fold something.
pub(crate) const DETAILS: &str = include_str!("details.css");
/// For documents with pictures.
const PICTURES: &str = include_str!("pictures.css");

pub(crate) fn write(document: &Document) -> String {
    let page = html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                meta name="color-scheme" content="light dark";
                meta name="generator" content="untied";
                title { (document.title) " · untied" }
                style { (PreEscaped(STYLE)) @if folds(document) { (PreEscaped(DETAILS)) } @if shows_pictures(document) { (PreEscaped(PICTURES)) } }
            }
            body {
                main {
                    (header(document))
                    @for part in &document.sections { (section(part)) }
                }
            }
        }
    };
    page.into_string() + "\n"
}

/// Some blocks alone, as a part of another page.
pub(crate) fn fragment(blocks: &[Block]) -> String {
    html! { @for part in blocks { (block(part)) } }.into_string()
}

/// A line of text alone.
pub(crate) fn line(content: &Text) -> String {
    text(content).into_string()
}

fn folds(document: &Document) -> bool {
    let mut blocks = document.sections.iter().flat_map(|section| &section.blocks);
    blocks.any(|block| matches!(block, Block::Details { .. }))
}

fn shows_pictures(document: &Document) -> bool {
    let mut blocks = document.sections.iter().flat_map(|section| &section.blocks);
    blocks.any(|block| matches!(block, Block::Pictures(_)))
}

fn header(document: &Document) -> Markup {
    html! {
        header {
            p.kicker { "untied · " (document.kicker) }
            h1 { (document.title) }
            @if !document.question.is_empty() { p.question { (document.question) } }
            dl.facts {
                @for (name, value) in &document.facts { div { dt { (name) } dd { (value) } } }
            }
        }
    }
}

fn section(section: &Section) -> Markup {
    html! {
        section id=(section.id) {
            h2 { (section.title) }
            @for part in &section.blocks { (block(part)) }
        }
    }
}

fn block(block: &Block) -> Markup {
    match block {
        Block::Paragraph(content) => html! { p { (text(content)) } },
        Block::Notice(content) => html! { p.notice role="note" { (text(content)) } },
        Block::Verdicts(verdicts) => html! {
            ul.verdicts {
                @for (verdict, content) in verdicts {
                    li class=(verdict_name(*verdict)) { (badge(*verdict)) p { (text(content)) } }
                }
            }
        },
        Block::List(items) => html! { ul { @for item in items { li { (text(item)) } } } },
        Block::Definitions(items) => html! {
            dl.definitions { @for (name, content) in items { div { dt { (name) } dd { (text(content)) } } } }
        },
        Block::Table(content) => table(content),
        Block::Figure(content) => figure(content),
        Block::Pictures(pictures) => html! {
            ul.pictures { @for one in pictures { li { (picture(one)) p { (text(&one.caption)) } } } }
        },
        Block::Details { summary, blocks } => html! {
            details { summary { (summary) } @for part in blocks { (self::block(part)) } }
        },
        Block::Code { text, .. } => html! { pre { code { (text) } } },
    }
}

/// Rows that a table shows at most; a browser takes seconds for more.
const MOST_ROWS: usize = 2000;
/// Rows of a table that scrolls by itself.
const TALL: usize = 60;

fn table(table: &Table) -> Markup {
    let scroll = if table.rows.len() > TALL { "scroll tall" } else { "scroll" };
    let class = |align| (align == Align::Right).then_some("number");
    html! {
        figure.table {
            div class=(scroll) tabindex="0" { table {
                thead { tr { @for column in &table.columns { th scope="col" class=[class(column.align)] { (column.title) } } } }
                tbody {
                    @for row in table.rows.iter().take(MOST_ROWS) {
                        tr {
                            @for (cell, column) in row.iter().zip(&table.columns) {
                                td class=[class(column.align)] { (text(cell)) }
                            }
                        }
                    }
                }
            } }
            figcaption { (table.caption) (table.rest(MOST_ROWS)) }
        }
    }
}

fn figure(figure: &Figure) -> Markup {
    html! {
        figure {
            div.scroll tabindex="0" { (PreEscaped(&figure.svg)) }
            figcaption { (text(&figure.caption)) }
        }
    }
}

/// The image itself, in the page.
fn picture(picture: &Picture) -> Markup {
    let source = format!("data:image/webp;base64,{}", BASE64_STANDARD.encode(&picture.webp));
    html! { @if !picture.webp.is_empty() { img src=(source) alt=(picture.alt); } }
}

fn text(text: &Text) -> Markup {
    html! { @for part in &text.0 { (span(part)) } }
}

fn span(span: &Span) -> Markup {
    match span {
        Span::Plain(text) => html! { (text) },
        Span::Strong(text) => html! { strong { (text) } },
        Span::Code(text) => html! { code { (text) } },
        Span::Verdict(verdict) => badge(*verdict),
    }
}

fn badge(verdict: Verdict) -> Markup {
    html! { span class={ "badge " (verdict_name(verdict)) } { (verdict_sign(verdict)) " " (verdict_name(verdict)) } }
}
