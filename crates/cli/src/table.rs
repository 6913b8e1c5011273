//! Columns of text, aligned.

use untied_study::printable;

/// Rows of equal length; columns are as wide as their widest entry.
#[derive(Debug, Default)]
pub(crate) struct Table {
    rows: Vec<Vec<String>>,
    /// Columns aligned on the right, as numbers are.
    right: Vec<usize>,
}

impl Table {
    pub(crate) fn new<const N: usize>(header: [&str; N]) -> Self {
        Self::of(header.map(str::to_owned).into())
    }

    /// A table of any number of columns.
    pub(crate) fn of(header: Vec<String>) -> Self {
        Self { rows: vec![header], right: Vec::new() }
    }

    pub(crate) fn align_right(mut self, columns: &[usize]) -> Self {
        self.right = columns.to_vec();
        self
    }

    pub(crate) fn push<const N: usize>(&mut self, row: [String; N]) {
        self.rows.push(row.map(|entry| printable(&entry)).into());
    }

    /// A row with as many entries as the header.
    pub(crate) fn push_row(&mut self, row: &[String]) {
        self.rows.push(row.iter().map(|entry| printable(entry)).collect());
    }

    /// The rows as lines, indented by two spaces; columns that are empty everywhere are left out.
    pub(crate) fn text(&self) -> String {
        let widths = self.widths();
        let lines: Vec<String> =
            self.rows.iter().map(|row| format!("  {}", self.line(row, &widths).trim_end())).collect();
        lines.join("\n") + "\n"
    }

    fn line(&self, row: &[String], widths: &[usize]) -> String {
        let entries = row.iter().zip(widths).enumerate().filter_map(|(column, (entry, &width))| {
            let right = self.right.contains(&column);
            let padded = if right { format!("{entry:>width$}") } else { format!("{entry:<width$}") };
            (width > 0).then_some(padded)
        });
        entries.collect::<Vec<_>>().join("  ")
    }

    fn widths(&self) -> Vec<usize> {
        let mut widths = vec![0; self.rows.iter().map(Vec::len).max().unwrap_or(0)];
        for row in &self.rows {
            for (width, entry) in widths.iter_mut().zip(row) {
                *width = entry.chars().count().max(*width);
            }
        }
        widths
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_line_up_and_empty_ones_vanish() {
        let mut table = Table::new(["name", "", "count"]).align_right(&[2]);
        table.push(["a×b".into(), String::new(), "12345678".into()]);
        assert_eq!(table.text(), "  name     count\n  a×b   12345678\n");
    }

    #[test]
    fn a_line_break_in_an_entry_breaks_no_row() {
        let mut table = Table::new(["name", "count"]);
        table.push(["a\nb\u{1b}".into(), "1".into()]);
        assert_eq!(table.text(), "  name  count\n  a b\u{fffd}  1\n");
    }
}
