//! The ways of adapting a first bias, in words and strokes.

use untied_study::{Adapting, NormStatistics};

use crate::chart::canvas::{Area, Drawn, Point, diamond, dot, polygon};
use crate::chart::legend::Stroke;
use crate::chart::palette::{BLUE, MUTED, VERMILLION};
use crate::document::names::clean;
use crate::document::number::count;
use crate::topics::recovery::{Method, Way};

/// The methods that tables and plots compare, each with the most images.
pub(crate) fn methods(most_images: Option<usize>) -> [Method; 3] {
    [(Adapting::Exact, None), (Adapting::MeanImages, most_images), (Adapting::FineTuned, most_images)]
}

/// Both biases, adapted by each of the methods.
pub(crate) fn compared(most_images: Option<usize>) -> Vec<Way> {
    let way = |method, bias: &str| Way { bias: bias.into(), method };
    methods(most_images).into_iter().flat_map(|method| ["tied", "untied"].map(|bias| way(method, bias))).collect()
}

/// The bias as it was trained: nothing recovers but what other statistics bring.
pub(crate) fn unadapted() -> Way {
    Way { bias: "tied".into(), method: (Adapting::Nothing, None) }
}

/// No first bias at all.
pub(crate) fn removed() -> Way {
    Way { bias: "none".into(), method: (Adapting::Nothing, None) }
}

/// `trained` and `re-estimated` as the settings of a plot or a table are called.
pub(crate) fn statistics_name(statistics: NormStatistics) -> &'static str {
    match statistics {
        NormStatistics::Trained => "trained statistics",
        NormStatistics::Reestimated => "re-estimated statistics",
    }
}

impl Way {
    /// `untied, exact`, `tied, fine-tuned on 1000 images`.
    pub(crate) fn name(&self) -> String {
        let bias = clean(&self.bias);
        let images = self.method.1.map_or_else(String::new, count);
        match self.method.0 {
            Adapting::Nothing if self.bias == "none" => "bias removed".into(),
            Adapting::Nothing => "bias not adapted".into(),
            Adapting::Exact => format!("{bias}, exact"),
            Adapting::MeanImages => format!("{bias}, mean of {images} images"),
            Adapting::FineTuned => format!("{bias}, fine-tuned on {images} images"),
        }
    }

    /// The bias gives the colour, the method the dashes.
    pub(crate) fn stroke(&self) -> Stroke {
        let (width, dashes) = match self.method.0 {
            Adapting::Exact => (3.5, None),
            Adapting::MeanImages => (2.25, Some([9.0, 5.0])),
            Adapting::FineTuned | Adapting::Nothing => (2.25, Some([2.5, 4.0])),
        };
        let colour = match (self.bias.as_str(), self.method.0) {
            (_, Adapting::Nothing) => MUTED,
            ("untied", _) => BLUE,
            _ => VERMILLION,
        };
        Stroke::new(colour, width, dashes)
    }

    /// A diamond for an untied bias, a dot for others.
    pub(crate) fn mark(&self, area: &Area<'_>, at: Point) -> Drawn {
        let colour = self.stroke().colour;
        if self.bias == "untied" {
            polygon(area, &diamond(at, 5.0), colour, 1.0)
        } else {
            dot(area, at, 3.5, colour, 1.0)
        }
    }
}
