//! The second part: what a norm leaves of a bias on a small feature map.

use maud::{Markup, html};

use super::controls::{Slider, choice, slider};

/// The rows of maps: the script's name, the title and what it is.
const ROWS: [(&str, &str, &str); 7] = [
    ("input", "before the bias", "a: the convolution's output for the chosen image"),
    ("bias", "bias", "b: the same for every image"),
    ("removed", "taken away of it", "its mean over each set, which the norm subtracts with everything else"),
    ("left", "left of it", "what remains of b"),
    ("without", "output without bias", "the norm of a"),
    ("with", "output with bias", "the norm of a + b"),
    ("change", "what the bias changes", "the second minus the first"),
];

pub(crate) fn section() -> Markup {
    let biases = [("none", "none"), ("tied", "tied: one number a channel"), ("untied", "untied: one a location")];
    let norms = [
        ("none", "none"),
        ("batch", "batch: each channel, over all images"),
        ("batch_per_activation", "batch, at each location by itself"),
        ("instance", "instance: each channel of each image"),
        ("group", "group: two channels of each image"),
        ("layer", "layer: all channels of each image"),
        ("rms", "RMS: as layer norm, but no mean subtracted"),
    ];
    let patterns = [("slope", "a slope"), ("spot", "a spot"), ("border", "a border"), ("chessboard", "a chessboard")];
    let images = [("0", "a one"), ("1", "a seven"), ("2", "a plus")];
    html! {
        section #feature-map aria-labelledby="feature-map-title" {
            h2 #feature-map-title { "2. What survives of a bias" }
            p {
                "Now real maps: four filters make four channels of 6×6 locations of each of three small pictures. The norm is computed "
                "twice, without the bias and with it. What differs is what the bias still does. (γ is 1 and β is 0 here.)"
            }
            p {
                "Norms differ in whose mean they subtract: each has its own sets of images, channels and locations, and each set a mean of "
                "its own. Of a bias, " strong { "a norm takes away exactly the mean over each set" } ". What differs inside a set stays. "
                "How many numbers of a bias one can choose freely are its " em { "dimensions" } "; those along which nothing changes are redundant."
            }
            div.controls role="group" aria-label="Bias and norm" {
                (choice("map-bias", "bias", &biases, "tied"))
                (choice("map-pattern", "its pattern", &patterns, "slope"))
                (slider(&Slider { id: "map-strength", label: "its strength", from: "0", to: "3", step: "0.1", value: "1" }))
                (choice("map-norm", "norm", &norms, "batch"))
                (choice("map-image", "image", &images, "0"))
            }
            p #map-status .finding role="status" {}
            figure.live {
                div.scroll tabindex="0" role="region" aria-label="Feature maps" {
                    table.maps {
                        thead { tr {
                            td {}
                            @for channel in 1..=crate::feature_map::CHANNELS { th scope="col" { "channel " (channel) } }
                        } }
                        tbody {
                            @for (key, title, words) in ROWS {
                                tr data-map=(key) { th scope="row" { (title) span.words { (words) } } }
                            }
                        }
                    }
                }
                figcaption {
                    span.key.positive { "above zero" } " " span.key.negative { "below zero" }
                    " The stronger the colour, the further from zero. The three rows of the bias share one scale, and so do the three of the output; below a map "
                    "stand its lowest and its highest value."
                }
            }
            h3 { "The same in numbers" }
            div.scroll tabindex="0" role="region" aria-label="Numbers of the feature maps" {
                table.numbers {
                    thead { tr {
                        th scope="col" { span.hidden { "quantity" } }
                        @for channel in 1..=crate::feature_map::CHANNELS { th scope="col" { "channel " (channel) } }
                    } }
                    tbody {
                        tr data-key="map-bias-mean" { th scope="row" { "mean of the bias" } }
                        tr data-key="map-removed-mean" { th scope="row" { "mean of what is taken away" } }
                        tr data-key="map-left" { th scope="row" { "left of the bias (root mean square)" } }
                        tr data-key="map-change" { th scope="row" { "largest change of the output, all images" } }
                    }
                }
            }
            p.hint {
                "Things to try: a tied bias with batch, group and layer norm, one after the other. An untied one before batch norm, then before "
                "batch norm at each location by itself. RMS norm, which subtracts nothing, with anything."
            }
        }
    }
}
