//! The shipped studies: their reports' first screens, read from their results.

mod answer;
mod index;

use std::fs;
use std::path::Path;

use untied_report::{Plot, Summary, summarise};
use untied_study::{Results, Study, StudyFolder};

pub(crate) use answer::html as answer_html;

use crate::error::PageError;

/// Studies of one theme, in the order of the index.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Theme {
    /// The heading.
    pub title: String,
    /// The studies.
    pub studies: Vec<StudyAnswer>,
}

/// The answer of one study.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StudyAnswer {
    /// The name of its folder.
    pub name: String,
    /// Its question, of the index, or of its report where the index has none.
    pub question: String,
    /// Its answer of the index, as Markdown whose links start from the index.
    pub answer: String,
    /// The verdicts and the facts of its report.
    pub summary: Summary,
    /// The plot that stands for it.
    pub plot: Plot,
    /// The commit of the program that trained it; none where it was not known.
    pub commit: Option<String>,
}

/// Reads the studies below a folder that its index, `README.md`, lists.
///
/// # Errors
/// If the index or a study's config or results cannot be read, or the index shows no plot of a study, or one that its
/// report does not have.
pub fn read_studies(experiments: &Path) -> Result<Vec<Theme>, PageError> {
    let path = experiments.join("README.md");
    let text = fs::read_to_string(&path).map_err(|cause| PageError::Index { path: path.clone(), cause })?;
    let themes = index::parse(&text);
    if themes.is_empty() {
        return Err(PageError::NoStudies { path });
    }
    let theme = |theme: index::Theme| {
        let studies =
            theme.entries.into_iter().map(|entry| read(&path, experiments, entry)).collect::<Result<_, _>>()?;
        Ok(Theme { title: theme.title, studies })
    };
    themes.into_iter().map(theme).collect()
}

fn read(index: &Path, experiments: &Path, entry: index::Entry) -> Result<StudyAnswer, PageError> {
    let folder = StudyFolder::new(experiments.join(&entry.name));
    let study = Study::load(&folder.config(), &[])?;
    let results = folder.read_results()?.ok_or_else(|| PageError::NoResults { path: folder.results() })?;
    let mut summary = summarise(&results, study.compare.as_ref());
    let Some(file) = entry.plot else {
        return Err(PageError::NoPlot { path: index.to_owned(), study: entry.name });
    };
    let Some(position) = summary.plots.iter().position(|plot| plot.file == file) else {
        let found = summary.plots.iter().map(|plot| plot.file).collect::<Vec<_>>().join(", ");
        return Err(PageError::OtherPlot { path: index.to_owned(), study: entry.name, file, found });
    };
    let mut plot = summary.plots.swap_remove(position);
    plot.svg = with_own_identifiers(&plot, &entry.name);
    let (question, answer) = answer::parted(&entry.text).unwrap_or((&summary.question, &entry.text));
    let (question, answer) = (question.to_owned(), answer.to_owned());
    Ok(StudyAnswer { commit: commit(&results), name: entry.name, question, answer, summary, plot })
}

/// Identifiers of one plot's title and description, unique among several studies.
fn with_own_identifiers(plot: &Plot, study: &str) -> String {
    let name = plot.file.trim_end_matches(".svg");
    ["title", "alt"]
        .iter()
        .fold(plot.svg.clone(), |svg, part| svg.replace(&format!("{name}-{part}"), &format!("{study}-{name}-{part}")))
}

/// The commits of the programs that trained the cells, shortened.
fn commit(results: &Results) -> Option<String> {
    let mut commits: Vec<String> =
        results.provenance.iter().filter_map(|one| one.commit.as_ref()).map(|commit| shortened(commit)).collect();
    commits.dedup();
    (!commits.is_empty()).then(|| commits.join(", "))
}

/// The first seven digits of a commit, with `-dirty` where it is.
fn shortened(commit: &str) -> String {
    let (digits, rest) = commit.split_at(commit.find('-').unwrap_or(commit.len()));
    format!("{}{rest}", digits.get(..7).unwrap_or(digits))
}
