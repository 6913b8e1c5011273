//! Recovery against the number of images that the bias was adapted on.

use untied_study::{Adapting, ShiftPattern};

use crate::chart::panel::{Axis, Mark};
use crate::document::number::count;
use crate::document::{Figure, Text};
use crate::results::View;
use crate::statistics::bootstrap::Ratio;
use crate::topics::recovery::grid::{Course, RecoveryGrid};
use crate::topics::recovery::{Setting, Way};

/// At the strongest shift that cost enough, in each panel; None where fewer than two numbers of images were tried.
pub(crate) fn plot(view: &View<'_>) -> Option<Figure> {
    let adapted = view.settings.iter().flat_map(|setting| &setting.shifts).flat_map(|shift| &shift.adapted);
    let x = Axis::log(adapted.filter_map(|one| one.way.method.1).map(|images| images as f64).collect(), |images| {
        count(images.round() as usize)
    });
    if x.ticks.len() < 2 {
        return None;
    }
    let title = "Recovery against the number of images";
    let alt = "Line plots: the share of the lost accuracy that an adapted first bias recovers at the strongest shift, by \
               the number of images it was adapted on; a column a pattern, a row a setting, a line a way of adapting. The \
               table of all ways has the numbers.";
    let grid = RecoveryGrid {
        name: "images",
        title: title.into(),
        alt: alt.into(),
        x,
        x_title: "images",
        legend: &without_number,
        courses: &courses,
    };
    let svg = grid.draw(view)?;
    let caption = Text::default().strong(format!("{title}. ")).plain(
        "Each panel at the strongest shift that cost at least 5 points of accuracy. Bands are 95 % bootstrap intervals over \
         seeds and draws; what lies beyond the axis is drawn on its edge.",
    );
    Some(Figure { file: "images.svg", svg, alt: alt.into(), caption })
}

fn without_number(way: &Way) -> String {
    let method = if way.method.0 == Adapting::MeanImages { "mean images" } else { "fine-tuned" };
    format!("{}, {method}", crate::document::names::clean(&way.bias))
}

fn courses(setting: &Setting<'_>, pattern: ShiftPattern) -> Vec<Course> {
    let Some(shift) = setting.strongest(pattern) else { return Vec::new() };
    let mark =
        |images: usize, share: Ratio| Mark { x: (images as f64).log10(), y: share.value, interval: share.interval };
    let mut courses = Vec::new();
    for adapting in [Adapting::MeanImages, Adapting::FineTuned] {
        for bias in ["tied", "untied"] {
            let these = shift.adapted.iter().filter(|one| one.way.bias == bias && one.way.method.0 == adapting);
            let found = these.filter_map(|one| Some(mark(one.way.method.1.filter(|n| *n > 0)?, one.accuracy)));
            let mut marks: Vec<Mark> = found.collect();
            marks.sort_by(|a, b| a.x.total_cmp(&b.x));
            courses.push(Course { way: Way { bias: bias.into(), method: (adapting, None) }, marks });
        }
    }
    courses
}
