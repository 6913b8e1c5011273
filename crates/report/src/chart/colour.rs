//! Colours of the plots, each with its counterpart on a dark page.
//!
//! A colour is a class that sets the CSS property `color`, which marks take as `currentColor`: one rule a colour and
//! colour scheme, and viewers that know no variables and no media queries still show the light ones.

use std::fmt::Write;

use maud::Render;

/// A colour by its role; shares and deviations count up from the lowest.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Colour {
    Card,
    Ink,
    Muted,
    Grid,
    Band,
    BandEdge,
    Blue,
    Vermillion,
    /// Colour of the n-th series; they repeat.
    Series(usize),
    /// Step of a share, behind text, from nothing to everything.
    Share(usize),
    /// Step of a deviation, from far below zero, by a neutral middle, to far above.
    Deviation(usize),
}

/// Class, light and dark colour.
type Row = (&'static str, &'static str, &'static str);

const ROLES: [Row; 6] = [
    ("card", "#fffffe", "#1b1e24"),
    ("ink", "#22262e", "#e6e9ee"),
    ("muted", "#5f6978", "#a3adbb"),
    ("grid", "#e4e7ec", "#2f343d"),
    ("band", "#e3eef6", "#20323f"),
    ("edge", "#8fb4cf", "#4a7390"),
];

/// Okabe & Ito's palette, which colour-blind readers can tell apart, darkened where white text-size marks would lack
/// contrast.
const SERIES: [Row; 7] = [
    ("blue", "#0072b2", "#55b2ec"),
    ("vermillion", "#d55e00", "#ff8f45"),
    ("green", "#009e73", "#35d0a2"),
    ("purple", "#b8629c", "#e3a0cc"),
    ("amber", "#c48a00", "#f0bd48"),
    ("brown", "#7a4b2a", "#cda07c"),
    ("sky", "#56b4e9", "#a6d8f7"),
];

const SHARES: [Row; 5] = [
    ("s0", "#eff1f5", "#262a32"),
    ("s1", "#d6e6f2", "#1f3547"),
    ("s2", "#b3d3ea", "#1c4563"),
    ("s3", "#8dbee0", "#18557f"),
    ("s4", "#62a6d3", "#13669c"),
];

const DEVIATIONS: [Row; 13] = [
    ("d0", "#084580", "#a9d6fa"),
    ("d1", "#1e63a4", "#7cbdf0"),
    ("d2", "#3f85bf", "#55a1de"),
    ("d3", "#6fa8d3", "#3a80ba"),
    ("d4", "#a0c7e3", "#2d6090"),
    ("d5", "#cbe0ef", "#274562"),
    ("d6", "#f1f1ef", "#272b33"),
    ("d7", "#fbdfc8", "#543827"),
    ("d8", "#f7c197", "#7c4a26"),
    ("d9", "#ee9c62", "#a86128"),
    ("d10", "#dd7633", "#d37e36"),
    ("d11", "#bc5414", "#f0a05c"),
    ("d12", "#8f3906", "#ffc594"),
];

/// Steps of [`Colour::Deviation`]; the middle one is neutral.
pub(crate) const STEPS: usize = DEVIATIONS.len();

/// Steps of [`Colour::Share`].
pub(crate) const SHARE_STEPS: usize = SHARES.len();

impl Colour {
    fn row(self) -> Row {
        match self {
            Self::Card => ROLES[0],
            Self::Ink => ROLES[1],
            Self::Muted => ROLES[2],
            Self::Grid => ROLES[3],
            Self::Band => ROLES[4],
            Self::BandEdge => ROLES[5],
            Self::Blue => SERIES[0],
            Self::Vermillion => SERIES[1],
            Self::Series(number) => SERIES[number % SERIES.len()],
            Self::Share(step) => SHARES[step],
            Self::Deviation(step) => DEVIATIONS[step],
        }
    }
}

/// The name of the colour's class.
impl Render for Colour {
    fn render_to(&self, buffer: &mut String) {
        buffer.push_str(self.row().0);
    }
}

const TEXT: &str = ".plot text{font-family:system-ui,-apple-system,'Segoe UI',Roboto,'Helvetica Neue',Arial,sans-serif;\
                    font-variant-numeric:tabular-nums;fill:currentColor}";

/// The rules of a plot's own style element: those of the colours that its marks have.
pub(crate) fn style(marks: &str) -> String {
    let all = ROLES.iter().chain(&SERIES).chain(&SHARES).chain(&DEVIATIONS);
    let used = all.filter(|(class, ..)| *class == "card" || marks.contains(&format!("class=\"{class}\"")));
    let (mut light, mut dark) = (String::new(), String::new());
    for (class, on_white, on_black) in used {
        let _ = write!(light, ".plot .{class}{{color:{on_white}}}");
        let _ = write!(dark, ".plot .{class}{{color:{on_black}}}");
    }
    format!("{TEXT}{light}@media screen and (prefers-color-scheme:dark){{{dark}}}")
}
