//! The index of the studies, `experiments/README.md`: their order, their themes, and the question, answer and plot of each.

/// Studies under one heading.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Theme {
    pub(super) title: String,
    pub(super) entries: Vec<Entry>,
}

/// A study on the index.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Entry {
    pub(super) name: String,
    /// The file name of its plot inside `plots/`; none where the index shows none.
    pub(super) plot: Option<String>,
    /// Its question and answer, as Markdown.
    pub(super) text: String,
}

/// Reads `## THEME`, `### [STUDY](STUDY/report.md)`, `![…](STUDY/plots/PLOT)`, and of a study's other lines its text.
pub(super) fn parse(text: &str) -> Vec<Theme> {
    let mut themes: Vec<Theme> = vec![];
    // Whether the lines belong to a study.
    let mut open = false;
    for line in text.lines() {
        if let Some(title) = line.strip_prefix("## ") {
            themes.push(Theme { title: title.trim().to_owned(), entries: vec![] });
        }
        let Some(theme) = themes.last_mut() else { continue };
        if let Some(name) = line.strip_prefix("### [").and_then(|rest| rest.split_once("](")) {
            theme.entries.push(Entry { name: name.0.to_owned(), plot: None, text: String::new() });
            open = true;
            continue;
        }
        open &= !line.starts_with('#');
        let Some(entry) = theme.entries.last_mut().filter(|_| open) else { continue };
        if !line.starts_with("![") {
            entry.text.push_str(line);
            entry.text.push('\n');
        } else if entry.plot.is_none() {
            entry.plot = plot(line, &entry.name);
        }
    }
    for entry in themes.iter_mut().flat_map(|theme| &mut theme.entries) {
        entry.text = entry.text.trim().to_owned();
    }
    themes.retain(|theme| !theme.entries.is_empty());
    themes
}

fn plot(line: &str, study: &str) -> Option<String> {
    let (_, rest) = line.split_once(&format!("]({study}/plots/"))?;
    Some(rest.split_once(')')?.0.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_index_has_themes_studies_and_plots() {
        let text = "# All\n## Why\nwords\n## One\n### [a](a/report.md)\n\n**Why?** So\nit is.\n\n![of b](b/plots/x.svg)\n![of a](a/plots/y.svg)\n\
                    More.\n### [b](b/report.md)\n### A survey: [c](c/report.md)\n![of c](c/plots/z.svg)\nOf c.\n";
        let [a, b] = [("a", Some("y.svg"), "**Why?** So\nit is.\n\nMore."), ("b", None, "")]
            .map(|(name, plot, text)| Entry { name: name.into(), plot: plot.map(Into::into), text: text.into() });
        assert_eq!(parse(text), [Theme { title: "One".into(), entries: vec![a, b] }]);
    }
}
