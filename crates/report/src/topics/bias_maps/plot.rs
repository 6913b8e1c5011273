//! Biases as images, one a channel.

use maud::{Markup, PreEscaped, html};

use crate::chart::{Colour, LINE, Label, MARGIN, STEPS, Sheet, WIDTH, rectangle};
use crate::document::names::clean;
use crate::document::number::{count, magnitude};
use crate::document::{Figure, Text};
use crate::results::View;
use crate::results::selection::remark;
use crate::topics::bias_maps::images::{CHANNELS, Images, VARIANTS, background, images, strokes};

const IMAGE: f64 = 66.0;
const GAP: f64 = 8.0;
const NAMES: f64 = 96.0;
const HEADING: f64 = 26.0;
/// Bytes of all images together; fewer channels are shown where they need more.
const LARGEST: usize = 250_000;

/// One row of images at its height.
struct Row<'a> {
    top: f64,
    /// Name of the variant, at its first row.
    heading: Option<String>,
    images: Images<'a>,
}

/// The maps of the first seed of each variant; None where no bias with locations was kept.
pub(crate) fn plot(view: &View<'_>) -> Option<Figure> {
    let variants: Vec<_> = view
        .variants
        .iter()
        .filter_map(|variant| Some((view.variant_label(variant.factors), images(variant)?)))
        .collect();
    let all = variants.len();
    let (rows, height) = arrange(variants);
    if rows.is_empty() {
        return None;
    }
    let fewer = (1..=CHANNELS).rev().map(|channels| (channels, marks(&rows, channels)));
    let (channels, marks) = fewer.into_iter().find(|(_, marks)| marks.len() <= LARGEST)?;
    let title = "Biases, location by location";
    let alt = "Images of the biases, one a channel, a row a layer: blue where they are negative, orange where they are \
               positive, neutral at zero. results.json has the numbers.";
    let names = rows.iter().map(|row| names(row, channels));
    let marks = html! { (legend()) @for name in names { (name) } (PreEscaped(marks)) };
    let svg = Sheet { name: "bias-maps", title, alt }.svg(height, &marks);
    let caption = Text::default().strong(format!("{title}. ")).plain(
        "The first channels of the first layers, of the first seed. Each row has its own scale: ± is the largest value in \
         it. Where a bias is shared along an axis it has stripes.",
    );
    let caption = caption.plain(remark(all.min(VARIANTS), all, "variants", "the first"));
    Some(Figure { file: "bias-maps.svg", svg, alt: alt.into(), caption })
}

/// The rows from top to bottom, and where they end.
fn arrange(variants: Vec<(String, (u64, Vec<Images<'_>>))>) -> (Vec<Row<'_>>, f64) {
    let (mut rows, mut y) = (Vec::new(), MARGIN + LINE + GAP);
    for (name, (seed, layers)) in variants.into_iter().take(VARIANTS) {
        let mut heading = Some(format!("{name} · seed {seed}"));
        for images in layers {
            y += if heading.is_some() { HEADING } else { 0.0 };
            rows.push(Row { top: y, heading: heading.take(), images });
            y += IMAGE + GAP;
        }
    }
    (rows, y + MARGIN - GAP)
}

fn marks(rows: &[Row<'_>], channels: usize) -> String {
    let left = |channel: usize| MARGIN + NAMES + channel as f64 * (IMAGE + GAP);
    let row = |row: &Row<'_>| {
        let images = row.images.colours.iter().take(channels).enumerate();
        images.map(|(channel, image)| self::image(&row.images, image, [left(channel), row.top])).collect::<String>()
    };
    rows.iter().map(row).collect()
}

/// The background first, then the strokes of every other colour; a little too broad, so that no gap shows.
fn image(images: &Images<'_>, image: &[usize], [x, y]: [f64; 2]) -> String {
    let scale = |count: usize| format!("{:.5}", IMAGE / count as f64);
    let transform = format!("translate({x} {y}) scale({} {})", scale(images.columns), scale(images.rows));
    let ground = background(image);
    html! {
        g transform=(transform) stroke-width="1.04" shape-rendering="crispEdges" {
            rect class=(Colour::Deviation(ground)) width=(images.columns) height=(images.rows) fill="currentColor" {}
            @for step in (0..STEPS).filter(|step| *step != ground) {
                @let path = strokes(image, images.columns, step);
                @if !path.is_empty() { path class=(Colour::Deviation(step)) stroke="currentColor" d=(path) {} }
            }
        }
    }
    .into_string()
}

fn names(row: &Row<'_>, channels: usize) -> Markup {
    let images = &row.images;
    let middle = row.top + IMAGE / 2.0;
    let lines = [
        format!("± {}", magnitude(images.scale)),
        format!("{} of {}", channels.min(images.channels), count(images.channels)),
    ];
    html! {
        @if let Some(heading) = &row.heading {
            (Label::left(Colour::Ink).bold().cut((MARGIN, row.top - HEADING / 2.0), heading, WIDTH - 2.0 * MARGIN))
        }
        (Label::left(Colour::Ink).cut((MARGIN, middle - LINE), &clean(images.layer), NAMES - 8.0))
        (Label::left(Colour::Muted).write((MARGIN, middle + LINE / 2.0), &lines))
    }
}

/// The meaning of the colours.
fn legend() -> Markup {
    let (y, width) = (MARGIN + LINE / 2.0, 16.0);
    let left = MARGIN + NAMES + 60.0;
    let x = |step: usize| left + step as f64 * width;
    html! {
        (Label::right(Colour::Ink).write((left - 8.0, y), &["−scale"]))
        @for step in 0..STEPS { (rectangle((x(step), y - 7.0), (x(step + 1), y + 7.0), Colour::Deviation(step))) }
        (Label::left(Colour::Ink).write((x(STEPS) + 8.0, y), &["+scale; the middle is 0, ± is the scale of a row"]))
    }
}
