//! `[compare]` against `[vary]`: the baseline is a point of the grid, the margin a distance.

use toml::Spanned;

use super::document::Document;
use super::grid::{Grid, not_listed, not_varied, same_value};
use crate::{CompareConfig, ConfigError, Metric, Over};

/// Reads and checks `[compare]`; baseline values become those of the lists, so that 1 and 1.0 are one value.
pub(crate) fn read(document: &Document<'_>, grid: &Grid<'_>) -> Result<Option<CompareConfig>, ConfigError> {
    let Some(mut compare) = document.compare()? else { return Ok(None) };
    if !(compare.margin.is_finite() && compare.margin > 0.0) {
        let message = format!("expected a finite number above 0, found {:?}", compare.margin);
        return Err(fail(document, &["margin"], message));
    }
    if compare.baseline.is_empty() {
        let message = "names no key: expected keys of [vary], such as { \"model.bias\" = \"none\" }";
        return Err(fail(document, &["baseline"], message));
    }
    for (key, value) in &mut compare.baseline {
        let message = match grid.factors.iter().find(|factor| factor.key == *key) {
            None => not_varied(key, &grid.factors),
            Some(factor) => match factor.labels.iter().find(|label| same_value(label, value)) {
                None => {
                    let found = document.get(&["compare", "baseline", key]);
                    not_listed(factor, found.map_or("", |value| document.text(&value.span())))
                }
                Some(_) if factor.labels.len() < 2 => {
                    format!(
                        "`vary.\"{key}\"` has one value, which leaves nothing to compare: add one, or remove [compare]"
                    )
                }
                Some(label) => {
                    *value = label.clone();
                    continue;
                }
            },
        };
        return Err(fail(document, &["baseline", key], message));
    }
    check_over(document, &compare)?;
    Ok(Some(compare))
}

/// New images can be spoken of where single answers are kept, to the same images on both sides.
fn check_over(document: &Document<'_>, compare: &CompareConfig) -> Result<(), ConfigError> {
    if compare.over == Over::Seeds {
        return Ok(());
    }
    let found = format!("found `{}`", compare.over);
    if compare.metric != Metric::TestAccuracy {
        let message = format!(
            "expected `seeds` for the metric `{}`, {found}: of single test images, runs keep only whether they were \
             classified rightly",
            compare.metric
        );
        return Err(fail(document, &["over"], message));
    }
    match compare.baseline.keys().find(|key| key.starts_with("data.source")) {
        None => Ok(()),
        Some(key) => {
            let message =
                format!("expected `seeds` where `{key}` is compared, {found}: the two sides share no test images");
            Err(fail(document, &["over"], message))
        }
    }
}

fn fail(document: &Document<'_>, path: &[&str], message: impl Into<String>) -> ConfigError {
    let path: Vec<&str> = ["compare"].iter().chain(path).copied().collect();
    let span = document.get(&path).map_or(0..0, Spanned::span);
    document.fail(&span, message)
}
