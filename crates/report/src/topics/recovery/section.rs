//! The tables and plots of what adapted first biases recover.

use untied_study::ShiftPattern;

use crate::document::number::{NONE, count};
use crate::document::{Block, Column, Section, Table, Text};
use crate::statistics::ratio::Ratio;
use crate::topics::recovery::method::{compared, recovered, removed, unadapted};
use crate::topics::recovery::shares::{Adapted, BEST, LEAST_LOST, Method, Recovery, Setting, Shift};
use crate::topics::recovery::{images_plot, strength_plot};

/// None where no model met shifted images.
pub(crate) fn section(recovery: &Recovery<'_, '_>) -> Option<Section> {
    if recovery.settings.is_empty() {
        return None;
    }
    let mut blocks = vec![Block::Paragraph(introduction(recovery))];
    blocks.extend(strength_plot::plot(recovery).map(Block::Figure));
    blocks.push(Block::Table(table(recovery)));
    blocks.extend(images_plot::plot(recovery).map(Block::Figure));
    let every = every_method(recovery);
    if !every.rows.is_empty() {
        let summary = "Every method of adapting, with every number of images, and the loss".into();
        blocks.push(Block::Details { summary, blocks: vec![Block::Table(every)] });
    }
    blocks.push(Block::Paragraph(terms()));
    Some(Section { id: "shift", title: "Adapting the first bias to shifted images", blocks })
}

fn introduction(recovery: &Recovery<'_, '_>) -> Text {
    let text = Text::from(
        "Each model was trained on clean images. Then a fixed pattern δ is added to every test image, and nothing but the first \
         convolution's bias is adapted to it. An untied bias can cancel any δ exactly, by b − w∗δ, where the trained statistics \
         stay: its 100 % is a check of the program, not a finding. A tied bias can cancel no more than one number per filter: \
         exactly, that is the mean of w∗δ over the locations, which is neither the best tied bias for accuracy nor a bound on \
         what one recovers. What images without labels (their mean, against that of the clean training images) or with labels \
         achieve is measured. Fine-tuning takes 50 steps of Adam on the first bias alone, at the best of three learning rates or \
         none at all, by the loss on 200 training images that it does not learn from: what it does not recover, more steps might.",
    );
    let best = recovery.shifts().any(|(_, shift)| shift.adapted("tied", BEST).is_some());
    let text = text.plain(if best {
        " The best tied bias is tuned on the shifted test images themselves, with their labels, by 150 \
         steps at the best of those rates: no way to adapt, but a stand-in for the most that a tied bias could recover."
    } else {
        ""
    });
    let changes = recovery.patterns.contains(&ShiftPattern::Changing);
    text.plain(if changes {
        " A changing shift is the control: another white pattern for every image, of which no bias can take away more than what it \
         does to images on average."
    } else {
        ""
    })
}

fn terms() -> Text {
    Text::default()
        .strong("Recovery")
        .plain(
            " is Σ (adapted − unadapted accuracy) ÷ Σ (clean − unadapted accuracy) over seeds and draws of the pattern, a \
             ratio of means. Unadapted is the tied bias as it was trained, with the trained statistics; clean is the test \
             accuracy. The loss is treated alike. ",
        )
        .strong("Intervals")
        .plain(
            " are Student's, 95 %, of the linearised ratio R over seeds: of the residuals gained − R·lost of each seed, its draws \
             summed, as what R changes without the seed (the jackknife), with a deviation of at least one test image and as \
             many degrees of freedom as seeds that lost something worth mentioning, less one (Kish's effective number). They \
             are about seeds, with these patterns, training and test \
             images, and not adjusted for their number. ",
        )
        .strong("Strength")
        .plain(" is the root mean square of the pattern in standard deviations of the pixels. ")
        .strong("Bias removed")
        .plain(" takes the first bias away without any adaptation.")
}

/// A row a setting and shift, a column a method of adapting.
fn table(recovery: &Recovery<'_, '_>) -> Table {
    let most = recovery.most_images;
    let methods: Vec<Method> = compared(most).into_iter().chain([unadapted(), removed()]).collect();
    let occurs =
        |method: &Method| recovery.shifts().any(|(_, shift)| shift.adapted(&method.bias, method.fit).is_some());
    let methods: Vec<Method> = methods.into_iter().filter(occurs).collect();
    let mut columns = vec![Column::left("Setting"), Column::left("Pattern")];
    columns.extend(["Strength", "Points lost"].map(Column::right));
    columns.extend(methods.iter().map(|method| Column::right(method.name())));
    let rows = recovery.shifts().map(|(setting, shift)| row(recovery, setting, shift, &methods)).collect();
    let caption = "Accuracy recovered, with its 95 % interval, by the method that adapted the first bias.".into();
    Table { caption, columns, rows }
}

fn row(recovery: &Recovery<'_, '_>, setting: &Setting<'_>, shift: &Shift, methods: &[Method]) -> Vec<Text> {
    let mut cells = shift_cells(recovery, setting, shift);
    cells.extend(methods.iter().map(|method| {
        let adapted = shift.adapted(&method.bias, method.fit);
        adapted.map_or_else(|| NONE.into(), |adapted| recovered(adapted.accuracy)).into()
    }));
    cells
}

/// A row a setting, shift and method.
fn every_method(recovery: &Recovery<'_, '_>) -> Table {
    let mut columns = vec![Column::left("Setting"), Column::left("Pattern")];
    columns.extend(["Strength", "Points lost"].map(Column::right));
    columns.push(Column::left("First bias"));
    columns.extend(["Accuracy recovered", "Loss recovered", "Untied less tied, accuracy"].map(Column::right));
    let rows = recovery.shifts().flat_map(|(setting, shift)| {
        shift.adapted.iter().map(move |adapted| method_row(shift_cells(recovery, setting, shift), shift, adapted))
    });
    let caption = "Recovered shares of what was lost, each with its 95 % interval.".into();
    Table { caption, columns, rows: rows.collect() }
}

fn method_row(mut cells: Vec<Text>, shift: &Shift, adapted: &Adapted) -> Vec<Text> {
    let or_none = |ratio: Option<Ratio>| Text::from(ratio.map_or_else(|| NONE.into(), recovered));
    let advantage = if adapted.method.bias == "untied" { shift.advantage(adapted.method.fit) } else { None };
    cells.push(adapted.method.name().into());
    cells.extend([Some(adapted.accuracy), adapted.loss, advantage].map(or_none));
    cells
}

fn shift_cells(recovery: &Recovery<'_, '_>, setting: &Setting<'_>, shift: &Shift) -> Vec<Text> {
    let label = match recovery.label(setting) {
        label if label.is_empty() => "the only setting".into(),
        label => label,
    };
    let cells = [label, shift.pattern.to_string(), shift.strength.to_string(), points(shift)];
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
