//! Bias gradients and their redundant parts, in units of round-off.

use plotters::style::RGBColor;
use untied_redundancy::CERTIFICATE_FACTOR;

use crate::chart::canvas::{Area, Drawn, LINE, Label, MARGIN, Sheet, dashes, diamond, dot, line, polygon, rectangle};
use crate::chart::palette::{BAND, BAND_EDGE, BLUE, CARD, INK, MUTED, VERMILLION};
use crate::chart::row_chart::{Places, Row, RowChart};
use crate::document::names::clean;
use crate::document::number::power_of_ten;
use crate::document::{Figure, Text};
use crate::results::selection::{ROWS, foremost, remark};
use crate::topics::certificate::layers::{Finding, LayerCertificate};

/// Ratios to the round-off on a logarithmic line; up to 32 is shaded.
pub(crate) fn plot(all: &[(String, LayerCertificate)]) -> Option<Figure> {
    if all.is_empty() {
        return None;
    }
    let layers =
        foremost(all.iter().collect(), ROWS, |(_, layer)| layer.redundant_ratios.iter().copied().fold(-1.0, f64::max));
    let rows: Vec<Row> = layers.iter().map(|(variant, layer)| row(variant, layer)).collect();
    let x = decades(&layers);
    let x_label = |value: &f64| {
        if (value - value.round()).abs() < 1e-6 { power_of_ten(value.round() as i32) } else { String::new() }
    };
    let x_title = "Gradient norm ÷ round-off".into();
    let chart = RowChart { rows: &rows, row_height: 38.0, head: 2.6 * LINE, x, x_title, x_label: &x_label };
    let title = "Bias gradients against round-off";
    let alt = "One row a layer with a bias: the norm of the bias gradient and of its redundant part, divided by what \
               rounding alone explains, on a logarithmic line. The table of redundancy has the numbers.";
    let sheet = Sheet { name: "redundancy", title: title.into(), alt: alt.into(), height: 0.0 };
    let svg = chart.draw(sheet, floor, |area, places| {
        key(area)?;
        layers.iter().zip(&places.rows).try_for_each(|((_, layer), &y)| marks(area, places, y, layer))
    });
    let caption = Text::default().strong(format!("{title}. ")).plain(
        "Inside the shaded part a gradient is nothing but rounding. Marks are geometric means over the seeds, lines \
         reach from the smallest to the largest seed; a mark at the left edge is exactly zero or off the scale.",
    );
    let caption = caption.plain(remark(layers.len(), all.len(), "layers", "those with the largest redundant parts"));
    Some(Figure { file: "redundancy.svg", svg, alt: alt.into(), caption })
}

fn row(variant: &str, layer: &LayerCertificate) -> Row {
    let remark_colour = match layer.finding {
        Finding::Certified | Finding::CertifiedRestAtWork => BLUE,
        Finding::NotCertified => VERMILLION,
        Finding::AtWork | Finding::NothingToCertify => MUTED,
    };
    Row { group: variant.into(), name: clean(&layer.layer), remark: layer.finding.short().into(), remark_colour }
}

/// Powers of ten that hold every ratio, a little below 1 and a little above 32; at most 20 below.
fn decades(layers: &[&(String, LayerCertificate)]) -> std::ops::Range<f64> {
    let ratios = layers.iter().flat_map(|(_, layer)| layer.gradient_ratios.iter().chain(&layer.redundant_ratios));
    let logs = ratios.filter(|ratio| **ratio > 0.0).map(|ratio| ratio.log10());
    let (low, high) = logs.fold((-1.0, 2.0), |(low, high): (f64, f64), log| (low.min(log), high.max(log)));
    low.max(-20.0) - 0.4..high + 0.4
}

fn floor(area: &Area<'_>, places: &Places) -> Drawn {
    let [start, one, limit] = [f64::NEG_INFINITY, 0.0, CERTIFICATE_FACTOR.log10()].map(|log| places.x(log));
    rectangle(area, (start, places.top), (limit, places.bottom), BAND)?;
    line(area, &[(limit, places.top), (limit, places.bottom)], BAND_EDGE, 1.0)?;
    dashes(area, &[(one, places.top), (one, places.bottom)], MUTED, 1.0, [4.0, 4.0])?;
    let y = places.top - LINE / 2.0;
    Label::right(MUTED).write(area, (one + 4.0, y), &["round-off"])?;
    Label::left(MUTED).write(area, (limit - 4.0, y), &[format!("{CERTIFICATE_FACTOR} times")])
}

/// What the marks are.
fn key(area: &Area<'_>) -> Drawn {
    let y = MARGIN + LINE / 2.0;
    hollow(area, (MARGIN + 8.0, y))?;
    Label::left(INK).write(area, (MARGIN + 22.0, y), &["bias gradient"])?;
    dot(area, (MARGIN + 138.0, y), 4.0, BLUE, 1.0)?;
    Label::left(INK).write(area, (MARGIN + 150.0, y), &["its redundant part"])
}

fn marks(area: &Area<'_>, places: &Places, y: f64, layer: &LayerCertificate) -> Drawn {
    if let Some(x) = spread(area, places, y, &layer.gradient_ratios, INK)? {
        hollow(area, (x, y))?;
    }
    if layer.predicted_redundant > 0
        && let Some(x) = spread(area, places, y, &layer.redundant_ratios, BLUE)?
    {
        dot(area, (x, y), 4.0, BLUE, 1.0)?;
    }
    Ok(())
}

/// The line from the smallest to the largest seed; gives the pixel of the geometric mean.
fn spread(
    area: &Area<'_>,
    places: &Places,
    y: f64,
    ratios: &[f64],
    colour: RGBColor,
) -> Result<Option<f64>, plotters::drawing::DrawingAreaErrorKind<std::io::Error>> {
    let logs: Vec<f64> = ratios.iter().map(|ratio| ratio.log10().max(-99.0)).collect();
    let Some(low) = logs.iter().copied().reduce(f64::min) else { return Ok(None) };
    let high = logs.iter().copied().fold(low, f64::max);
    line(area, &[(places.x(low), y), (places.x(high), y)], colour, 2.0)?;
    Ok(Some(places.x(logs.iter().sum::<f64>() / logs.len() as f64)))
}

fn hollow(area: &Area<'_>, at: (f64, f64)) -> Drawn {
    polygon(area, &diamond(at, 7.5), CARD, 1.0)?;
    line(area, &diamond(at, 7.5), INK, 1.6)
}
