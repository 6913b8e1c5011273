//! Text that is safe to show.

use std::path::Path;

/// The text in one line, without characters that a terminal acts upon, that XML forbids, or that turn the direction of
/// writing; quotes and brackets are left to those who escape.
///
/// ```
/// assert_eq!(untied_study::printable("a\u{1b}[31m\nb"), "a\u{fffd}[31m b");
/// ```
#[must_use]
pub fn printable(text: &str) -> String {
    let shown = |c: char| match c {
        '\n' | '\t' | '\r' => ' ',
        '\u{fffe}' | '\u{ffff}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' => '\u{fffd}',
        c if c.is_control() => '\u{fffd}',
        c => c,
    };
    text.chars().map(shown).collect()
}

/// A path as [`printable`] text; bytes that are no text are replaced.
#[must_use]
pub fn printable_path(path: &Path) -> String {
    printable(&path.to_string_lossy())
}
