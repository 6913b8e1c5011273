//! The looks of a study: those of its design, and those that nobody planned.

use untied_study::{Caveat, Comparison, Sequential};

use crate::document::number::plural;
use crate::document::{Block, Text};
use crate::results::View;

/// What adding seeds until there is a verdict does, as simulated for `RATES.md`.
const ADDED: &str = "In simulated studies of one comparison, seeds that were added until there was a verdict called variants \
                     without a difference different in 9 % with 2 looks (5, 10 seeds), in 16 % with 6 (5, 10, …, 30) and in \
                     26 % with 19 (2, 3, …, 20), instead of 5 %; a difference of the margin was called equivalent in up to \
                     6 %, instead of 2.5 %.";

/// Said first where verdicts were drawn, and then seeds added that the config had not planned.
pub(crate) fn notice(view: &View<'_>) -> Option<Block> {
    let all = &view.results.comparisons;
    let some: Vec<&Comparison> = all.iter().filter(|one| one.caveats.contains(&Caveat::Looks)).collect();
    let longest = some.iter().max_by_key(|one| one.looks.len())?;
    let text = format!(
        " {} of {} had a verdict before, from fewer of the same runs or by another plan (verdicts at {} seeds), so that the \
         promised error rates do not hold. {ADDED}",
        some.len(),
        plural(all.len(), "comparison"),
        seeds(longest)
    );
    Some(Block::Notice(Text::default().strong("Looked at before.").plain(text)))
}

/// `5, 10 and 15`
fn seeds(one: &Comparison) -> String {
    let mut looks = one.looks.clone();
    if looks.last() != Some(&one.seeds) {
        looks.push(one.seeds);
    }
    let names: Vec<String> = looks.iter().map(ToString::to_string).collect();
    match names.split_last() {
        Some((last, before)) if !before.is_empty() => format!("{} and {last}", before.join(", ")),
        _ => names.concat(),
    }
}

/// `10 seeds`, with their looks where there were several.
pub(crate) fn seeds_seen(one: &Comparison) -> String {
    let seeds = plural(one.seeds, "seed");
    if one.looks.len() < 2 { seeds } else { format!("{seeds} in {} looks", one.looks.len()) }
}

/// The design in the guide's words.
pub(crate) fn definition(design: Sequential) -> Text {
    let Sequential { first, step, most } = design;
    Text::from(format!(
        "Seeds came look by look, as planned: {first}, then {step} more at a time, {most} at most. A comparison with a verdict \
         is looked at no more, and its runs are not trained. A look spends the share w = seeds it adds/{most} of the level: \
         its p-values are divided by w before they are adjusted, so that all looks together have a false verdict in 5 % of \
         studies at most, whatever ties them (Bonferroni; Maurer & Bretz 2013). Intervals are repeated ones, of the level \
         1 − 0.05·w of their look: they hold at all looks together with 95 % (Jennison & Turnbull 1989)."
    ))
}
