//! Which classes gain and which lose by a treatment, and what is taken for what.

mod differences;
mod matrices;
mod plot;
mod runs;

use crate::document::number::{fixed, signed, signed_interval};
use crate::document::{Block, Column, Section, Table, Text};
use crate::results::View;
use crate::results::selection::{foremost, remark};
use crate::topics::Topic;
use differences::{Change, changes};
use runs::name;

/// Changes that the short answer names, and those that the table lists.
const NAMED: usize = 4;
const LISTED: usize = 200;

/// The classes of a study's runs.
pub(crate) struct Classes<'v, 'a> {
    view: &'v View<'a>,
    changes: Vec<Change<'v>>,
}

impl<'v, 'a> Classes<'v, 'a> {
    pub(crate) fn new(view: &'v View<'a>) -> Self {
        Self { view, changes: changes(view.results) }
    }

    /// The name of a class: that of the data, if all runs have the same, or its number.
    fn name(&self, class: usize) -> String {
        name(self.view, class)
    }

    /// `8, bias untied vs none · norm batch`
    fn label(&self, change: &Change<'_>) -> String {
        let one = change.comparison;
        let context = self.view.labels.of(&one.context);
        let context = if context.is_empty() { String::new() } else { format!(" · {context}") };
        format!("{}{context}", self.view.labels.versus(&one.treatment, &one.baseline))
    }

    fn table(&self) -> Block {
        let row = |change: &Change<'_>| {
            let interval = change.interval.map_or_else(|| "–".to_owned(), signed_interval);
            let difference = signed(change.difference);
            vec![
                Text::from(self.name(change.class)),
                Text::from(self.label(change)),
                Text::from(fixed(change.recall[0])),
                Text::from(fixed(change.recall[1])),
                if change.is_clear() { Text::default().strong(difference) } else { Text::from(difference) },
                Text::from(interval),
            ]
        };
        let mut rows = foremost(self.changes.iter().collect(), LISTED, |change| change.difference.abs());
        rows.sort_by(|a, b| b.difference.abs().total_cmp(&a.difference.abs()));
        let column = |title: &str| Column::right(title);
        let remark = remark(rows.len(), self.changes.len(), "differences", "the largest");
        Block::Table(Table {
            caption: format!(
                "Recall of each class: the share of its test images that are answered rightly, the mean over seeds. The \
                 largest differences come first; those whose interval leaves out 0 are bold.{remark}"
            ),
            columns: vec![
                Column::left("Class"),
                Column::left("Comparison"),
                column("Treatment"),
                column("Baseline"),
                column("Difference"),
                column("Interval"),
            ],
            rows: rows.into_iter().map(row).collect(),
        })
    }

    /// What the intervals allow to say.
    fn summary(&self) -> Text {
        let family = self.changes.len();
        let clear = self.changes.iter().filter(|change| change.is_clear()).count();
        let found = match clear {
            0 => "No class gains or loses by more than seeds explain".to_owned(),
            1 => "One class gains or loses by more than seeds explain".to_owned(),
            clear => format!("{clear} differences of a class are more than seeds explain"),
        };
        Text::from(format!(
            "{found}. Intervals are paired by seed, and all {family} of them, every class of every comparison, hold together with \
             95 % (Bonferroni: each is of the level 1 − 0.05/{family}). They are about new seeds, on these test images. No \
             verdict is drawn: of classes, margin and question were not fixed before."
        ))
    }
}

impl Topic for Classes<'_, '_> {
    fn answer(&self) -> Vec<Block> {
        let mut clear: Vec<&Change<'_>> = self.changes.iter().filter(|change| change.is_clear()).collect();
        if clear.is_empty() {
            return Vec::new();
        }
        clear.sort_by(|a, b| b.difference.abs().total_cmp(&a.difference.abs()));
        let one = |change: &&Change<'_>| {
            let interval = change.interval.map(signed_interval).unwrap_or_default();
            format!("{} {} {interval} ({})", self.name(change.class), signed(change.difference), self.label(change))
        };
        let more = if clear.len() > NAMED { format!("; and {} more", clear.len() - NAMED) } else { String::new() };
        let list: Vec<String> = clear.iter().take(NAMED).map(one).collect();
        let text = format!(" Recall changes for single classes: {}{more}.", list.join("; "));
        vec![Block::Paragraph(Text::default().strong("Class by class.").plain(text))]
    }

    fn section(&self) -> Option<Section> {
        let mut blocks = Vec::new();
        if !self.changes.is_empty() {
            blocks.push(Block::Paragraph(self.summary()));
            blocks.extend(
                plot::plot(&self.changes, &|class| self.name(class), &|change| self.label(change)).map(Block::Figure),
            );
            let summary = "Recall of each class in each comparison".to_owned();
            blocks.push(Block::Details { summary, blocks: vec![self.table()] });
        }
        blocks.extend(matrices::plot(self.view).map(Block::Figure));
        (!blocks.is_empty()).then_some(Section { id: "by-class", title: "Class by class", blocks })
    }
}
