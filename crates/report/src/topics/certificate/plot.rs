//! Bias gradients and their redundant parts, in units of round-off.

use maud::{Markup, html};
use untied_redundancy::{CERTIFICATE_FACTOR, Finding};

use crate::chart::{
    Axis, Colour, LINE, Label, MARGIN, Panel, Point, Row, RowChart, Sheet, dashed, diamond, dot, line, polygon,
    rectangle,
};
use crate::document::names::clean;
use crate::document::{Figure, Text};
use crate::results::selection::{ROWS, foremost, remark};
use crate::topics::certificate::layers::LayerCertificate;

/// Ratios to the round-off on a logarithmic line; up to 32 is shaded.
pub(crate) fn plot(all: &[(String, LayerCertificate)]) -> Option<Figure> {
    if all.is_empty() {
        return None;
    }
    let layers = foremost(all.iter().collect(), ROWS, |(_, layer)| layer.largest_ratio().unwrap_or(-1.0));
    let rows: Vec<Row> = layers.iter().map(|(variant, layer)| row(variant, layer)).collect();
    let title = "Bias gradients against round-off";
    let alt = "One row a layer with a bias: the norm of its gradient and the gradient along its redundant part, divided by \
               what rounding alone explains, on a logarithmic line. The tables of redundancy have the numbers.";
    let chart = RowChart {
        sheet: Sheet { name: "redundancy", title, alt },
        rows: &rows,
        row_height: 38.0,
        head: 2.6 * LINE,
        x: Axis::decades(decades(&layers), 9),
        x_title: "Gradient ÷ round-off",
    };
    let svg =
        chart.svg(|panel| html! { (floor(panel)) (key(&layers)) }, |panel, index, y| marks(panel, y, &layers[index].1));
    let caption = Text::default().strong(format!("{title}. ")).plain(
        "The shaded part ends at 32 times what rounding alone explains. Marks are geometric means over the seeds, lines \
         reach from the smallest to the largest seed; a mark at the left edge is exactly zero or off the scale.",
    );
    let caption = caption.plain(remark(layers.len(), all.len(), "layers", "those with the largest redundant parts"));
    Some(Figure { file: "redundancy.svg", svg, alt: alt.into(), caption })
}

fn row(variant: &str, layer: &LayerCertificate) -> Row {
    let remark_colour = match layer.finding() {
        Some(Finding::Certified) => Colour::Blue,
        Some(Finding::NotCertified | Finding::NoEvidence) => Colour::Vermillion,
        Some(Finding::AtWork) | None => Colour::Muted,
    };
    Row { group: variant.into(), name: clean(&layer.layer), remark: layer.in_words(), remark_colour }
}

/// Powers of ten that hold every ratio, a little below 1 and a little above 32; at most 20 below.
fn decades(layers: &[&(String, LayerCertificate)]) -> std::ops::Range<f64> {
    let ratios =
        layers.iter().flat_map(|(_, layer)| layer.norms.gradient_ratios.iter().chain(layer.redundant_ratios()));
    let logs = ratios.filter(|ratio| **ratio > 0.0).map(|ratio| ratio.log10());
    let (low, high) = logs.fold((-1.0, 2.0), |(low, high): (f64, f64), log| (low.min(log), high.max(log)));
    low.max(-20.0) - 0.4..high + 0.4
}

fn floor(panel: &Panel<'_>) -> Markup {
    let [start, one, limit] = [f64::NEG_INFINITY, 0.0, CERTIFICATE_FACTOR.log10()].map(|log| panel.x(log));
    let (top, bottom) = (panel.top, panel.bottom());
    let y = top - LINE / 2.0;
    html! {
        (rectangle((start, top), (limit, bottom), Colour::Band))
        (line(&[(limit, top), (limit, bottom)], Colour::BandEdge, 1.0))
        (dashed(&[(one, top), (one, bottom)], Colour::Muted))
        (Label::right(Colour::Muted).write((one + 4.0, y), &["round-off"]))
        (Label::left(Colour::Muted).write((limit - 4.0, y), &[format!("{CERTIFICATE_FACTOR} times")]))
    }
}

/// The meaning of the marks.
fn key(layers: &[&(String, LayerCertificate)]) -> Markup {
    let y = MARGIN + LINE / 2.0;
    let occurs =
        |colour| layers.iter().any(|(_, layer)| !layer.redundant_ratios().is_empty() && of_sets(layer) == colour);
    let redundant = [(Colour::Blue, "its worst redundant set"), (Colour::Muted, "its redundant part, whole layer")];
    let redundant = redundant.into_iter().filter(|(colour, _)| occurs(*colour)).zip([138.0, 318.0]);
    html! {
        (hollow((MARGIN + 8.0, y)))
        (Label::left(Colour::Ink).write((MARGIN + 22.0, y), &["bias gradient"]))
        @for ((colour, meaning), x) in redundant {
            (dot((MARGIN + x, y), 4.0, colour, 1.0))
            (Label::left(Colour::Ink).write((MARGIN + x + 12.0, y), &[meaning]))
        }
    }
}

/// Blue where single sets were recorded, muted where whole layers were.
fn of_sets(layer: &LayerCertificate) -> Colour {
    if layer.sets.is_some() { Colour::Blue } else { Colour::Muted }
}

fn marks(panel: &Panel<'_>, y: f64, layer: &LayerCertificate) -> Markup {
    let colour = of_sets(layer);
    html! {
        (spread(panel, y, &layer.norms.gradient_ratios, Colour::Ink, hollow))
        (spread(panel, y, layer.redundant_ratios(), colour, |at| dot(at, 4.0, colour, 1.0)))
    }
}

/// A line from the smallest to the largest seed, with a mark at the geometric mean.
fn spread(panel: &Panel<'_>, y: f64, ratios: &[f64], colour: Colour, mark: impl Fn(Point) -> Markup) -> Markup {
    let logs: Vec<f64> = ratios.iter().map(|ratio| ratio.log10().max(-99.0)).collect();
    let Some(low) = logs.iter().copied().reduce(f64::min) else { return Markup::default() };
    let high = logs.iter().copied().fold(low, f64::max);
    let mean = logs.iter().sum::<f64>() / logs.len() as f64;
    html! { (line(&[(panel.x(low), y), (panel.x(high), y)], colour, 2.0)) (mark((panel.x(mean), y))) }
}

fn hollow(at: Point) -> Markup {
    html! { (polygon(&diamond(at, 7.5), Colour::Card, 1.0)) (line(&diamond(at, 7.5), Colour::Ink, 1.6)) }
}
