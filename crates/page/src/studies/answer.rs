//! The answer of a study as the index words it: a question in bold, then Markdown.

use pulldown_cmark::{CowStr, Event, Parser, Tag, html::push_html};

/// The question that stands in bold at the start, on one line, and the rest.
pub(super) fn parted(text: &str) -> Option<(&str, &str)> {
    let (question, answer) = text.strip_prefix("**")?.split_once("**")?;
    Some((question.trim(), answer.trim_start()))
}

/// Markdown as HTML; links that start from the index start from `base` instead.
pub(crate) fn html(markdown: &str, base: &str) -> String {
    let events = Parser::new(markdown).map(|event| match event {
        Event::Start(Tag::Link { link_type, dest_url, title, id }) => {
            Event::Start(Tag::Link { link_type, dest_url: moved(dest_url, base), title, id })
        }
        event => event,
    });
    let mut html = String::new();
    push_html(&mut html, events);
    html
}

fn moved<'a>(link: CowStr<'a>, base: &str) -> CowStr<'a> {
    if link.contains("://") { link } else { format!("{base}/{link}").into() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_question_is_parted_from_its_answer() {
        let text = "**Does it\nmatter?** Yes: *much*.\n\nSee [b](b/report.md), [c](https://c.example).";
        let (question, answer) = parted(text).expect("a question");
        assert_eq!(question, "Does it\nmatter?");
        assert_eq!(
            html(answer, "../x"),
            "<p>Yes: <em>much</em>.</p>\n<p>See <a href=\"../x/b/report.md\">b</a>, <a href=\"https://c.example\">c</a>.</p>\n"
        );
        assert_eq!(parted("No question."), None);
    }
}
