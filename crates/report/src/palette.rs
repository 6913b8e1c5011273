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

/// The colour of the n-th series.
pub(crate) fn series(number: usize) -> RGBColor {
    [BLUE, VERMILLION, GREEN, PURPLE, AMBER, BROWN, SKY][number % 7]
}

const FONTS: &str = ".plot text{font-family:system-ui,-apple-system,'Segoe UI',Roboto,'Helvetica Neue',Arial,sans-serif;\
                     font-variant-numeric:tabular-nums}";

/// Rules for the plots' own style element. They match the colour attributes that the drawing left behind, so that
/// a plot follows the reader's colour scheme inside the report and as a file of its own.
pub(crate) fn style() -> String {
    let swap = |(light, dark): (RGBColor, &str)| {
        let light = hex(light);
        format!(".plot [fill=\"{light}\"]{{fill:{dark}}}.plot [stroke=\"{light}\"]{{stroke:{dark}}}")
    };
    let dark: String = DARK.into_iter().map(swap).collect();
    format!("{FONTS}@media screen and (prefers-color-scheme:dark){{{dark}}}")
}

/// `#0072B2`, as plotters writes it.
pub(crate) fn hex(colour: RGBColor) -> String {
    format!("#{:02X}{:02X}{:02X}", colour.0, colour.1, colour.2)
}
