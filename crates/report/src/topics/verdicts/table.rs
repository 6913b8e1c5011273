//! Paired differences, as a plot and as a table.

use std::collections::BTreeMap;

use untied_study::{CellRecord, Comparison, Factors, Metric};

use crate::document::names::metric_name;
use crate::document::number::{NONE, magnitude, or_none, p_value, signed, signed_interval};
use crate::document::{Block, Column, Section, Table, Text};
use crate::results::View;
use crate::results::variant::value;
use crate::topics::verdicts::{caveats, plot};

/// None where nothing is compared.
pub(crate) fn section(view: &View<'_>) -> Option<Section> {
    let first = view.results.comparisons.first()?;
    let mut blocks: Vec<Block> = plot::plot(view).map(Block::Figure).into_iter().collect();
    blocks.push(Block::Table(table(view, first)));
    Some(Section { id: "differences", title: "Paired differences", blocks })
}

fn table(view: &View<'_>, first: &Comparison) -> Table {
    let groups = view.comparisons();
    let mut columns = Vec::from(["Comparison", "Verdict"].map(Column::left));
    columns.extend(["Pairs", "Mean difference"].map(Column::right));
    let on_images = has_images(view);
    let intervals: &[&str] =
        if on_images { &["95 % interval on these images", "on new images"] } else { &["95 % interval"] };
    columns.extend(intervals.iter().copied().map(Column::right));
    columns.extend(["t test p", "adjusted", "TOST p", "adjusted"].map(Column::right));
    columns.extend(["Correlation", "Most extreme seed", "Largest loss difference"].map(Column::right));
    let rows = groups.iter().flat_map(|(context, members)| members.iter().map(|one| row(view, context, one)));
    let mut caption = format!(
        "Differences in {}, treatment minus baseline; margin ±{}. Correlation: of the two sides over the seeds. Largest loss difference: between the two \
         training-loss curves, over all steps and pairs.",
        metric_name(first.metric),
        first.margin
    );
    if first.metric == Metric::TestAccuracy && view.results.comparisons.iter().any(is_beyond_accuracies) {
        caption += " An interval beyond ±1, by which no two accuracies can differ, is that of a t test of few seeds, which knows no such \
                    bound.";
    }
    caption += &zeros(view).unwrap_or_default();
    Table { caption, columns, rows: rows.collect() }
}

/// What a mean difference of 0 means, which has an interval all the same; none where there is none.
fn zeros(view: &View<'_>) -> Option<String> {
    let is_zero = |one: &&Comparison| one.mean_difference.is_some_and(|mean| signed(mean) == "0");
    let zeros: Vec<&Comparison> = view.results.comparisons.iter().filter(is_zero).collect();
    let equal = zeros.iter().filter(|one| has_equal_pairs(view, one)).count();
    let metric = metric_name(zeros.first()?.metric);
    let spread = "the interval around it is that of the least spread that the metric can resolve";
    Some(match equal {
        0 => " Where the mean difference is 0, the pairs' differences cancel.".to_owned(),
        _ if equal == zeros.len() => {
            format!(
                " Where the mean difference is 0, the two sides of every pair have the same {metric}, to the last bit; {spread}."
            )
        }
        _ => format!(
            " In {equal} of {} comparisons whose mean difference is 0, the two sides of every pair have the same {metric}, to the last bit; \
             {spread}. In the others the pairs' differences cancel.",
            zeros.len()
        ),
    })
}

/// Whether the two sides of every pair have the same value of the metric.
fn has_equal_pairs(view: &View<'_>, one: &Comparison) -> bool {
    let values = |side: &Factors| -> BTreeMap<u64, f64> {
        let is_of =
            |cell: &&CellRecord| one.context.iter().chain(side).all(|(key, of)| cell.factors.get(key) == Some(of));
        let cells = view.results.cells.iter().filter(is_of);
        cells.filter_map(|cell| Some((cell.seed, value(cell, one.metric)?))).collect()
    };
    let [treatment, baseline] = [&one.treatment, &one.baseline].map(values);
    treatment.iter().all(|(seed, value)| baseline.get(seed).is_none_or(|other| value == other))
}

/// Whether an interval holds differences that two accuracies cannot have.
fn is_beyond_accuracies(one: &Comparison) -> bool {
    [one.ci95, one.ci95_images].into_iter().flatten().flatten().any(|end| end.abs() > 1.0)
}

/// Whether any comparison has an interval for new images.
fn has_images(view: &View<'_>) -> bool {
    view.results.comparisons.iter().any(|one| one.ci95_images.is_some())
}

fn row(view: &View<'_>, context: &str, one: &Comparison) -> Vec<Text> {
    let versus = view.labels.versus(&one.treatment, &one.baseline);
    let comparison = if context.is_empty() { versus } else { format!("{context}: {versus}") };
    let pairs = match one.left_out {
        0 => one.seeds.to_string(),
        left_out => format!("{} of {}", one.seeds, one.seeds + left_out),
    };
    let mut cells: Vec<Text> = vec![comparison.into(), one.verdict.into(), pairs.into()];
    cells.push(or_none(one.mean_difference, signed).into());
    let interval = |ends: Option<[f64; 2]>| Text::from(ends.map_or_else(|| NONE.into(), signed_interval));
    cells.push(interval(one.ci95));
    cells.extend(has_images(view).then(|| interval(one.ci95_images)));
    cells.extend([one.t_p, one.t_p_holm, one.tost_p, one.tost_p_holm].map(|p| or_none(p, p_value).into()));
    cells.push(or_none(one.correlation, |r| format!("{r:.2}").replace('-', "−")).into());
    cells.push(caveats::extreme(one).unwrap_or_else(|| NONE.into()).into());
    cells.push(or_none(one.max_loss_difference, magnitude).into());
    cells
}
