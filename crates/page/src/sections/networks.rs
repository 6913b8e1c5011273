//! The third part: the way of a bias through a network.

use maud::{Markup, html};

use super::controls::choice;
use crate::networks::NETS;

pub(crate) fn section() -> Markup {
    let numbers: Vec<String> = (0..NETS.len()).map(|index| index.to_string()).collect();
    let nets: Vec<(&str, &str)> = numbers.iter().zip(&NETS).map(|(number, net)| (number.as_str(), net.title)).collect();
    let norms = [
        ("batch", "batch norm"),
        ("instance", "instance norm"),
        ("group", "group norm, 2 groups"),
        ("layer", "layer norm"),
        ("rms", "RMS norm"),
        ("none", "none"),
    ];
    let biases = [("tied", "tied"), ("untied", "untied")];
    let modes = [("training", "in training"), ("evaluation", "in evaluation")];
    html! {
        section #networks aria-labelledby="networks-title" {
            h2 #networks-title { "3. The way through a whole network" }
            p {
                "A bias need not stand right before a norm. Its shift travels: sums and poolings pass it on, convolutions mix it, a ReLU turns "
                "it into something else. Wherever it meets a norm, its mean over each of the norm's sets is taken away. "
                "A bias is redundant if " em { "on every path" } " nothing of it is left that could change the output."
            }
            p { "Choose a bias, or the β of a norm, in the drawing, and follow its shift." }
            div.controls role="group" aria-label="The network" {
                (choice("net", "network", &nets, "0"))
                (choice("net-norm", "all norms", &norms, "batch"))
                (choice("net-bias", "biases of convolutions", &biases, "tied"))
                (choice("net-mode", "the network is", &modes, "training"))
            }
            @for (index, net) in NETS.iter().enumerate() { p.about data-net=(index) hidden { (net.about) } }
            p #net-unsupported .notice role="note" hidden { "This part runs WebAssembly, which this browser does not." }
            (own())
            div.network {
                div.drawing {
                    ol #net-nodes role="list" aria-label="The operations, from the image to the loss" {}
                }
                aside.answer aria-label="The chosen bias" {
                    div #net-answer role="status" {}
                    p.keys {
                        span.key.passing { "its redundant part, on the way to where it is removed" }
                        span.key.rest { "the part that does some work, on the way there" }
                    }
                }
            }
            h3 { "All biases of this network" }
            div.scroll tabindex="0" role="region" aria-label="All biases of this network" {
                table.sites {
                    thead { tr {
                        th scope="col" { "bias" }
                        th.number scope="col" { "parameters" }
                        th.number scope="col" { "redundant" }
                        th.number scope="col" { "at work" }
                        th scope="col" { "why" }
                    } }
                    tbody #net-sites {}
                }
            }
            ul #net-meetings {}
            p.hint {
                "These answers are those of the program: its crate " code { "untied-redundancy" } ", compiled to WebAssembly, runs in this page. "
                code { "untied explain" } " gives them for the networks of configs, " code { "untied lint" } " for ONNX models. They hold for any weights."
            }
        }
    }
}

/// The network as text, to be changed.
fn own() -> Markup {
    html! {
        details.own {
            summary { "Change this network, or write your own" }
            p #net-help {
                "A line is an operation and its settings. " code { "NAME:" } " before it names it; " code { "of NAME" } " behind it says what it "
                "reads, where that is not the line above. Operations: " code { "convolution 3" } " (its kernel is 3×3; " code { "padded" }
                " behind it puts zeros around), " code { "bias tied" } " or " code { "untied" } ", " code { "norm batch" } " (or "
                code { "instance" } ", " code { "group 2" } ", " code { "layer" } ", " code { "rms" } "), " code { "relu" } ", " code { "max 2" }
                ", " code { "average 2" } ", " code { "add of NAME, NAME" } ", " code { "concatenate of NAME, NAME" } ", " code { "mean" } ", "
                code { "linear 3" } ", " code { "loss" } ". " code { "bias" } " and " code { "norm" } " alone are those chosen above."
            }
            div.control {
                label for="net-text" { "operations, from the image to the loss" }
                textarea #net-text rows="20" spellcheck="false" autocapitalize="off" aria-describedby="net-help net-error" {}
            }
            p #net-error .finding role="status" {}
            button #net-reset type="button" { "Undo the changes" }
        }
    }
}
