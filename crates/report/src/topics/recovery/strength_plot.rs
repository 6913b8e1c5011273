//! Recovery against the strength of the shift.

use untied_study::{NormStatistics, ShiftPattern};

use crate::chart::panel::{Axis, Mark};
use crate::document::{Figure, Text};
use crate::results::View;
use crate::results::selection::{PANELS, remark};
use crate::topics::recovery::grid::{Course, RecoveryGrid};
use crate::topics::recovery::method::{compared, unadapted};
use crate::topics::recovery::{Setting, Way, most_images};
use crate::topics::verdicts::sentence::trimmed;

/// Lines for the ways of adapting, with the most images; None where no shift cost enough.
pub(crate) fn plot(view: &View<'_>) -> Option<Figure> {
    let ways = compared(most_images(&view.settings));
    let strengths = view.settings.iter().flat_map(|setting| &setting.shifts).map(|shift| shift.strength).collect();
    let title = "Recovery against the strength of the shift";
    let alt = "Line plots: the share of the lost accuracy that an adapted first bias recovers, by the strength of the \
               shift; a column a pattern, a row a setting, a line a way of adapting. The table of recovery has the numbers.";
    let grid = RecoveryGrid {
        name: "recovery",
        title: title.into(),
        alt: alt.into(),
        x: Axis::log(strengths, trimmed),
        x_title: "strength",
        legend: &Way::name,
        courses: &|setting, pattern| courses(setting, pattern, &ways),
    };
    let svg = grid.draw(view)?;
    let caption = Text::default().strong(format!("{title}. ")).plain(
        "Recovered share of the lost accuracy: 0 % is the model as it was trained, 100 % its accuracy on clean images. \
         Bands are 95 % bootstrap intervals over seeds and draws. A strength that cost less than 5 points of accuracy has no \
         point; what lies beyond the axis is drawn on its edge.",
    );
    let caption = caption.plain(remark(view.settings.len().min(PANELS), view.settings.len(), "settings", "the first"));
    Some(Figure { file: "recovery.svg", svg, alt: alt.into(), caption })
}

/// Where statistics are estimated again, that alone recovers something: it has a line too.
fn courses(setting: &Setting<'_>, pattern: ShiftPattern, ways: &[Way]) -> Vec<Course> {
    let alone = (setting.statistics == NormStatistics::Reestimated).then(unadapted);
    let shifts = || setting.shifts.iter().filter(move |shift| shift.pattern == pattern);
    let course = |way: Way| {
        let found = shifts().filter_map(|shift| Some((shift.strength, shift.adapted(&way.bias, way.method)?.accuracy)));
        let mark = |(strength, share): (f64, crate::statistics::bootstrap::Ratio)| Mark {
            x: strength.log10(),
            y: share.value,
            interval: share.interval,
        };
        Course { marks: found.filter(|(strength, _)| *strength > 0.0).map(mark).collect(), way }
    };
    alone.into_iter().chain(ways.iter().cloned()).map(course).collect()
}
