//! Recovery against the strength of the shift.

use untied_study::{NormStatistics, ShiftPattern};

use crate::chart::{Axis, Mark, Sheet};
use crate::document::{Figure, Text};
use crate::results::selection::{PANELS, remark};
use crate::statistics::ratio::Ratio;
use crate::topics::recovery::method::{compared, unadapted};
use crate::topics::recovery::panels::{Panels, Points};
use crate::topics::recovery::shares::{Method, Recovery, Setting};

/// Lines for the methods of adapting, with the most images; None where no shift cost enough.
pub(crate) fn plot(recovery: &Recovery<'_, '_>) -> Option<Figure> {
    let methods = compared(recovery.most_images);
    let strengths = recovery.shifts().map(|(_, shift)| shift.strength).collect();
    let title = "Recovery against the strength of the shift";
    let alt = "Line plots: the share of the lost accuracy that an adapted first bias recovers, by the strength of the \
               shift; a column a pattern, a row a setting, a line a method of adapting. The table of recovery has the numbers.";
    let panels = Panels {
        sheet: Sheet { name: "recovery", title, alt },
        x: Axis::log(strengths, |strength| strength.to_string()),
        x_title: "strength",
        legend: &Method::name,
        points: &|setting, pattern| points(setting, pattern, &methods),
    };
    let svg = panels.svg(recovery)?;
    let caption = Text::default().strong(format!("{title}. ")).plain(
        "Recovered share of the lost accuracy: 0 % is the model as it was trained, 100 % its accuracy on clean images. \
         Bands are 95 % intervals over seeds. A strength that cost less than 5 points of accuracy has no \
         point; what lies beyond the axis is drawn on its edge.",
    );
    let caption =
        caption.plain(remark(recovery.settings.len().min(PANELS), recovery.settings.len(), "settings", "the first"));
    Some(Figure { file: "recovery.svg", svg, alt: alt.into(), caption })
}

/// The points of every method; of estimating statistics again too, which alone recovers something.
fn points(setting: &Setting<'_>, pattern: ShiftPattern, methods: &[Method]) -> Vec<Points> {
    let alone = (setting.statistics == NormStatistics::Reestimated).then(unadapted);
    let shifts = || setting.shifts.iter().filter(move |shift| shift.pattern == pattern);
    let of = |method: Method| {
        let found =
            shifts().filter_map(|shift| Some((shift.strength, shift.adapted(&method.bias, method.fit)?.accuracy)));
        let mark =
            |(strength, share): (f64, Ratio)| Mark { x: strength.log10(), y: share.value, interval: share.interval };
        (method.clone(), found.filter(|(strength, _)| *strength > 0.0).map(mark).collect())
    };
    alone.into_iter().chain(methods.iter().cloned()).map(of).collect()
}
