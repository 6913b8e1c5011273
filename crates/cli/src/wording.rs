//! Names of cells and variants, numbers and times, as people read them.

use std::time::Duration;

use untied_study::{Cell, Factors, Study, factor_label};

/// Said of a cell for which this process waits.
pub(crate) const BEING_TRAINED: &str = "is being trained by another process: waiting for its end";

/// The readable part of a cell's id.
pub(crate) fn cell_name(cell: &Cell) -> &str {
    cell.id.strip_suffix(cell.hash.as_str()).and_then(|name| name.strip_suffix('-')).unwrap_or(&cell.id)
}

/// `model.bias=tied model.norm=batch`, in the order of `[vary]`.
pub(crate) fn variant_name(study: &Study, factors: &Factors) -> String {
    let keys = study.vary.iter().map(|vary| vary.key.as_str());
    let shown = keys.filter_map(|key| Some(format!("{key}={}", factor_label(factors.get(key)?))));
    shown.collect::<Vec<_>>().join(" ")
}

/// Said of a run that `train.early_stopping` ends.
pub(crate) fn stopped(epoch: usize) -> String {
    format!("stops early, after epoch {epoch}: the validation images show no improvement any more")
}

/// `1 cell`, `2 cells`.
pub(crate) fn plural(count: usize, noun: &str) -> String {
    if count == 1 { format!("1 {noun}") } else { format!("{count} {noun}s") }
}

/// `0.4 s`, `12 s`, `3 min 05 s`, `2 h 07 min`.
pub(crate) fn time(duration: Duration) -> String {
    let seconds = duration.as_secs_f64();
    let whole = seconds.round() as u64;
    match whole {
        0..10 => format!("{seconds:.1} s"),
        10..60 => format!("{whole} s"),
        60..3600 => format!("{} min {:02} s", whole / 60, whole % 60),
        _ => format!("{} h {:02} min", whole / 3600, whole % 3600 / 60),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_as_exact_as_they_are_worth() {
        for (seconds, text) in
            [(0.04, "0.0 s"), (9.44, "9.4 s"), (59.7, "1 min 00 s"), (185.0, "3 min 05 s"), (7620.0, "2 h 07 min")]
        {
            assert_eq!(time(Duration::from_secs_f64(seconds)), text);
        }
    }
}
