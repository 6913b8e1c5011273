//! Recovery against the number of images that the bias was adapted on.

use untied_study::{Adapting, ShiftPattern};

use crate::chart::{Axis, Mark, Sheet};
use crate::document::names::clean;
use crate::document::number::count;
use crate::document::{Figure, Text};
use crate::statistics::ratio::Ratio;
use crate::topics::recovery::panels::{Panels, Points};
use crate::topics::recovery::shares::{Method, Recovery, Setting};

/// At the strongest shift that cost enough, in each panel; None where fewer than two numbers of images were tried.
pub(crate) fn plot(recovery: &Recovery<'_, '_>) -> Option<Figure> {
    let adapted = recovery.shifts().flat_map(|(_, shift)| &shift.adapted);
    let x = Axis::log(adapted.filter_map(|one| one.method.fit.1).map(|images| images as f64).collect(), |images| {
        count(images.round() as usize)
    });
    if x.ticks.len() < 2 {
        return None;
    }
    let title = "Recovery against the number of images";
    let alt = "Line plots: the share of the lost accuracy that an adapted first bias recovers at the strongest shift, by \
               the number of images it was adapted on; a column a pattern, a row a setting, a line a method of adapting. \
               The table of all methods has the numbers.";
    let panels = Panels {
        sheet: Sheet { name: "images", title, alt },
        x,
        x_title: "images",
        legend: &without_number,
        points: &points,
    };
    let svg = panels.svg(recovery)?;
    let caption = Text::default().strong(format!("{title}. ")).plain(
        "Each panel at the strongest shift that cost at least 5 points of accuracy. Bands are 95 % intervals over seeds; what lies beyond the axis is drawn on its edge.",
    );
    Some(Figure { file: "images.svg", svg, alt: alt.into(), caption })
}

fn without_number(method: &Method) -> String {
    let fit = if method.fit.0 == Adapting::MeanImages { "mean images" } else { "fine-tuned" };
    format!("{}, {fit}", clean(&method.bias))
}

fn points(setting: &Setting<'_>, pattern: ShiftPattern) -> Vec<Points> {
    let Some(shift) = setting.strongest(pattern) else { return Vec::new() };
    let mark =
        |images: usize, share: Ratio| Mark { x: (images as f64).log10(), y: share.value, interval: share.interval };
    let mut all = Vec::new();
    for adapting in [Adapting::MeanImages, Adapting::FineTuned] {
        for bias in ["tied", "untied"] {
            let these = shift.adapted.iter().filter(|one| one.method.bias == bias && one.method.fit.0 == adapting);
            let found = these.filter_map(|one| Some(mark(one.method.fit.1.filter(|n| *n > 0)?, one.accuracy)));
            let mut marks: Vec<Mark> = found.collect();
            marks.sort_by(|a, b| a.x.total_cmp(&b.x));
            all.push((Method { bias: bias.into(), fit: (adapting, None) }, marks));
        }
    }
    all
}
