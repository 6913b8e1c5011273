//! Reasons not to take verdicts for more than they are, said before them.

use untied_study::{Caveat, Comparison, Status, Verdict};

use crate::document::number::{percent, plural, signed};
use crate::document::{Block, Text};
use crate::results::View;
use crate::results::selection::named;
use crate::statistics::failure::excluded_rate;

/// The caveats of all comparisons, each in a sentence or two; nothing where there are none.
pub(crate) fn notices(view: &View<'_>) -> Vec<Block> {
    let all = &view.results.comparisons;
    let with = |caveat: Caveat| all.iter().filter(|one| one.caveats.contains(&caveat)).collect::<Vec<&Comparison>>();
    let share = |some: &[&Comparison]| format!("In {} of {}", some.len(), plural(all.len(), "comparison"));
    let notice = |caveat: Caveat, title: &str, text: &str, name: &dyn Fn(&&Comparison) -> String| {
        let some = with(caveat);
        let (names, more) = named(&some, name)?;
        let more = if more == 0 { String::new() } else { format!("; and {more} more") };
        let text = format!(" {} {text}: {names}{more}.", share(&some));
        Some(Block::Notice(Text::default().strong(title).plain(text)))
    };
    let name = |one: &&Comparison| label(view, one);
    let with_seed = |one: &&Comparison| format!("{}, {}", label(view, one), extreme(one).unwrap_or_default());
    let notices = [
        notice(Caveat::Chance, "No better than chance.", CHANCE, &name),
        notice(Caveat::Ceiling, "No room.", CEILING, &name),
        notice(Caveat::OneSeed, "One seed decides.", ONE_SEED, &with_seed),
        far(view, &with(Caveat::Collapse)),
        chance_is_not_known(view),
    ];
    notices.into_iter().flatten().chain(failures(all)).collect()
}

const CHANCE: &str = "neither side beats always answering the largest class (exact binomial test, p > 0.05), so that nothing \
                      learned is compared";
const CEILING: &str = "both accuracies are so close to 1 that no difference of the margin could show";
const ONE_SEED: &str = "the verdict would be another without one of the seeds, which lies apart from the others, given as many \
                        like those";

/// Of results of older versions, which do not tell the caveat [`Caveat::Chance`] from its absence.
fn chance_is_not_known(view: &View<'_>) -> Option<Block> {
    let mut finished = view.results.cells.iter().filter(|cell| cell.status == Status::Finished);
    if view.results.comparisons.is_empty() || finished.all(|cell| cell.largest_class.is_some()) {
        return None;
    }
    let text = " Older versions did not record the largest class's share of the test images. Without it no side is tested against \
                always answering that class, which may be right more often than one in the number of classes.";
    Some(Block::Paragraph(Text::default().strong("Chance is not known.").plain(text)))
}

/// A seed far from all others: the rare failure, or rare success, that was seen.
fn far(view: &View<'_>, collapsed: &[&Comparison]) -> Option<Block> {
    let far: Vec<&Comparison> = collapsed.iter().copied().filter(|one| one.verdict != Verdict::Equivalent).collect();
    let name = |one: &&Comparison| format!("{}, {}", label(view, one), extreme(one).unwrap_or_default());
    let (names, more) = named(&far, name)?;
    let more = if more == 0 { String::new() } else { format!("; and {more} more") };
    let text = format!(" No interval of so few seeds says how often that happens: {names}{more}.");
    Some(Block::Notice(Text::default().strong("A seed lies far from all others.").plain(text)))
}

/// The failure rate that equivalences leave open.
fn failures(all: &[Comparison]) -> Option<Block> {
    let open = all.iter().filter(|one| one.verdict == Verdict::Equivalent && one.caveats.contains(&Caveat::Collapse));
    let fewest = open.map(|one| one.seeds).min()?;
    let rate = percent(excluded_rate(fewest));
    let text = format!(
        " holds for the seeds seen. Runs that fail rarely may not be among them: {} without a failure exclude, with 95 % \
         certainty, no failure rate below {rate}.",
        plural(fewest, "seed")
    );
    Some(Block::Paragraph(Text::default().strong("Equivalent").plain(text)))
}

/// `norm batch: bias tied vs none`
fn label(view: &View<'_>, one: &Comparison) -> String {
    let versus = view.labels.versus(&one.treatment, &one.baseline);
    match view.labels.of(&one.context) {
        context if context.is_empty() => versus,
        context => format!("{context}: {versus}"),
    }
}

/// `seed 3 (−0.4670, the others −0.0061)`
pub(crate) fn extreme(one: &Comparison) -> Option<String> {
    let extreme = one.extreme_seed?;
    let (difference, others) = (signed(extreme.difference), signed(extreme.others));
    Some(format!("seed {} ({difference}, the others {others})", extreme.seed))
}

/// The caveats of one comparison behind its verdict.
pub(crate) fn remarks(one: &Comparison) -> Vec<String> {
    let sentence = |caveat: &Caveat| match caveat {
        Caveat::Chance => Some("Neither side beats always answering the largest class.".into()),
        Caveat::Ceiling => Some("No difference of the margin could show so close to 1.".into()),
        Caveat::OneSeed => Some(format!("The verdict hangs on {}.", extreme(one)?)),
        Caveat::Collapse if one.verdict == Verdict::Equivalent => {
            Some(format!("Failure rates below {} are not excluded.", percent(excluded_rate(one.seeds))))
        }
        Caveat::Collapse => Some(format!("Far from all others lies {}.", extreme(one)?)),
        Caveat::Looks => Some("A verdict was drawn before, from fewer of these runs or by another plan.".into()),
    };
    one.caveats.iter().filter_map(sentence).collect()
}
