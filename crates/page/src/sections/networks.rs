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
                "These answers are those of the program's crate " code { "untied-redundancy" } ", worked out when this page was made; "
                code { "untied explain" } " gives them for networks of your own, " code { "untied lint" } " for ONNX models. They hold for any weights."
            }
        }
    }
}
