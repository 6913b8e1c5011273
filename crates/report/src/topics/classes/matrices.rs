//! The confusion matrix of each variant.

use maud::{Markup, html};

use super::runs::{name, total};
use crate::chart::{Colour, HeatMap, LINE, Label, MARGIN, Sheet, WIDTH};
use crate::confusion::{DRAWN, squares};
use crate::document::{Figure, Text};
use crate::results::View;
use crate::results::selection::remark;

/// Variants that are drawn, and those beside one another.
const VARIANTS: usize = 9;
const COLUMNS: usize = 3;
const GAP: f64 = 20.0;
const HEADING: f64 = 26.0;

/// The matrices of the first variants, the sum over their seeds; none where no run has one, or of many classes.
pub(crate) fn plot(view: &View<'_>) -> Option<Figure> {
    let matrices = view.variants.iter().filter_map(|variant| {
        let confusion = total(variant.finished().map(|cell| &cell.confusion))?;
        (confusion.classes() <= DRAWN).then(|| (view.variant_label(variant.factors), confusion))
    });
    let matrices: Vec<_> = matrices.collect();
    let all = matrices.len();
    let matrices = &matrices[..all.min(VARIANTS)];
    let columns = matrices.len().min(COLUMNS);
    let side = (WIDTH - 2.0 * MARGIN - GAP * (COLUMNS - 1) as f64) / COLUMNS as f64;
    let draw = |(index, (label, confusion)): (usize, &(String, untied_study::Confusion))| -> Markup {
        let (row, column) = (index / COLUMNS, index % COLUMNS);
        let at = (MARGIN + column as f64 * (side + GAP), MARGIN + LINE + HEADING + row as f64 * (side + HEADING + GAP));
        let map = HeatMap {
            at,
            size: [side / confusion.classes() as f64; 2],
            squares: squares(confusion, false),
            ground: Colour::Share(0),
            columns: &[],
            rows: &[],
            room: 0.0,
        };
        html! { (Label::left(Colour::Ink).bold().cut((at.0, at.1 - HEADING / 2.0), label, side)) (map.draw()) }
    };
    if columns == 0 {
        return None;
    }
    let classes = matrices[0].1.classes();
    let legend = format!(
        "rows: classes from {} to {}; columns: answers, in the same order",
        name(view, 0),
        name(view, classes - 1)
    );
    let rows = matrices.len().div_ceil(COLUMNS);
    let height = MARGIN * 2.0 + LINE + rows as f64 * (side + HEADING + GAP);
    let title = "What is taken for what";
    let alt = "A confusion matrix for each variant: the darker a square, the larger the share of a class's images.";
    let marks = html! {
        (Label::left(Colour::Muted).cut((MARGIN, MARGIN), &legend, WIDTH - 2.0 * MARGIN))
        @for matrix in matrices.iter().enumerate() { (draw(matrix)) }
    };
    let svg = Sheet { name: "confusion", title, alt }.svg(height, &marks);
    let caption = Text::default().strong(format!("{title}. ")).plain(
        "Confusion matrices, the sum over seeds. Colours are shares of a class's images, in quarters; any share above 0 has a \
         colour. results.json has the counts of each run.",
    );
    let caption = caption.plain(remark(matrices.len(), all, "variants", "the first"));
    Some(Figure { file: "confusion.svg", svg, alt: alt.into(), caption })
}
