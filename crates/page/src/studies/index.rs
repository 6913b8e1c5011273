//! The index of the studies, `experiments/README.md`: their order, their themes, and the plot that stands for each.

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
}

/// Reads `## THEME`, `### [STUDY](STUDY/report.md)` and `![…](STUDY/plots/PLOT)`.
pub(super) fn parse(text: &str) -> Vec<Theme> {
    let mut themes: Vec<Theme> = vec![];
    for line in text.lines() {
        if let Some(title) = line.strip_prefix("## ") {
            themes.push(Theme { title: title.trim().to_owned(), entries: vec![] });
        }
        let Some(theme) = themes.last_mut() else { continue };
        if let Some(name) = line.strip_prefix("### [").and_then(|rest| rest.split_once("](")) {
            theme.entries.push(Entry { name: name.0.to_owned(), plot: None });
        }
        let Some(entry) = theme.entries.last_mut() else { continue };
        if line.starts_with("![") && entry.plot.is_none() {
            entry.plot = plot(line, &entry.name);
        }
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
        let text = "# All\n## Why\nwords\n## One\n### [a](a/report.md)\n![of b](b/plots/x.svg)\n![of a](a/plots/y.svg)\n### [b](b/report.md)\n";
        let [a, b] = [("a", Some("y.svg")), ("b", None)]
            .map(|(name, plot)| Entry { name: name.into(), plot: plot.map(Into::into) });
        assert_eq!(parse(text), [Theme { title: "One".into(), entries: vec![a, b] }]);
    }
}
