//! A document as GitHub-flavoured Markdown.

use crate::document::names::{verdict_name, verdict_sign};
use crate::document::{Align, Block, Document, Figure, Section, Span, Table, Text};

/// Rows that a table shows at most: sites that show Markdown refuse long files.
const MOST_ROWS: usize = 200;

pub(crate) fn write(document: &Document) -> String {
    let facts: Vec<String> =
        document.facts.iter().map(|(name, value)| format!("{name}: **{}**", escape(value))).collect();
    let mut parts = vec![format!("# {}", escape(&document.title))];
    if !document.question.is_empty() {
        parts.push(format!("> {}", line_start(&escape(&document.question))));
    }
    parts.push(facts.join(" · "));
    parts.extend(document.sections.iter().map(section));
    parts.join("\n\n") + "\n"
}

fn section(section: &Section) -> String {
    let blocks = section.blocks.iter().map(block);
    std::iter::once(format!("## {}", section.title)).chain(blocks).collect::<Vec<_>>().join("\n\n")
}

fn block(block: &Block) -> String {
    match block {
        Block::Paragraph(content) => line_start(&text(content)),
        Block::Notice(content) => format!("> [!WARNING]\n> {}", text(content)),
        Block::Verdicts(verdicts) => {
            bullets(verdicts.iter().map(|(verdict, content)| format!("{} {}", verdict_sign(*verdict), text(content))))
        }
        Block::List(items) => bullets(items.iter().map(text)),
        Block::Definitions(items) => {
            bullets(items.iter().map(|(name, content)| format!("**{name}.** {}", text(content))))
        }
        Block::Table(content) => table(content),
        Block::Figure(content) => figure(content),
        Block::Pictures(pictures) => bullets(pictures.iter().map(|picture| text(&picture.caption))),
        Block::Details { summary, blocks } => details(summary, blocks),
        Block::Code { language, text } => {
            let fence = fence(text, 3);
            format!("{fence}{language}\n{text}\n{fence}")
        }
    }
}

/// Unfolded, under a line of its own: this text holds no HTML.
fn details(summary: &str, blocks: &[Block]) -> String {
    let blocks = blocks.iter().map(block);
    std::iter::once(format!("{}.", strong(summary))).chain(blocks).collect::<Vec<_>>().join("\n\n")
}

fn bullets(items: impl Iterator<Item = String>) -> String {
    items.map(|item| format!("- {item}")).collect::<Vec<_>>().join("\n")
}

fn figure(figure: &Figure) -> String {
    format!("![{}](plots/{})\n\n{}", escape(&figure.alt), figure.file, text(&figure.caption))
}

fn table(table: &Table) -> String {
    let row = |cells: Vec<String>| format!("| {} |", cells.join(" | "));
    let rule = |align| if align == Align::Right { "---:" } else { "---" };
    let mut lines = vec![row(table.columns.iter().map(|column| escape(&column.title)).collect())];
    lines.push(row(table.columns.iter().map(|column| rule(column.align).into()).collect()));
    lines.extend(table.rows.iter().take(MOST_ROWS).map(|cells| row(cells.iter().map(cell).collect())));
    format!("{}\n\n{}{}", lines.join("\n"), line_start(&escape(&table.caption)), table.rest(MOST_ROWS))
}

/// Tables split at bars even inside code.
fn cell(content: &Text) -> String {
    let bar_free = |part: &Span| match part {
        Span::Code(text) => code(text).replace('|', "\\|"),
        part => span(part),
    };
    content.0.iter().map(bar_free).collect()
}

fn text(text: &Text) -> String {
    text.0.iter().map(span).collect()
}

fn span(span: &Span) -> String {
    match span {
        Span::Plain(text) => escape(text),
        Span::Strong(text) => strong(text),
        Span::Code(text) => code(text),
        Span::Verdict(verdict) => format!("{} {}", verdict_sign(*verdict), verdict_name(*verdict)),
    }
}

/// Spaces stay outside the stars, where Markdown wants them.
fn strong(text: &str) -> String {
    let inner = text.trim_end();
    format!("**{}**{}", escape(inner), &text[inner.len()..])
}

/// A code span with a fence longer than any run of backticks inside.
fn code(text: &str) -> String {
    let fence = fence(text, 1);
    let pad = if text.starts_with('`') || text.ends_with('`') { " " } else { "" };
    format!("{fence}{pad}{text}{pad}{fence}")
}

/// More backticks than any run of them inside, and at least so many.
fn fence(text: &str, least: usize) -> String {
    let longest = text.split(|c| c != '`').map(str::len).max().unwrap_or(0);
    "`".repeat(least.max(longest + 1))
}

/// Escapes what Markdown or the HTML inside it could take for markup.
fn escape(text: &str) -> String {
    let characters: Vec<char> = text.chars().collect();
    let inside_word = |index: usize| {
        let neighbour = |at: Option<usize>| at.and_then(|at| characters.get(at)).is_some_and(|c| c.is_alphanumeric());
        neighbour(index.checked_sub(1)) && neighbour(Some(index + 1))
    };
    let mut escaped = String::with_capacity(text.len());
    for (index, &c) in characters.iter().enumerate() {
        match c {
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '&' => escaped.push_str("&amp;"),
            '_' if inside_word(index) => escaped.push('_'),
            '\\' | '`' | '*' | '_' | '[' | ']' | '|' | '~' | '$' | '#' => escaped.extend(['\\', c]),
            c => escaped.push(c),
        }
    }
    escaped
}

/// Keeps a first character from making a list or a heading of a paragraph.
fn line_start(text: &str) -> String {
    let digits = text.trim_start_matches(|c: char| c.is_ascii_digit());
    if text.starts_with(['-', '+', '=']) {
        format!("\\{text}")
    } else if digits.len() < text.len() && digits.starts_with(['.', ')']) {
        let number = &text[..text.len() - digits.len()];
        format!("{number}\\{digits}")
    } else {
        text.to_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn markup_in_names_stays_text() {
        assert_eq!(escape("a_b <img> [x](y) | *z* _q_"), r"a_b &lt;img&gt; \[x\](y) \| \*z\* \_q\_");
        assert_eq!(code("a`|b"), "``a`|b``");
        assert_eq!(cell(&Text::default().code("a`|b")), "``a`\\|b``");
        assert_eq!(line_start("1. one"), "1\\. one");
        assert_eq!(line_start("- one"), "\\- one");
        assert_eq!(strong("one "), "**one** ");
    }
}
