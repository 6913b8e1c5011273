//! The methods of adapting a first bias, in words and strokes.

use untied_study::Adapting;

use crate::chart::{Colour, Stroke, Symbol};
use crate::document::names::clean;
use crate::document::number::{count, percent, share_interval};
use crate::statistics::ratio::Ratio;
use crate::topics::recovery::shares::{BEST, Fit, Method};

/// The fits that tables and plots compare, each with the most images.
pub(crate) fn fits(most_images: Option<usize>) -> [Fit; 3] {
    [(Adapting::Exact, None), (Adapting::MeanImages, most_images), (Adapting::FineTuned, most_images)]
}

/// Both biases, adapted by each of the fits, and the best tied one.
pub(crate) fn compared(most_images: Option<usize>) -> Vec<Method> {
    let method = |fit, bias: &str| Method { bias: bias.into(), fit };
    let both = fits(most_images).into_iter().flat_map(|fit| ["tied", "untied"].map(|bias| method(fit, bias)));
    both.chain([method(BEST, "tied")]).collect()
}

/// The bias as it was trained: nothing recovers but what other statistics bring.
pub(crate) fn unadapted() -> Method {
    Method { bias: "tied".into(), fit: (Adapting::Nothing, None) }
}

/// No first bias at all.
pub(crate) fn removed() -> Method {
    Method { bias: "none".into(), fit: (Adapting::Nothing, None) }
}

/// `98 % [96, 101]`
pub(crate) fn recovered(ratio: Ratio) -> String {
    match ratio.interval {
        Some(ends) => format!("{} {}", percent(ratio.value), share_interval(ends)),
        None => percent(ratio.value),
    }
}

impl Method {
    /// `untied, exact`, `tied, fine-tuned on 1000 images`.
    pub(crate) fn name(&self) -> String {
        let bias = clean(&self.bias);
        let images = self.fit.1.map_or_else(String::new, count);
        match self.fit.0 {
            Adapting::Nothing if self.bias == "none" => "bias removed".into(),
            Adapting::Nothing => "bias not adapted".into(),
            Adapting::Exact => format!("{bias}, exact"),
            Adapting::MeanImages => format!("{bias}, mean of {images} images"),
            Adapting::FineTuned => format!("{bias}, fine-tuned on {images} images"),
            Adapting::Best => format!("{bias}, best on the test images"),
        }
    }

    /// The bias gives the colour, the fit the dashes.
    pub(crate) fn stroke(&self) -> Stroke {
        let (width, dashes) = match self.fit.0 {
            Adapting::Exact => (3.5, None),
            Adapting::MeanImages => (2.25, Some([9.0, 5.0])),
            Adapting::FineTuned | Adapting::Nothing => (2.25, Some([2.5, 4.0])),
            Adapting::Best => (1.5, None),
        };
        let colour = match (self.bias.as_str(), self.fit.0) {
            (_, Adapting::Nothing) => Colour::Muted,
            ("untied", _) => Colour::Blue,
            _ => Colour::Vermillion,
        };
        Stroke::new(colour, width, dashes)
    }

    /// A diamond for an untied bias, a dot for others.
    pub(crate) fn symbol(&self) -> Symbol {
        if self.bias == "untied" { Symbol::Diamond } else { Symbol::Dot }
    }
}
