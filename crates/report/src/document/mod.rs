//! A report as blocks, before it is written as Markdown or HTML.

pub(crate) mod html;
pub(crate) mod markdown;
pub(crate) mod names;
pub(crate) mod number;

use untied_study::Verdict;

/// A whole report.
#[derive(Debug)]
pub(crate) struct Document {
    /// What kind of document it is, above its title.
    pub(crate) kicker: &'static str,
    pub(crate) title: String,
    pub(crate) question: String,
    /// Name and value of each fact about the study, in a few words.
    pub(crate) facts: Vec<(&'static str, String)>,
    pub(crate) sections: Vec<Section>,
}

/// A part of the report under its own heading.
#[derive(Debug)]
pub(crate) struct Section {
    pub(crate) id: &'static str,
    pub(crate) title: &'static str,
    pub(crate) blocks: Vec<Block>,
}

#[derive(Debug)]
pub(crate) enum Block {
    Paragraph(Text),
    /// A warning.
    Notice(Text),
    /// One sentence a comparison.
    Verdicts(Vec<(Verdict, Text)>),
    List(Vec<Text>),
    Definitions(Vec<(&'static str, Text)>),
    Table(Table),
    Figure(Figure),
    /// Small images beside one another.
    Pictures(Vec<Picture>),
    /// Blocks that only some readers want: folded where that is possible.
    Details {
        summary: String,
        blocks: Vec<Block>,
    },
    Code {
        language: &'static str,
        text: String,
    },
}

#[derive(Debug)]
pub(crate) struct Table {
    pub(crate) caption: String,
    pub(crate) columns: Vec<Column>,
    pub(crate) rows: Vec<Vec<Text>>,
}

#[derive(Debug)]
pub(crate) struct Column {
    pub(crate) title: String,
    pub(crate) align: Align,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Align {
    Left,
    /// Numbers.
    Right,
}

#[derive(Debug)]
pub(crate) struct Figure {
    /// File name inside `plots/`.
    pub(crate) file: &'static str,
    pub(crate) svg: String,
    pub(crate) alt: String,
    pub(crate) caption: Text,
}

/// A small image with what is to be said of it.
#[derive(Debug)]
pub(crate) struct Picture {
    /// A WebP file.
    pub(crate) webp: Vec<u8>,
    pub(crate) alt: String,
    pub(crate) caption: Text,
}

/// A run of text with emphasis.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Text(pub(crate) Vec<Span>);

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Span {
    Plain(String),
    Strong(String),
    Code(String),
    Verdict(Verdict),
}

impl Text {
    pub(crate) fn plain(mut self, text: impl Into<String>) -> Self {
        self.0.push(Span::Plain(text.into()));
        self
    }

    pub(crate) fn strong(mut self, text: impl Into<String>) -> Self {
        self.0.push(Span::Strong(text.into()));
        self
    }

    pub(crate) fn code(mut self, text: impl Into<String>) -> Self {
        self.0.push(Span::Code(text.into()));
        self
    }
}

impl From<&str> for Text {
    fn from(text: &str) -> Self {
        Self::default().plain(text)
    }
}

impl From<String> for Text {
    fn from(text: String) -> Self {
        Self::default().plain(text)
    }
}

impl From<Verdict> for Text {
    fn from(verdict: Verdict) -> Self {
        Self(vec![Span::Verdict(verdict)])
    }
}

impl Table {
    /// The end of the caption where only the first rows are shown.
    pub(crate) fn rest(&self, shown: usize) -> String {
        match self.rows.len() {
            all if all > shown => format!(" These are the first {shown} of {all} rows; results.json has all."),
            _ => String::new(),
        }
    }
}

impl Column {
    pub(crate) fn left(title: impl Into<String>) -> Self {
        Self { title: title.into(), align: Align::Left }
    }

    pub(crate) fn right(title: impl Into<String>) -> Self {
        Self { title: title.into(), align: Align::Right }
    }
}
