//! Labelled controls.

use maud::{Markup, html};

/// A slider with its value beside it.
pub(super) struct Slider {
    pub(super) id: &'static str,
    pub(super) label: &'static str,
    pub(super) from: &'static str,
    pub(super) to: &'static str,
    pub(super) step: &'static str,
    pub(super) value: &'static str,
}

pub(super) fn slider(slider: &Slider) -> Markup {
    let Slider { id, label, from, to, step, value } = slider;
    html! {
        div.control {
            label for=(id) { (label) }
            input id=(id) type="range" min=(from) max=(to) step=(step) value=(value);
            output for=(id) {}
        }
    }
}

/// A choice between a few; the values are the script's names for them.
pub(super) fn choice(id: &str, label: &str, options: &[(&str, &str)], chosen: &str) -> Markup {
    html! {
        div.control {
            label for=(id) { (label) }
            select id=(id) {
                @for (value, text) in options { option value=(value) selected[*value == chosen] { (text) } }
            }
        }
    }
}
