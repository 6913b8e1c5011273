//! Colours of the plots, each with its counterpart on a dark page.
//!
//! The series follow Okabe & Ito's palette, which colour-blind readers can tell apart, darkened where white text-size
//! marks would lack contrast.

use plotters::style::RGBColor;

pub(crate) const CARD: RGBColor = RGBColor(0xFF, 0xFF, 0xFE);
pub(crate) const INK: RGBColor = RGBColor(0x22, 0x26, 0x2E);
pub(crate) const MUTED: RGBColor = RGBColor(0x5F, 0x69, 0x78);
pub(crate) const GRID: RGBColor = RGBColor(0xE4, 0xE7, 0xEC);
pub(crate) const BAND: RGBColor = RGBColor(0xE3, 0xEE, 0xF6);
pub(crate) const BAND_EDGE: RGBColor = RGBColor(0x8F, 0xB4, 0xCF);
pub(crate) const BLUE: RGBColor = RGBColor(0x00, 0x72, 0xB2);
pub(crate) const VERMILLION: RGBColor = RGBColor(0xD5, 0x5E, 0x00);
const GREEN: RGBColor = RGBColor(0x00, 0x9E, 0x73);
const PURPLE: RGBColor = RGBColor(0xB8, 0x62, 0x9C);
const AMBER: RGBColor = RGBColor(0xC4, 0x8A, 0x00);
const BROWN: RGBColor = RGBColor(0x7A, 0x4B, 0x2A);
const SKY: RGBColor = RGBColor(0x56, 0xB4, 0xE9);

/// Every colour above and what a dark page shows in its place.
const DARK: [(RGBColor, &str); 13] = [
    (CARD, "#1B1E24"),
    (INK, "#E6E9EE"),
    (MUTED, "#A3ADBB"),
    (GRID, "#2F343D"),
    (BAND, "#20323F"),
    (BAND_EDGE, "#4A7390"),
    (BLUE, "#55B2EC"),
    (VERMILLION, "#FF8F45"),
    (GREEN, "#35D0A2"),
    (PURPLE, "#E3A0CC"),
    (AMBER, "#F0BD48"),
    (BROWN, "#CDA07C"),
    (SKY, "#A6D8F7"),
];

/// Shares from nothing to everything, behind text.
pub(crate) const SEQUENTIAL: [RGBColor; 5] = [
    RGBColor(0xEF, 0xF1, 0xF5),
    RGBColor(0xD6, 0xE6, 0xF2),
    RGBColor(0xB3, 0xD3, 0xEA),
    RGBColor(0x8D, 0xBE, 0xE0),
    RGBColor(0x62, 0xA6, 0xD3),
];

const SEQUENTIAL_DARK: [&str; 5] = ["#262A32", "#1F3547", "#1C4563", "#18557F", "#13669C"];

/// From far below zero, by a neutral middle, to far above.
pub(crate) const DIVERGING: [RGBColor; 13] = [
    RGBColor(0x08, 0x45, 0x80),
    RGBColor(0x1E, 0x63, 0xA4),
    RGBColor(0x3F, 0x85, 0xBF),
    RGBColor(0x6F, 0xA8, 0xD3),
    RGBColor(0xA0, 0xC7, 0xE3),
    RGBColor(0xCB, 0xE0, 0xEF),
    RGBColor(0xF1, 0xF1, 0xEF),
    RGBColor(0xFB, 0xDF, 0xC8),
    RGBColor(0xF7, 0xC1, 0x97),
    RGBColor(0xEE, 0x9C, 0x62),
    RGBColor(0xDD, 0x76, 0x33),
    RGBColor(0xBC, 0x54, 0x14),
    RGBColor(0x8F, 0x39, 0x06),
];

const DIVERGING_DARK: [&str; 13] = [
    "#A9D6FA", "#7CBDF0", "#55A1DE", "#3A80BA", "#2D6090", "#274562", "#272B33", "#543827", "#7C4A26", "#A86128",
    "#D37E36", "#F0A05C", "#FFC594",
];

/// The colour of the n-th series.
pub(crate) fn series(number: usize) -> RGBColor {
    [BLUE, VERMILLION, GREEN, PURPLE, AMBER, BROWN, SKY][number % 7]
}

const FONTS: &str = ".plot text{font-family:system-ui,-apple-system,'Segoe UI',Roboto,'Helvetica Neue',Arial,sans-serif;\
                     font-variant-numeric:tabular-nums}";

/// Rules for the plots' own style element. They match the colour attributes that the drawing left behind, so that
/// a plot follows the reader's colour scheme inside the report and as a file of its own. Scales have rules where the
/// marks use them.
pub(crate) fn style(marks: &str) -> String {
    let swap = |(light, dark): (RGBColor, &str)| {
        let light = hex(light);
        format!(".plot [fill=\"{light}\"]{{fill:{dark}}}.plot [stroke=\"{light}\"]{{stroke:{dark}}}")
    };
    let scales = SEQUENTIAL.into_iter().zip(SEQUENTIAL_DARK).chain(DIVERGING.into_iter().zip(DIVERGING_DARK));
    let used = scales.filter(|(light, _)| marks.contains(&hex(*light)));
    let dark: String = DARK.into_iter().chain(used).map(swap).collect();
    format!("{FONTS}@media screen and (prefers-color-scheme:dark){{{dark}}}")
}

/// `#0072B2`, as plotters writes it.
pub(crate) fn hex(colour: RGBColor) -> String {
    format!("#{:02X}{:02X}{:02X}", colour.0, colour.1, colour.2)
}
