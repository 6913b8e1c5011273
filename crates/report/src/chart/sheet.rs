//! The sheet of a plot: its size, its description and its colours.

use maud::{Markup, PreEscaped, html};

use crate::chart::colour::{Colour, style};

pub(crate) const WIDTH: f64 = 720.0;
pub(crate) const MARGIN: f64 = 18.0;

/// A plot apart from its marks.
pub(crate) struct Sheet<'s> {
    /// File name without the ending; unique in a report.
    pub(crate) name: &'static str,
    pub(crate) title: &'s str,
    pub(crate) alt: &'s str,
}

impl Sheet<'_> {
    /// The finished SVG, which is the same inside a report and as a file of its own.
    pub(crate) fn svg(&self, height: f64, marks: &Markup) -> String {
        let (title, alt) = (format!("{}-title", self.name), format!("{}-alt", self.name));
        html! {
            svg class="plot" xmlns="http://www.w3.org/2000/svg" viewBox={ "0 0 " (WIDTH) " " (height) }
                width=(WIDTH) height=(height) role="img" aria-labelledby={ (title) " " (alt) }
                font-family="sans-serif" font-size=(crate::chart::text::FONT) {
                title id=(title) { (self.title) }
                desc id=(alt) { (self.alt) }
                style { (PreEscaped(style(&marks.0))) }
                rect class=(Colour::Card) width=(WIDTH) height=(height) rx="8" fill="currentColor" {}
                (marks)
            }
        }
        .into_string()
    }
}
