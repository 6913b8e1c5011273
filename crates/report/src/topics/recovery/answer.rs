//! A sentence a pattern on what adapted first biases recover.

use untied_study::{Adapting, ShiftPattern};

use crate::document::names::capitalised;
use crate::document::number::{count, percent, share_interval};
use crate::document::{Block, Text};
use crate::statistics::ratio::Ratio;
use crate::topics::recovery::method::{fits, recovered};
use crate::topics::recovery::shares::{BEST, Fit, Recovery, Shift};

/// Nothing where no model met shifted images.
pub(crate) fn blocks(recovery: &Recovery<'_, '_>) -> Vec<Block> {
    if recovery.settings.is_empty() {
        return Vec::new();
    }
    let introduction = "Accuracy recovered by adapting nothing but the first bias to the strongest shift of the images, with 95 % \
                        intervals over seeds; more or less where the interval of the difference excludes zero, which is not \
                        adjusted for the number of differences.";
    let items = recovery.patterns.iter().map(|pattern| sentence(recovery, *pattern)).collect();
    vec![Block::Paragraph(introduction.into()), Block::List(items)]
}

fn sentence(recovery: &Recovery<'_, '_>, pattern: ShiftPattern) -> Text {
    let all =
        recovery.settings.iter().filter(|setting| setting.shifts.iter().any(|shift| shift.pattern == pattern)).count();
    let shifts: Vec<&Shift> = recovery.settings.iter().filter_map(|setting| setting.strongest(pattern)).collect();
    let text = Text::default().strong(format!("{} shift", capitalised(&pattern.to_string())));
    if shifts.is_empty() {
        return text.plain(": less than 5 points lost at every strength, so that there is no share to speak of.");
    }
    let [exact, mean, tuned] = fits(recovery.most_images).map(|fit| clause(&shifts, fit));
    let clauses: Vec<[String; 2]> = [exact, best(&shifts), tuned.or(mean)].into_iter().flatten().collect();
    let text = text.plain(circumstances(&shifts, all));
    let separators = std::iter::once(". ").chain(std::iter::repeat("; "));
    let text = clauses.iter().zip(separators).fold(text, |text, ([name, shares], separator)| {
        let name = if separator == ". " { capitalised(name) } else { name.clone() };
        text.plain(separator).strong(name).plain(shares.as_str())
    });
    text.plain(".")
}

/// ` of strength 2 (23.4 points lost)`, ` of strength 1 to 2 (6.1 to 23.4 points lost, 4 settings)`
fn circumstances(shifts: &[&Shift], all: usize) -> String {
    let strengths = range(shifts.iter().map(|shift| shift.strength), &|strength| strength.to_string());
    let lost = range(shifts.iter().map(|shift| shift.lost * 100.0), &|points| format!("{points:.1}"));
    let where_ = match (shifts.len(), all) {
        (_, 1) => String::new(),
        (some, all) if some == all => format!(", {all} settings"),
        (some, all) => format!(", {some} of {all} settings; less than 5 points in the others"),
    };
    format!(" of strength {strengths} ({lost} points lost{where_})")
}

/// `exactly` and ` untied 100 % [100, 100], tied 12 % [5, 20] (untied more)`
fn clause(shifts: &[&Shift], fit: Fit) -> Option<[String; 2]> {
    let of = |bias: &str| {
        let found = shifts.iter().filter_map(|shift| Some(shift.adapted(bias, fit)?.accuracy));
        shares(&found.collect::<Vec<_>>())
    };
    let (untied, tied) = (of("untied")?, of("tied")?);
    let advantages: Vec<Ratio> = shifts.iter().filter_map(|shift| shift.advantage(fit)).collect();
    let name = match fit {
        (Adapting::MeanImages, images) => format!("mean of {} images", count(images?)),
        (Adapting::FineTuned, images) => format!("fine-tuned on {}", count(images?)),
        _ => "exactly".into(),
    };
    let conclusion = conclusion(&advantages).map_or_else(String::new, |conclusion| format!(" ({conclusion})"));
    Some([name, format!(" untied {untied}, tied {tied}{conclusion}")])
}

/// `tied, at its best on the test images` and ` 35 % [30, 40] (exact against it: untied more)`.
fn best(shifts: &[&Shift]) -> Option<[String; 2]> {
    let found = shifts.iter().filter_map(|shift| Some(shift.adapted("tied", BEST)?.accuracy));
    let tied = shares(&found.collect::<Vec<_>>())?;
    let over: Vec<Ratio> = shifts.iter().filter_map(|shift| shift.over_best).collect();
    let conclusion =
        conclusion(&over).map_or_else(String::new, |conclusion| format!(" (exact against it: {conclusion})"));
    Some(["tied, at its best on the test images".into(), format!(" {tied}{conclusion}")])
}

/// `98 % [96, 101]`; of several settings the smallest and the largest, with the outermost ends of their intervals.
fn shares(ratios: &[Ratio]) -> Option<String> {
    let first = ratios.first()?;
    if ratios.len() == 1 {
        return Some(recovered(*first));
    }
    let values = range(ratios.iter().map(|ratio| ratio.value), &percent);
    let intervals: Option<Vec<[f64; 2]>> = ratios.iter().map(|ratio| ratio.interval).collect();
    let outermost = intervals.map_or_else(String::new, |intervals| {
        let low = intervals.iter().map(|[low, _]| *low).fold(f64::INFINITY, f64::min);
        let high = intervals.iter().map(|[_, high]| *high).fold(f64::NEG_INFINITY, f64::max);
        format!(" {}", share_interval([low, high]))
    });
    Some(values + &outermost)
}

/// Conclusion from the intervals of untied less tied; None without any.
fn conclusion(advantages: &[Ratio]) -> Option<String> {
    let intervals: Vec<[f64; 2]> = advantages.iter().filter_map(|ratio| ratio.interval).collect();
    let more = intervals.iter().filter(|[low, _]| *low > 0.0).count();
    let less = intervals.iter().filter(|[_, high]| *high < 0.0).count();
    match (intervals.len(), more, less) {
        (0, ..) => None,
        (1, 1, _) => Some("untied more".into()),
        (1, _, 1) => Some("untied less".into()),
        (_, 0, 0) => Some("no difference shown".into()),
        (all, more, 0) => Some(format!("untied more in {more} of {all}")),
        (all, 0, less) => Some(format!("untied less in {less} of {all}")),
        (all, ..) => Some(format!("untied more in {more}, less in {less} of {all}")),
    }
}

/// `3`, `3 to 7`, written alike once.
fn range(values: impl Iterator<Item = f64> + Clone, write: &dyn Fn(f64) -> String) -> String {
    let low = write(values.clone().fold(f64::INFINITY, f64::min));
    let high = write(values.fold(f64::NEG_INFINITY, f64::max));
    if low == high { low } else { format!("{low} to {high}") }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn ratio(value: f64, low: f64, high: f64) -> Ratio {
        Ratio { value, interval: Some([low, high]) }
    }

    #[test]
    fn conclusions_go_no_further_than_the_intervals() {
        let [more, less, neither] = [ratio(0.5, 0.1, 0.9), ratio(-0.5, -0.9, -0.1), ratio(0.5, 0.0, 0.9)];
        let says = |ratios: &[Ratio]| conclusion(ratios).unwrap_or_default();
        assert_eq!(says(&[more]), "untied more");
        assert_eq!(says(&[less]), "untied less");
        assert_eq!(says(&[neither]), "no difference shown");
        assert_eq!(says(&[more, neither]), "untied more in 1 of 2");
        assert_eq!(says(&[more, less, neither]), "untied more in 1, less in 1 of 3");
        assert_eq!(says(&[Ratio { value: 1.0, interval: None }]), "");
    }

    proptest! {
        /// "More" and "less" count intervals that exclude zero, and no others.
        #[test]
        fn no_more_is_concluded_than_the_intervals_allow(ends in prop::collection::vec((-1.0..1.0f64, 0.0..1.0f64), 1..8)) {
            let ratios: Vec<Ratio> = ends.iter().map(|&(low, width)| ratio(low, low, low + width)).collect();
            let (more, less) = ends.iter().fold((0, 0), |(more, less), &(low, width)| {
                (more + usize::from(low > 0.0), less + usize::from(low + width < 0.0))
            });
            let said = conclusion(&ratios).unwrap();
            prop_assert_eq!(said.contains("more"), more > 0, "{}", &said);
            prop_assert_eq!(said.contains("less"), less > 0, "{}", &said);
            for (word, count) in [("more in ", more), ("less in ", less)] {
                let counted = said.split(word).nth(1).map(|rest| rest.starts_with(&format!("{count}")));
                prop_assert!(counted != Some(false), "{}", &said);
            }
        }
    }

    #[test]
    fn several_settings_share_the_outermost_ends() {
        let ratios = [ratio(0.983, 0.96, 1.01), ratio(0.12, -0.05, 0.2)];
        assert_eq!(shares(&ratios[..1]).as_deref(), Some("98\u{a0}% [96, 101]"));
        assert_eq!(shares(&ratios).as_deref(), Some("12\u{a0}% to 98\u{a0}% [−5, 101]"));
    }
}
