//! What the page is about, and the words that it needs.

use maud::{Markup, html};

pub(crate) fn section(title: &str) -> Markup {
    html! {
        header {
            p.kicker { "untied · a laboratory for convolution biases" }
            h1 { (title) }
            p.question {
                "A convolution adds a bias to what it computes. Batch norm, right behind it, subtracts the mean. "
                "What is left of the bias?"
            }
            p {
                "This page works it out, from the chain rule to experiments. Move whatever can be moved: all numbers follow. "
                "To begin with, a few words:"
            }
            dl.definitions {
                div { dt { "channel" } dd {
                    "A convolution slides small filters over an image. What one filter makes of it, a number for each location, is a "
                    em { "feature map" } ", or channel."
                } }
                div { dt { "tied bias" } dd {
                    "One number per filter, added at every location of its feature map. Few parameters; what most frameworks offer."
                } }
                div { dt { "untied bias" } dd {
                    "One number per filter " em { "and location" } ". Many more parameters, which can tell locations apart."
                } }
                div { dt { "batch norm" } dd {
                    "For each channel: subtract the mean over all images and locations of the batch, divide by the standard "
                    "deviation, then scale by γ and shift by β."
                } }
                div { dt { "redundant" } dd {
                    "Of a bias, or a part of it: whatever its value, the network gives the same output. Mostly this is about training, "
                    "where batch norm takes the mean of the batch at hand; later it uses fixed numbers instead."
                } }
            }
            noscript { p.notice role="note" {
                "The calculations on this page are done by its script, which is switched off. The words, the equations and the "
                "studies at the end are there without it."
            } }
            nav aria-label="Parts of this page" {
                ol.contents {
                    li { a href="#backward" { "Batch norm's backward pass, by hand" } }
                    li { a href="#feature-map" { "What survives of a bias" } }
                    li { a href="#networks" { "The way through a whole network" } }
                    li { a href="#studies" { "What the studies found" } }
                }
            }
        }
    }
}
