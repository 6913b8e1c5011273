//! Tables of rates by the number of seeds.

/// The seeds that have a column of their own.
pub(crate) const SHOWN: [usize; 5] = [2, 3, 5, 10, 20];

/// The largest of rates of being wrong, the smallest of rates of being right.
pub(crate) type Worst = fn(f64, f64) -> f64;

/// The rates of 2 to 20 seeds.
pub(crate) fn over_seeds(rate: impl Fn(usize) -> f64) -> Vec<f64> {
    (2..=20).map(rate).collect()
}

/// The rate of so many seeds.
pub(crate) fn at(rates: &[f64], seeds: usize) -> f64 {
    rates[seeds - 2]
}

pub(crate) fn header(first: &str) -> String {
    let seeds: Vec<String> = SHOWN.iter().map(|seeds| format!(" {seeds} seeds |")).collect();
    format!("| {first} |{} worst |\n|---|{}", seeds.concat(), "---:|".repeat(SHOWN.len() + 1))
}

/// The rates that have a column, and the worst of all.
pub(crate) fn row(name: &str, rates: &[f64], worst: Worst) -> String {
    let all = rates.iter().copied().reduce(worst).unwrap_or(f64::NAN);
    let shown = SHOWN.map(|seeds| format!(" {} |", percent(at(rates, seeds)))).concat();
    format!("| {name} |{shown} {} |", percent(all))
}

pub(crate) fn percent(rate: f64) -> String {
    format!("{:.2} %", 100.0 * rate)
}

pub(crate) fn smallest(rates: impl IntoIterator<Item = f64>) -> f64 {
    rates.into_iter().fold(1.0, f64::min)
}
