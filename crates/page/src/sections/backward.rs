//! The first part: the backward pass of batch norm, one derivative after the other.

use maud::{Markup, PreEscaped, html};

use super::controls::{Slider, choice, slider};

/// A step of the derivation.
struct Step {
    title: &'static str,
    /// HTML.
    equation: &'static str,
    words: &'static str,
    /// The script's name and the label (HTML) of each number or row of numbers.
    rows: &'static [(&'static str, &'static str)],
}

const FORWARD: [Step; 4] = [
    Step {
        title: "The mean",
        equation: "μ = 1/m Σ<sub>i</sub> x<sub>i</sub>",
        words: "Add up the m numbers, divide by m.",
        rows: &[("mean", "μ")],
    },
    Step {
        title: "The variance",
        equation: "σ² = 1/m Σ<sub>i</sub> (x<sub>i</sub> − μ)²",
        words: "How far the numbers lie from their mean: squared, and averaged. Its root is the standard deviation.",
        rows: &[("centred", "x<sub>i</sub> − μ"), ("variance", "σ²")],
    },
    Step {
        title: "Normalize",
        equation: "x̂<sub>i</sub> = (x<sub>i</sub> − μ) / √(σ² + ε)",
        words: "Now the mean is 0 and the variance (nearly) 1. The small ε keeps the division safe where all numbers are equal.",
        rows: &[("inverse", "(σ² + ε)<sup>−1/2</sup>"), ("xHat", "x̂<sub>i</sub>")],
    },
    Step {
        title: "Scale and shift",
        equation: "u<sub>i</sub> = γ x̂<sub>i</sub> + β",
        words: "γ and β are parameters of the layer. The rest of the network makes one number of all u, the loss J.",
        rows: &[("u", "u<sub>i</sub>")],
    },
];

const BACKWARD: [Step; 8] = [
    Step {
        title: "From u to x̂",
        equation: "∂J/∂x̂<sub>i</sub> = γ · ∂J/∂u<sub>i</sub>",
        words: "The rest of the network tells ∂J/∂u: how fast the loss grows with each u. You choose these numbers above.",
        rows: &[("dU", "∂J/∂u<sub>i</sub>"), ("dXHat", "∂J/∂x̂<sub>i</sub>")],
    },
    Step {
        title: "First way: straight through x̂",
        equation: "∂x̂<sub>i</sub>/∂x<sub>i</sub> = (σ² + ε)<sup>−1/2</sup>, &ensp; with μ and σ² held still",
        words: "x reaches the loss by three ways: it stands in the equation of x̂ itself, in μ and in σ². By the chain rule, multiply the \
                derivatives along each way and add the ways up. This is the first.",
        rows: &[
            ("xHatByX", "∂x̂<sub>i</sub>/∂x<sub>i</sub>"),
            ("firstWay", "∂J/∂x̂<sub>i</sub> · ∂x̂<sub>i</sub>/∂x<sub>i</sub>"),
        ],
    },
    Step {
        title: "To the mean",
        equation: "∂x̂<sub>i</sub>/∂μ = −(σ² + ε)<sup>−1/2</sup>, &ensp; ∂σ²/∂μ = −2/m Σ<sub>i</sub> (x<sub>i</sub> − μ) = 0, &ensp; so \
                   ∂J/∂μ = Σ<sub>i</sub> ∂J/∂x̂<sub>i</sub> · −(σ² + ε)<sup>−1/2</sup>",
        words: "μ stands in every x̂, so all of them add up. It also stands in σ², but deviations from a mean sum to 0.",
        rows: &[("xHatByMean", "∂x̂<sub>i</sub>/∂μ"), ("varianceByMean", "∂σ²/∂μ"), ("dMean", "∂J/∂μ")],
    },
    Step {
        title: "Second way: through the mean",
        equation: "∂μ/∂x<sub>i</sub> = 1/m",
        words: "Each number moves the mean by its m-th part.",
        rows: &[("meanByX", "∂μ/∂x<sub>i</sub>"), ("secondWay", "∂J/∂μ · ∂μ/∂x<sub>i</sub>")],
    },
    Step {
        title: "To the variance",
        equation: "∂x̂<sub>i</sub>/∂σ² = −½ (σ² + ε)<sup>−3/2</sup> (x<sub>i</sub> − μ), &ensp; so \
                   ∂J/∂σ² = Σ<sub>j</sub> ∂J/∂x̂<sub>j</sub> · −½ (σ² + ε)<sup>−3/2</sup> (x<sub>j</sub> − μ)",
        words: "σ² too stands in every x̂.",
        rows: &[("xHatByVariance", "∂x̂<sub>i</sub>/∂σ²"), ("dVariance", "∂J/∂σ²")],
    },
    Step {
        title: "Third way: through the variance",
        equation: "∂σ²/∂x<sub>i</sub> = 2 (x<sub>i</sub> − μ)/m",
        words: "A number far from the mean moves the variance most.",
        rows: &[("varianceByX", "∂σ²/∂x<sub>i</sub>"), ("thirdWay", "∂J/∂σ² · ∂σ²/∂x<sub>i</sub>")],
    },
    Step {
        title: "Add the three ways up",
        equation: "∂J/∂x<sub>i</sub> = ∂J/∂x̂<sub>i</sub> · ∂x̂<sub>i</sub>/∂x<sub>i</sub> + ∂J/∂μ · ∂μ/∂x<sub>i</sub> + \
                   ∂J/∂σ² · ∂σ²/∂x<sub>i</sub>",
        words: "If μ and σ² were constants, the first way would be all there is. The other two take away from it: its mean, and a part \
                proportional to x̂.",
        rows: &[("dX", "∂J/∂x<sub>i</sub>, the three ways")],
    },
    Step {
        title: "The closed form, and a check",
        equation: "∂J/∂x<sub>i</sub> = 1/(m √(σ² + ε)) · ( m ∂J/∂x̂<sub>i</sub> − Σ<sub>j</sub> ∂J/∂x̂<sub>j</sub> − \
                   x̂<sub>i</sub> Σ<sub>j</sub> ∂J/∂x̂<sub>j</sub> x̂<sub>j</sub> )",
        words: "Put together and tidied up, this is what programs compute. Do not believe it: move each x by a tiny h up and down and look \
                how the loss changes, (J(x + h) − J(x − h)) / 2h. For J the page takes the simplest loss that has your ∂J/∂u: \
                J = Σ ∂J/∂u · u.",
        rows: &[
            ("closed", "∂J/∂x<sub>i</sub>, closed form"),
            ("numeric", "∂J/∂x<sub>i</sub>, finite differences"),
            ("closedError", "closed form − three ways"),
            ("numericError", "finite differences − closed form"),
        ],
    },
];

const BIAS: [Step; 2] = [
    Step {
        title: "Forward: it goes away with the mean",
        equation: "(x<sub>i</sub> + b) − (μ + b) = x<sub>i</sub> − μ",
        words: "Move the slider: the mean goes along, the deviations from it stay, and so does u. (Up to rounding: these numbers are kept to \
                about 16 digits.)",
        rows: &[("withBias", "x<sub>i</sub> + b"), ("uChange", "change of u<sub>i</sub> by b")],
    },
    Step {
        title: "Backward: its gradient is zero",
        equation: "∂J/∂b = Σ<sub>i</sub> ∂J/∂x<sub>i</sub> = 0",
        words: "b is added to every x, so its gradient is the sum of theirs. Sum the closed form over i: the first term gives m Σ ∂J/∂x̂, the \
                second takes m times Σ ∂J/∂x̂ away again, and the third is a multiple of Σ x̂, which is 0. So ∂J/∂b is 0 for any batch and \
                any loss: training has no reason to move b, and nothing depends on it. It is redundant.",
        rows: &[("dBias", "∂J/∂b")],
    },
];

pub(crate) fn section() -> Markup {
    html! {
        section #backward aria-labelledby="backward-title" {
            h2 #backward-title { "1. Batch norm's backward pass, by hand" }
            p {
                "Take one channel, and a batch of so few numbers x that we can follow each. Batch norm turns them into numbers u. The "
                "rest of the network makes one number of them, the loss J, which training is to make small."
            }
            p {
                "∂J/∂u" sub { "i" } " tells how fast J grows when u" sub { "i" } " alone grows a little; training hands these numbers "
                "back from the end of the network, the " em { "backward pass" } ". Wanted: ∂J/∂x, the same for each number that came in."
            }
            (controls())
            h3 { "Forward" }
            (steps(&FORWARD, 1))
            h3 { "Backward, one derivative at a time" }
            (ways_drawn())
            (steps(&BACKWARD, FORWARD.len() + 1))
            figure.live {
                div #ways .chart {}
                figcaption {
                    "For each x, what the three ways bring, and their sum. "
                    span.key.first { "first way, through x̂" } " " span.key.second { "second way, through μ" } " "
                    span.key.third { "third way, through σ²" } " " span.key.sum { "the sum, ∂J/∂x" }
                }
            }
            p #backward-status .finding role="status" {}
            h3 { "And a bias?" }
            p { "A tied bias adds one number b to every x of the channel. Try it:" }
            div.controls role="group" aria-label="A bias" {
                (slider(&Slider { id: "bias", label: "bias b", from: "-4", to: "4", step: "0.1", value: "0" }))
            }
            (steps(&BIAS, FORWARD.len() + BACKWARD.len() + 1))
        }
    }
}

fn controls() -> Markup {
    let counts = [("2", "2"), ("3", "3"), ("4", "4"), ("5", "5"), ("6", "6")];
    let epsilons = [("0", "0"), ("0.00001", "0.00001"), ("0.001", "0.001"), ("0.1", "0.1"), ("1", "1")];
    html! {
        div.batch {
            figure.live {
                div #batch-x .number-line role="group" aria-label="The numbers x of the batch" {}
                figcaption {
                    "The batch x: drag a number, or reach it with Tab and move it with the arrow keys. "
                    span.key.mean { "mean μ" } " " span.key.band { "one standard deviation around it" }
                }
            }
            figure.live {
                div #batch-g .number-line role="group" aria-label="The gradients that arrive from the loss" {}
                figcaption { "The gradient ∂J/∂u that comes back from the network behind, one number for each u. Drag these too." }
            }
        }
        div.controls role="group" aria-label="The layer" {
            (choice("count", "numbers m", &counts, "4"))
            (slider(&Slider { id: "gamma", label: "scale γ", from: "-3", to: "3", step: "0.1", value: "1.5" }))
            (slider(&Slider { id: "beta", label: "shift β", from: "-3", to: "3", step: "0.1", value: "0.5" }))
            (choice("epsilon", "ε", &epsilons, "0.00001"))
            button #batch-reset type="button" { "Start again" }
        }
    }
}

/// Steps with their numbers, which the script fills in.
fn steps(steps: &[Step], first: usize) -> Markup {
    html! {
        ol.steps start=(first) style={ "counter-reset: step " (first - 1) } {
            @for step in steps {
                li {
                    h4 { (step.title) }
                    p.equation { (PreEscaped(step.equation)) }
                    p { (step.words) }
                    div.scroll tabindex="0" role="region" aria-label={ "Numbers: " (step.title) } {
                        table.numbers {
                            thead { tr { th scope="col" { span.hidden { "quantity" } } } }
                            tbody {
                                @for (key, label) in step.rows { tr data-key=(key) { th scope="row" { (PreEscaped(label)) } } }
                            }
                        }
                    }
                }
            }
        }
    }
}

/// The graph of the three ways.
fn ways_drawn() -> Markup {
    const GRAPH: &str = include_str!("ways.svg");
    html! {
        figure.live {
            div.scroll tabindex="0" role="region" aria-label="Graph of the three ways" { (PreEscaped(GRAPH)) }
            figcaption { "The three ways from a number x to the loss. Along each, derivatives are multiplied; where ways meet, they are added." }
        }
    }
}
