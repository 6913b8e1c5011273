//! Text in a plot, and where it breaks: nothing here measures glyphs.

use maud::{Markup, html};

use crate::chart::colour::Colour;
use crate::chart::marks::{Point, px};

pub(crate) const FONT: f64 = 13.0;
pub(crate) const LINE: f64 = 16.0;
/// From the middle of a line down to its base line, as a share of the font's size.
const BASE: f64 = 0.35;

/// Average width of a sans-serif character at size 1; a little wide, so that text rather breaks than runs over.
const CHARACTER: f64 = 0.61;
const BOLD: f64 = 1.13;

/// Look of a text, and how it hangs on its point.
#[derive(Clone, Copy)]
pub(crate) struct Label {
    colour: Colour,
    bold: bool,
    /// `text-anchor`, unless it is `start`.
    anchor: Option<&'static str>,
}

impl Label {
    pub(crate) fn left(colour: Colour) -> Self {
        Self { colour, bold: false, anchor: None }
    }

    pub(crate) fn right(colour: Colour) -> Self {
        Self { anchor: Some("end"), ..Self::left(colour) }
    }

    pub(crate) fn centre(colour: Colour) -> Self {
        Self { anchor: Some("middle"), ..Self::left(colour) }
    }

    pub(crate) fn bold(self) -> Self {
        Self { bold: true, ..self }
    }

    /// Lines one below the other, vertically centred on the point.
    pub(crate) fn write<S: AsRef<str>>(self, (x, y): Point, lines: &[S]) -> Markup {
        let first = y - LINE * (lines.len() as f64 - 1.0) / 2.0 + BASE * FONT;
        let weight = self.bold.then_some("bold");
        html! {
            @for (index, line) in lines.iter().enumerate() {
                text class=(self.colour) x=(px(x)) y=(px(first + LINE * index as f64)) text-anchor=[self.anchor]
                    font-weight=[weight] { (line.as_ref()) }
            }
        }
    }

    /// One line at most, cut where it is wider than the limit.
    pub(crate) fn cut(self, at: Point, text: &str, limit: f64) -> Markup {
        self.write(at, &wrap(text, self.bold, limit, 1))
    }
}

/// Estimated width of one line.
pub(crate) fn width(text: &str, bold: bool) -> f64 {
    let wide = |c: char| match c {
        '\u{1100}'..='\u{115f}' | '\u{2e80}'..='\u{ffdc}' | '\u{1f000}'.. => 1.0,
        'm' | 'w' | 'M' | 'W' | '@' | '%' | '×' => 0.95,
        'i' | 'l' | 'j' | 't' | 'f' | 'r' | '.' | ',' | '\'' | '|' | ' ' | '·' => 0.37,
        _ => CHARACTER,
    };
    text.chars().map(wide).sum::<f64>() * FONT * if bold { BOLD } else { 1.0 }
}

/// Breaks text into at most `lines` lines of the given width: at spaces, else after punctuation, else anywhere.
/// A text that does not fit ends in an ellipsis.
pub(crate) fn wrap(text: &str, bold: bool, limit: f64, lines: usize) -> Vec<String> {
    let mut rest = text.trim();
    let mut broken = Vec::new();
    while !rest.is_empty() && broken.len() < lines {
        let last = broken.len() + 1 == lines;
        let fits = |part: &str| width(part, bold) <= limit;
        if fits(rest) {
            broken.push(rest.to_owned());
            return broken;
        }
        let end = longest(rest, |part| if last { fits(&format!("{part}…")) } else { fits(part) });
        let cut = if last { end } else { nicer_break(rest, end) };
        let (line, after) = rest.split_at(cut);
        broken.push(if last { format!("{}…", line.trim_end()) } else { line.trim_end().to_owned() });
        rest = after.trim_start().trim_start_matches("· ");
    }
    broken
}

/// End of the longest prefix that fits, of at least one character.
fn longest(text: &str, fits: impl Fn(&str) -> bool) -> usize {
    let ends = text.char_indices().map(|(start, c)| start + c.len_utf8());
    let first = text.chars().next().map_or(0, char::len_utf8);
    ends.take_while(|&end| fits(&text[..end])).last().unwrap_or(first)
}

/// Moves a break back to a space or behind punctuation, unless that leaves less than a third of the line.
fn nicer_break(text: &str, end: usize) -> usize {
    let line = &text[..end];
    let follows_space = text[end..].starts_with(' ');
    let space = line.rfind(' ').filter(|&at| at * 3 > end);
    let punctuation = line.rfind(['_', '.', '-', '/', '=', ':']).map(|at| at + 1).filter(|&at| at * 3 > end);
    if follows_space { end } else { space.or(punctuation).unwrap_or(end) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_names_break_at_spaces_and_end_in_an_ellipsis() {
        let lines = wrap("bias untied_along[0,1] · norm batch_per_activation", false, 200.0, 2);
        assert_eq!(lines, ["bias untied_along[0,1] ·", "norm batch_per_activation"]);
        let lines = wrap(&"x".repeat(200), false, 100.0, 2);
        assert_eq!(lines.len(), 2);
        assert!(lines[1].ends_with('…'));
        assert!(lines.iter().all(|line| width(line, false) <= 100.0), "{lines:?}");
    }

    #[test]
    fn a_line_too_narrow_for_anything_still_ends() {
        assert_eq!(wrap("äöü", false, 1.0, 2).len(), 2);
        assert!(wrap("", false, 100.0, 2).is_empty());
    }
}
