//! Whole comparisons and reports, from made-up, simulated and shipped results.

mod caveats;
mod claims;
mod compare;
mod images;
mod index;
mod looks;
mod made_up;
mod measured;
mod rates;
mod ratios;
mod report;
#[cfg(target_os = "linux")]
mod scale;
mod shipped;
mod simulated;
