//! What an adapted first bias recovers of the accuracy that shifted images cost.

use crate::document::number::{NONE, count, percent, share};
use crate::document::{Block, Column, Section, Table, Text};
use crate::results::View;
use crate::statistics::bootstrap::Ratio;
use crate::topics::recovery::grid::setting_label;
use crate::topics::recovery::images_plot;
use crate::topics::recovery::method::{compared, removed, unadapted};
use crate::topics::recovery::strength_plot;
use crate::topics::recovery::{Adapted, LEAST_LOST, Setting, Shift, Way, most_images};
use crate::topics::verdicts::sentence::trimmed;

/// None where no model met shifted images.
pub(crate) fn section(view: &View<'_>) -> Option<Section> {
    if view.settings.is_empty() {
        return None;
    }
    let mut blocks = vec![Block::Paragraph(introduction())];
    blocks.extend(strength_plot::plot(view).map(Block::Figure));
    blocks.push(Block::Table(table(view)));
    blocks.extend(images_plot::plot(view).map(Block::Figure));
    let every = every_way(view);
    if !every.rows.is_empty() {
        let summary = "Every way of adapting, with every number of images, and the loss".into();
        blocks.push(Block::Details { summary, blocks: vec![Block::Table(every)] });
    }
    blocks.push(Block::Paragraph(method()));
    Some(Section { id: "shift", title: "Adapting the first bias to shifted images", blocks })
}

fn introduction() -> Text {
    "Each model was trained on clean images. Then a fixed pattern δ is added to every test image, and nothing but the first \
     convolution's bias is adapted to it. An untied bias can cancel any δ exactly, by b − w∗δ, where the trained statistics \
     stay: its 100 % is a check of the program, not a finding. A tied bias can cancel only the mean of w∗δ over the \
     locations. What images without labels (their mean) or with labels (fine-tuning) achieve is measured."
        .into()
}

fn method() -> Text {
    Text::default()
        .strong("Recovery")
        .plain(
            " is Σ (adapted − unadapted accuracy) ÷ Σ (clean − unadapted accuracy) over seeds and draws of the pattern, a \
             ratio of means. Unadapted is the tied bias as it was trained, with the trained statistics; clean is the test \
             accuracy. The loss is treated alike. ",
        )
        .strong("Intervals")
        .plain(
            " are the 2.5 and 97.5 percentiles of 2000 bootstrap resamples of the seeds, and within each of its draws. They \
             are not adjusted for their number. In a simulation they held the truth in 94 % of studies of ten seeds, but in \
             88 % of those of five. ",
        )
        .strong("Strength")
        .plain(" is the root mean square of the pattern in standard deviations of the pixels. ")
        .strong("Bias removed")
        .plain(" takes the first bias away without any adaptation.")
}

/// A row a setting and shift, a column a way of adapting.
fn table(view: &View<'_>) -> Table {
    let most = most_images(&view.settings);
    let ways: Vec<Way> = compared(most).into_iter().chain([unadapted(), removed()]).collect();
    let occurs = |way: &Way| all(view).any(|(_, shift)| shift.adapted(&way.bias, way.method).is_some());
    let ways: Vec<Way> = ways.into_iter().filter(occurs).collect();
    let mut columns = vec![Column::left("Setting"), Column::left("Pattern")];
    columns.extend(["Strength", "Points lost"].map(Column::right));
    columns.extend(ways.iter().map(|way| Column::right(way.name())));
    let rows = all(view).map(|(setting, shift)| row(view, setting, shift, &ways)).collect();
    let caption = "Accuracy recovered, with its 95 % interval, by the way that the first bias was adapted.".into();
    Table { caption, columns, rows }
}

fn row(view: &View<'_>, setting: &Setting<'_>, shift: &Shift, ways: &[Way]) -> Vec<Text> {
    let mut cells = shift_cells(view, setting, shift);
    cells.extend(ways.iter().map(|way| {
        let adapted = shift.adapted(&way.bias, way.method);
        adapted.map_or_else(|| NONE.into(), |adapted| recovered(adapted.accuracy)).into()
    }));
    cells
}

/// A row a setting, shift and way.
fn every_way(view: &View<'_>) -> Table {
    let mut columns = vec![Column::left("Setting"), Column::left("Pattern")];
    columns.extend(["Strength", "Points lost"].map(Column::right));
    columns.push(Column::left("First bias"));
    columns.extend(["Accuracy recovered", "Loss recovered", "Untied less tied, accuracy"].map(Column::right));
    let rows = all(view).flat_map(|(setting, shift)| {
        shift.adapted.iter().map(move |adapted| way_row(shift_cells(view, setting, shift), shift, adapted))
    });
    let caption = "Recovered shares of what was lost, each with its 95 % interval.".into();
    Table { caption, columns, rows: rows.collect() }
}

fn way_row(mut cells: Vec<Text>, shift: &Shift, adapted: &Adapted) -> Vec<Text> {
    let or_none = |ratio: Option<Ratio>| Text::from(ratio.map_or_else(|| NONE.into(), recovered));
    let advantage = if adapted.way.bias == "untied" { shift.advantage(adapted.way.method) } else { None };
    cells.push(adapted.way.name().into());
    cells.extend([Some(adapted.accuracy), adapted.loss, advantage].map(or_none));
    cells
}

fn shift_cells(view: &View<'_>, setting: &Setting<'_>, shift: &Shift) -> Vec<Text> {
    let label = match setting_label(view, setting) {
        label if label.is_empty() => "the only setting".into(),
        label => label,
    };
    let cells = [label, shift.pattern.label().into(), trimmed(shift.strength), points(shift)];
    cells.into_iter().map(Text::from).collect()
}

/// `23.4`, `3.1: less than 5 points lost`
fn points(shift: &Shift) -> String {
    let points = format!("{:.1}", shift.lost * 100.0).replace('-', "−");
    if shift.costs_enough() {
        return points;
    }
    format!("{points}: less than {} points lost", count((LEAST_LOST * 100.0).round() as usize))
}

/// `98 % [96, 101]`
pub(crate) fn recovered(ratio: Ratio) -> String {
    match ratio.interval {
        Some([low, high]) => format!("{} [{}, {}]", percent(ratio.value), share(low), share(high)),
        None => percent(ratio.value),
    }
}

fn all<'v, 'a>(view: &'v View<'a>) -> impl Iterator<Item = (&'v Setting<'a>, &'v Shift)> {
    view.settings.iter().flat_map(|setting| setting.shifts.iter().map(move |shift| (setting, shift)))
}
