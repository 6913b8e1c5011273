//! Biases as images, one a channel.

use maud::html;

use crate::chart::canvas::{Area, Drawn, FONT, LINE, Label, MARGIN, SCALE, Sheet, WIDTH, rectangle};
use crate::chart::palette::{DIVERGING, INK, MUTED, hex};
use crate::chart::text_layout::wrap;
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

/// One row of images and where it stands.
struct Row<'a> {
    top: f64,
    /// Above the first row of a variant.
    heading: Option<String>,
    images: Images<'a>,
}

/// Of the first seed of each variant; None where no bias with locations was kept.
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
    let sheet = Sheet { name: "bias-maps", title: title.into(), alt: alt.into(), height };
    let svg = sheet.draw_with(&marks, |area| {
        legend(area)?;
        rows.iter().try_for_each(|row| names(area, row, channels))
    });
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
    let place = |channel: usize| MARGIN + NAMES + channel as f64 * (IMAGE + GAP);
    let row = |row: &Row<'_>| {
        let images = row.images.colours.iter().take(channels).enumerate();
        images.map(|(channel, image)| self::image(&row.images, image, [place(channel), row.top])).collect::<String>()
    };
    rows.iter().map(row).collect()
}

/// The background first, then the strokes of every other colour; a little too broad, so that no gap shows.
fn image(images: &Images<'_>, image: &[usize], [x, y]: [f64; 2]) -> String {
    let scale = |count: usize| format!("{:.4}", IMAGE * SCALE / count as f64);
    let transform =
        format!("translate({} {}) scale({} {})", x * SCALE, y * SCALE, scale(images.columns), scale(images.rows));
    let ground = background(image);
    html! {
        g transform=(transform) stroke-width="1.04" shape-rendering="crispEdges" {
            rect width=(images.columns) height=(images.rows) fill=(hex(DIVERGING[ground])) {}
            @for (number, colour) in DIVERGING.iter().enumerate() {
                @let path = strokes(image, images.columns, number);
                @if number != ground && !path.is_empty() { path stroke=(hex(*colour)) d=(path) {} }
            }
        }
    }
    .into_string()
}

fn names(area: &Area<'_>, row: &Row<'_>, channels: usize) -> Drawn {
    if let Some(heading) = &row.heading {
        let heading = wrap(heading, FONT, true, WIDTH - 2.0 * MARGIN, 1);
        Label::left(INK).bold().write(area, (MARGIN, row.top - HEADING / 2.0), &heading)?;
    }
    let images = &row.images;
    let middle = row.top + IMAGE / 2.0;
    let name = wrap(&clean(images.layer), FONT, false, NAMES - 8.0, 1);
    Label::left(INK).write(area, (MARGIN, middle - LINE), &name)?;
    let lines = [
        format!("± {}", magnitude(images.scale)),
        format!("{} of {}", channels.min(images.channels), count(images.channels)),
    ];
    Label::left(MUTED).write(area, (MARGIN, middle + LINE / 2.0), &lines)
}

/// What the colours mean.
fn legend(area: &Area<'_>) -> Drawn {
    let (y, width) = (MARGIN + LINE / 2.0, 16.0);
    let left = MARGIN + NAMES + 60.0;
    let right = left + DIVERGING.len() as f64 * width;
    Label::right(INK).write(area, (left - 8.0, y), &["−scale"])?;
    for (index, colour) in DIVERGING.iter().enumerate() {
        let x = left + index as f64 * width;
        rectangle(area, (x, y - 7.0), (x + width, y + 7.0), *colour)?;
    }
    Label::left(INK).write(area, (right + 8.0, y), &["+scale; the middle is 0, ± is the scale of a row"])
}
