use std::fmt;

use crate::{Bias, BiasTerms, Mode, Normalization, Redundancy};

/// The redundancy table: of each normalization right behind a bias, the dimension of what it makes redundant.
///
/// Its `Display` is plain text, [`RedundancyTable::markdown`] the table of the READMEs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RedundancyTable {
    /// The names of normalizations, with the dimensions for a tied, a partly tied and an untied bias, in terms of C
    /// channels, K indices along an axis, H·W locations and G groups.
    pub rows: Vec<(String, [&'static str; 3])>,
}

/// The layer that stands for all: its sizes are so chosen that a dimension tells what it is the product of.
const CHANNELS: usize = 8;
const SPATIAL: [usize; 2] = [6, 5];
const SYMBOLS: [(usize, &str); 6] = [(0, "0"), (1, "1"), (4, "G"), (8, "C"), (48, "C·K"), (240, "C·H·W")];

impl RedundancyTable {
    /// The table, worked out for one layer.
    pub fn new() -> Self {
        let mut rows: Vec<(String, [&'static str; 3])> = vec![];
        for mode in [Mode::Training, Mode::Evaluation] {
            // In evaluation, the norms that have no running statistics are as in training.
            let of_mode = |norm: &Normalization| mode == Mode::Training || norm.spec().is_some_and(|spec| spec.running);
            let (working, idle): (Vec<_>, Vec<_>) = Normalization::ALL
                .into_iter()
                .filter(of_mode)
                .map(|norm| (norm, dimensions(norm, mode)))
                .partition(|(_, dimensions)| *dimensions != ["0"; 3]);
            let title = |norm: Normalization| norm.spec().map_or("none", |spec| spec.title).to_owned();
            rows.extend(working.into_iter().map(|(norm, dimensions)| (title(norm), dimensions)));
            let idle: Vec<String> = idle.into_iter().map(|(norm, _)| title(norm)).collect();
            let name = match mode {
                Mode::Training => idle.join(", "),
                Mode::FrozenNorm | Mode::Evaluation => "batch norm in evaluation, or frozen".to_owned(),
            };
            rows.push((name, ["0"; 3]));
        }
        Self { rows }
    }

    /// The table in Markdown.
    pub fn markdown(&self) -> String {
        let head = "| normalization after the bias | tied, C parameters | partly tied, C·K | untied, C·H·W |\n|---|---|---|---|\n";
        let row = |(name, [tied, partly, untied]): &(String, [&str; 3])| {
            format!("| {name} | {tied} | {partly} | {untied} |\n")
        };
        head.to_owned() + &self.rows.iter().map(row).collect::<String>()
    }
}

impl Default for RedundancyTable {
    fn default() -> Self {
        Self::new()
    }
}

impl fmt::Display for RedundancyTable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let heads = ["tied: C", "untied along an axis: C·K", "untied: C·H·W"];
        writeln!(f, "{:<36}  {}", "normalization", heads.join("  "))?;
        for (name, dimensions) in &self.rows {
            write!(f, "{name:<36}")?;
            for (dimension, head) in dimensions.iter().zip(heads) {
                write!(f, "  {dimension:>width$}", width = head.chars().count())?;
            }
            writeln!(f)?;
        }
        Ok(())
    }
}

fn dimensions(norm: Normalization, mode: Mode) -> [&'static str; 3] {
    [Bias::Tied, Bias::UntiedAlong(vec![0]), Bias::Untied].map(|bias| {
        let redundant = || {
            let removed = norm.removed(mode, CHANNELS, SPATIAL.iter().product())?;
            Redundancy::new(removed, &BiasTerms::new(&bias, CHANNELS, &SPATIAL)?)
        };
        let dimensions = redundant().map_or(0, |redundancy| redundancy.dimensions());
        SYMBOLS.iter().find(|(count, _)| *count == dimensions).map_or("", |(_, symbol)| symbol)
    })
}
